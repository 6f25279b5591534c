/// Why a text is not an address, a prefix or a range.
public struct AddressError: Error, Hashable, Sendable {
    /// The kinds of errors.
    public enum Reason: Error, Hashable, Sendable {
        /// The text is empty.
        case empty
        /// The text does not look like an address.
        case notAnAddress
        /// A range or a prefix lacks an address before or after its separator.
        case endMissing
        /// A prefix, a range or an address of the other family, where one address of this family is required.
        case notOneAddress(AddressFamily)
        /// A character that is not valid in an address of this family.
        case unexpectedCharacter(AddressFamily)
        /// An IPv4 address lacks a number between two dots, or after the last dot.
        case numberMissing
        /// An IPv4 address has a number with a leading zero, which `inet_aton(3)` reads as octal.
        case leadingZero
        /// An IPv4 address has this many numbers, not four.
        case numberCount(Int)
        /// An IPv4 address has a number above 255.
        case numberTooBig
        /// An IPv6 address starts or ends with one colon.
        case loneColon
        /// An IPv6 address has `::` twice, or three colons.
        case secondCompression
        /// An IPv6 address has a group of more than four digits.
        case groupTooLong
        /// An IPv6 address has neither eight groups nor a `::` in place of the missing ones.
        case groupCount
        /// An IPv6 address has a zone, such as `%eth0`.
        case scoped
        /// An IPv4-mapped IPv6 address, RFC 4291 2.5.5.2.
        case mapped
        /// An IPv4 address with a colon and a port.
        case portAppended
        /// An address in square brackets.
        case bracketed
        /// A prefix has no length after its slash.
        case prefixLengthMissing
        /// A prefix length has characters other than digits.
        case prefixLengthNotANumber
        /// A prefix length has a leading zero.
        case prefixLengthLeadingZero
        /// A prefix length exceeds this many bits.
        case prefixLengthTooLong(Int)
        /// A netmask in place of the prefix length.
        case netmask
        /// A host bit, one after the prefix, is set.
        case hostBits
        /// A range that starts or ends with a prefix.
        case prefixInRange
        /// A range ends before it starts.
        case reversed
        /// A range starts in one family and ends in the other.
        case acrossFamilies
    }

    /// The offending text.
    public let text: String
    /// The kind of error.
    public let reason: Reason
    /// The likely intended text, which parses; `nil` if there is no good guess.
    public var repair: String? { AddressRepair.repair(of: text, for: reason) }

    /// An error about `text`.
    public init(text: String, reason: Reason) {
        self.text = text
        self.reason = reason
    }
}

extension AddressError: CustomStringConvertible {
    /// One sentence without the repair: lower case, the text in quotes, no full stop.
    public var description: String { "\"\(text)\" \(reason)" }
}

extension AddressError.Reason: CustomStringConvertible {
    /// The predicate of a sentence whose subject is the offending text.
    public var description: String {
        switch self {
        case .empty: "is empty; write an address, a prefix or a range"
        case .notAnAddress: "is not an address, a prefix or a range"
        case .endMissing: "lacks an address before or after its \"-\" or \"/\""
        case .notOneAddress(.ipv4): "is not one IPv4 address"
        case .notOneAddress(.ipv6): "is not one IPv6 address"
        case .unexpectedCharacter(.ipv4): "has a character that is not valid in an IPv4 address"
        case .unexpectedCharacter(.ipv6): "has a character that is not valid in an IPv6 address"
        case .numberMissing: "lacks a number before or after a dot"
        case .leadingZero: "has a number with a leading zero, which some programs read as octal"
        case .numberCount(1): "is one number, but an IPv4 address has four"
        case .numberCount(let count): "has \(count) numbers, but an IPv4 address has four"
        case .numberTooBig: "has a number above 255"
        case .loneColon: "starts or ends with a single colon"
        case .secondCompression: "has \"::\" more than once"
        case .groupTooLong: "has a group of more than four hexadecimal digits"
        case .groupCount: "does not have the eight groups of an IPv6 address"
        case .scoped: "has a zone; to open a service on one interface, use \"interfaces\""
        case .mapped: "is an IPv4-mapped IPv6 address, which never is the source of a packet"
        case .portAppended: "has a colon after an IPv4 address; write the address without a port"
        case .bracketed: "has square brackets; write the address without them"
        case .prefixLengthMissing: "has no prefix length after its slash"
        case .prefixLengthNotANumber: "has a prefix length that is not a number"
        case .prefixLengthLeadingZero: "has a prefix length with a leading zero"
        case .prefixLengthTooLong(let maximum): "has a prefix length above \(maximum)"
        case .netmask: "has a netmask instead of a prefix length"
        case .hostBits: "has host bits set below its prefix"
        case .prefixInRange: "has a prefix in a range; both ends must be addresses"
        case .reversed: "is a reversed range: it ends before it starts"
        case .acrossFamilies: "is a range with one end in IPv4 and the other in IPv6"
        }
    }
}
