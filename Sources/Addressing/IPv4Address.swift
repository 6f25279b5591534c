/// An IPv4 address, RFC 791.
public struct IPv4Address: Hashable, Sendable {
    /// The address as a number in host byte order, its first byte most significant: 10.0.0.1 is 0x0A00_0001.
    public var value: UInt32

    /// The address with this number, in host byte order.
    public init(value: UInt32) { self.value = value }

    /// Parses exactly four decimal numbers, none with a leading zero.
    ///
    /// The shorter, octal and hexadecimal forms of `inet_aton(3)` are errors: programs disagree on what they mean.
    ///
    /// - Throws: an `AddressError` that quotes `text`.
    public init(_ text: String) throws(AddressError) {
        guard case .ipv4(let range) = try AddressRange(text), range.lowerBound == range.upperBound,
            !text.contains("/")
        else {
            throw AddressError(text: text, reason: .notOneAddress(.ipv4))
        }
        value = range.lowerBound
    }

    /// The text of a range: an address, a prefix, or `first-last` if it is neither.
    public static func text(of range: ClosedRange<UInt32>) -> String {
        let first = Self(value: range.lowerBound)
        guard range.lowerBound != range.upperBound else { return first.description }
        guard let length = range.prefixLength else { return "\(first)-\(Self(value: range.upperBound))" }
        return "\(first)/\(length)"
    }
}

extension IPv4Address: CustomStringConvertible {
    /// The address in dotted decimal.
    public var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(15)
        appendDottedQuad(of: value, to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}

extension IPv4Address: Comparable {
    /// Compares the addresses as numbers.
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// Appends `value` in dotted decimal.
func appendDottedQuad(of value: UInt32, to text: inout [UInt8]) {
    for shift in [24, 16, 8, 0] as [UInt32] {
        let byte = UInt8(truncatingIfNeeded: value >> shift)
        if byte >= 100 { text.append(UInt8(ascii: "0") + byte / 100) }
        if byte >= 10 { text.append(UInt8(ascii: "0") + byte / 10 % 10) }
        text.append(UInt8(ascii: "0") + byte % 10)
        if shift > 0 { text.append(UInt8(ascii: ".")) }
    }
}
