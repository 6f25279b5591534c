internal import Addressing

/// The name of a host in DNS: RFC 1123 2.1, in lower case, since DNS ignores case.
struct HostName {
    /// The name.
    let text: String

    /// Why a text is not such a name: the predicate of a sentence, and the likely repair.
    struct Fault: Error, Equatable {
        let reason: String
        var repair: String?
    }

    /// The longest name, and the longest of its labels, in bytes: RFC 1035 2.3.4.
    private static let (longest, longestLabel) = (253, 63)

    /// Checks a name as a policy writes it.
    init(_ written: String) throws(Fault) {
        if AddressRange.isIntended(by: written), (try? AddressRange(written)) != nil {
            throw Fault(reason: "is an address, not a name: list it beside the mapping of \"names\"")
        }
        guard written.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw Fault(reason: "has letters beyond ASCII: write the name as DNS has it, with xn--")
        }
        if written.hasSuffix("."), (try? HostName(String(written.dropLast()))) != nil {
            throw Fault(reason: "ends with a dot", repair: String(written.dropLast()))
        }
        let labels = written.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard written.utf8.count <= Self.longest, labels.allSatisfy(Self.isLabel),
            labels.last.map(Self.isNumber) == false
        else {
            throw Fault(
                reason: "is not the name of a host: use letters, digits and hyphens, with dots between the labels")
        }
        text = written.lowercased()
    }

    private static func isLabel(_ label: Substring.UTF8View) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return (1...longestLabel).contains(label.count) && label.first != hyphen && label.last != hyphen
            && label.allSatisfy { isDigit($0) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20 || $0 == hyphen }
    }

    /// Whether a last label has digits only, as addresses do, which resolvers read as addresses.
    private static func isNumber(_ label: Substring.UTF8View) -> Bool { label.allSatisfy(isDigit) }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
}
