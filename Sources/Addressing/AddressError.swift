/// Why a text is no address, prefix or range.
public struct AddressError: Error, Hashable, Sendable {
    /// What is wrong.
    public enum Reason: Error, Hashable, Sendable {
        /// There is nothing.
        case empty
        /// It does not even look like an address.
        case notAnAddress
        /// A range or a prefix lacks an address.
        case endMissing
        /// An address was wanted, and this is a prefix, a range, or of the other family.
        case notOneAddress(AddressFamily)
        /// A character that no address of the family has.
        case unexpectedCharacter(AddressFamily)
        /// An IPv4 address has nothing between two dots, or after the last.
        case numberMissing
        /// An IPv4 address has a number that looks octal.
        case leadingZero
        /// An IPv4 address has this many numbers, not four.
        case numberCount(Int)
        /// An IPv4 address has a number over 255.
        case numberTooBig
        /// An IPv6 address starts or ends with one colon.
        case loneColon
        /// An IPv6 address has `::` twice, or three colons.
        case secondCompression
        /// An IPv6 address has a group of more than four digits.
        case groupTooLong
        /// An IPv6 address has neither eight groups nor a `::` that stands for the missing ones.
        case groupCount
        /// An IPv6 address names a zone.
        case scoped
        /// An IPv6 address is an IPv4 address in disguise, RFC 4291 2.5.5.2.
        case mapped
        /// An IPv4 address with a colon and a port.
        case portAppended
        /// An address in square brackets.
        case bracketed
        /// A prefix ends at its slash.
        case prefixLengthMissing
        /// A prefix length has other characters than digits.
        case prefixLengthNotANumber
        /// A prefix length starts with a needless zero.
        case prefixLengthLeadingZero
        /// A prefix length is over this many bits.
        case prefixLengthTooLong(Int)
        /// A netmask stands where the prefix length should.
        case netmask
        /// A bit is set below the prefix.
        case hostBits
        /// A range has a prefix for an end.
        case prefixInRange
        /// A range ends before it starts.
        case reversed
        /// A range starts in one family and ends in the other.
        case acrossFamilies
    }

    /// The offending text.
    public let text: String
    /// What is wrong with it.
    public let reason: Reason
    /// What was probably meant; `nil` when that is anyone's guess.
    public var repair: String? { AddressRepair.repair(of: text, for: reason) }

    /// An error about `text`.
    public init(text: String, reason: Reason) {
        self.text = text
        self.reason = reason
    }
}

extension AddressError: CustomStringConvertible {
    /// One sentence, without the repair: lower case, the text in quotes, no full stop.
    public var description: String { "\"\(text)\" \(reason)" }
}

extension AddressError.Reason: CustomStringConvertible {
    /// The predicate of a sentence whose subject is the offending text.
    public var description: String {
        switch self {
        case .empty: "is empty where an address, a prefix or a range should be"
        case .notAnAddress: "is no address, prefix or range"
        case .endMissing: "lacks an address before or after its sign"
        case .notOneAddress(.ipv4): "is not one IPv4 address"
        case .notOneAddress(.ipv6): "is not one IPv6 address"
        case .unexpectedCharacter(.ipv4): "has a character that no IPv4 address has"
        case .unexpectedCharacter(.ipv6): "has a character that no IPv6 address has"
        case .numberMissing: "lacks a number beside a dot"
        case .leadingZero: "has a number with a leading zero, which some programs read as octal"
        case .numberCount(1): "is one number, but an IPv4 address has four"
        case .numberCount(let count): "has \(count) numbers, but an IPv4 address has four"
        case .numberTooBig: "has a number over 255"
        case .loneColon: "starts or ends with a single colon"
        case .secondCompression: "has \"::\" more than once"
        case .groupTooLong: "has a group of more than four hexadecimal digits"
        case .groupCount: "does not have the eight groups of an IPv6 address"
        case .scoped: "names a zone; use \"interfaces\" to say where packets arrive"
        case .mapped: "is an IPv4-mapped IPv6 address, which no packet carries"
        case .portAppended: "has a colon after an IPv4 address, and an address has no port"
        case .bracketed: "has square brackets, which belong to URLs"
        case .prefixLengthMissing: "lacks a prefix length after its slash"
        case .prefixLengthNotANumber: "has a prefix length that is not a number"
        case .prefixLengthLeadingZero: "has a prefix length with a leading zero"
        case .prefixLengthTooLong(let maximum): "has a prefix length over \(maximum)"
        case .netmask: "has a netmask for a prefix length"
        case .hostBits: "has host bits set below its prefix"
        case .prefixInRange: "has a prefix in a range, whose ends must be addresses"
        case .reversed: "is a reversed range: it ends before it starts"
        case .acrossFamilies: "is a range across families: one end is IPv4, the other IPv6"
        }
    }
}
