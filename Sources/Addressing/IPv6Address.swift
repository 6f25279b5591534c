/// An IPv6 address, RFC 8200, without a zone.
public struct IPv6Address: Hashable, Sendable {
    /// The address as a number in host byte order, its first byte most significant: `::1` is 1.
    public var value: UInt128

    /// The address with this number, in host byte order.
    public init(value: UInt128) { self.value = value }

    /// Parses an address of RFC 4291 2.2, which may end in a dotted quad.
    ///
    /// A zone (`%eth0`) and an IPv4-mapped address are errors: neither is ever the source of a packet.
    ///
    /// - Throws: an `AddressError` that quotes `text`.
    public init(_ text: String) throws(AddressError) {
        guard case .ipv6(let range) = try AddressRange(text), range.lowerBound == range.upperBound,
            !text.contains("/")
        else { throw AddressError(text: text, reason: .notOneAddress(.ipv6)) }
        value = range.lowerBound
    }

    /// The text of a range: an address, a prefix, or `first-last` if it is neither.
    public static func text(of range: ClosedRange<UInt128>) -> String {
        let first = Self(value: range.lowerBound)
        guard range.lowerBound != range.upperBound else { return first.description }
        guard let length = range.prefixLength else { return "\(first)-\(Self(value: range.upperBound))" }
        return "\(first)/\(length)"
    }
}

extension IPv6Address: CustomStringConvertible {
    /// The address as RFC 5952 writes it; in `::/96` and `::ffff:0:0/96` with a dotted quad, as `inet_ntop(3)` does.
    public var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(39)
        let compressed = longestZeroRun
        let isEmbedding = compressed == 0..<6 || (compressed == 0..<5 && group(5) == 0xffff)
        let groupCount = isEmbedding ? 6 : 8
        var index = 0
        while index < groupCount {
            if index == compressed.lowerBound, !compressed.isEmpty {
                text += [UInt8(ascii: ":"), UInt8(ascii: ":")]
                index = compressed.upperBound
                continue
            }
            if index > 0, index != compressed.upperBound || compressed.isEmpty { text.append(UInt8(ascii: ":")) }
            appendHexadecimal(of: group(index), to: &text)
            index += 1
        }
        guard isEmbedding else { return String(decoding: text, as: UTF8.self) }
        if compressed.upperBound < 6 { text.append(UInt8(ascii: ":")) }
        appendDottedQuad(of: UInt32(truncatingIfNeeded: value), to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// The 16-bit group at `index`, from 0 for the most significant to 7.
    private func group(_ index: Int) -> UInt16 { UInt16(truncatingIfNeeded: value >> (112 - index * 16)) }

    /// The groups that `::` replaces: the first of the longest runs of at least two zeros; empty for none.
    private var longestZeroRun: Range<Int> {
        var longest = 0..<0
        var start = 0
        for index in 0..<8 {
            if group(index) != 0 {
                start = index + 1
            } else if index + 1 - start > max(longest.count, 1) {
                longest = start..<(index + 1)
            }
        }
        return longest
    }
}

extension IPv6Address: Comparable {
    /// Compares the addresses as numbers.
    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// Appends `group` in lower-case hexadecimal without leading zeros.
private func appendHexadecimal(of group: UInt16, to text: inout [UInt8]) {
    var isLeading = true
    for shift in [12, 8, 4, 0] as [UInt16] {
        let digit = UInt8(truncatingIfNeeded: group >> shift & 0xf)
        if digit == 0, isLeading, shift > 0 { continue }
        isLeading = false
        text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
}
