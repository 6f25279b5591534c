/// The addresses of one entry of a policy or of a list: an address, a prefix or a range.
public enum AddressRange: Hashable, Sendable {
    /// IPv4 addresses in host byte order, both ends included.
    case ipv4(ClosedRange<UInt32>)
    /// IPv6 addresses in host byte order, both ends included.
    case ipv6(ClosedRange<UInt128>)

    /// The family.
    public var family: AddressFamily {
        switch self {
        case .ipv4: .ipv4
        case .ipv6: .ipv6
        }
    }

    /// Whether the range is one address.
    public var isSingle: Bool {
        switch self {
        case .ipv4(let range): range.lowerBound == range.upperBound
        case .ipv6(let range): range.lowerBound == range.upperBound
        }
    }

    /// Whether `text` is meant as an address, valid or not: it starts with a digit or `[`, or has a colon.
    public static func isIntended(by text: String) -> Bool {
        guard let first = text.utf8.first else { return false }
        return isDigit(first) || first == UInt8(ascii: "[") || text.utf8.contains(UInt8(ascii: ":"))
    }

    /// Parses `192.0.2.1`, `192.0.2.0/24`, `192.0.2.1-192.0.2.9`, and the same forms of IPv6.
    ///
    /// - Throws: an `AddressError` that quotes `text` and suggests a repair if there is a likely one.
    public init(_ text: String) throws(AddressError) {
        let bytes = Array(text.utf8)
        try self.init(bytes, 0..<bytes.count)
    }

    /// Parses the bytes at `bounds` without an allocation.
    ///
    /// - Parameters:
    ///   - bytes: A buffer with the text in ASCII, such as a whole list file.
    ///   - bounds: The position of the text in `bytes`.
    /// - Throws: an `AddressError` that quotes the text and suggests a repair if there is a likely one.
    public init(_ bytes: [UInt8], _ bounds: Range<Int>) throws(AddressError) {
        do throws(AddressError.Reason) {
            self = try AddressScanner.scanRange(bytes.span, bounds)
        } catch {
            throw AddressError(text: String(decoding: bytes[bounds], as: UTF8.self), reason: error)
        }
    }
}

extension AddressRange: CustomStringConvertible {
    /// The address, the prefix, or `first-last`.
    public var description: String {
        switch self {
        case .ipv4(let range): IPv4Address.text(of: range)
        case .ipv6(let range): IPv6Address.text(of: range)
        }
    }
}

/// Whether `byte` is an ASCII digit.
@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
