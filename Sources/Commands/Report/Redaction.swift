internal import Addressing

/// Takes personal data out of a report: names of people, and addresses of single clients.
///
/// Of an address stays what a network operator can be found by, but no person: the first 24 bits of IPv4, and 48 of IPv6.
struct Redaction {
    /// The members that name people.
    private static let personKeys: Set<String> = ["user", "login"]
    /// The members with times and numbers of versions, which may look like addresses.
    private static let plainKeys: Set<String> = [
        "time", "portreeve", "until", "since", "last_used", "counted_since", "review_due", "reviewed", "day", "sha256",
        "expires",
    ]
    private static let kept: [AddressFamily: Int] = [.ipv4: 24, .ipv6: 48]

    /// Users that are no people.
    private let systemUsers: Set<String>
    /// The people, by their names.
    private let people: [String: String]
    /// The addresses at which this host listens.
    private let own: Set<String>

    /// The people and addresses of a report.
    init(of document: JSON) {
        let authors = (document["changes"].items + document["grants"].items + document["bans"].items).flatMap {
            [$0["login"].string, $0["user"].string]
        }
        systemUsers = ["root"]
        let names = authors.compactMap(\.self).filter { [systemUsers] in !systemUsers.contains($0) }
        people = Dictionary(
            names.enumerated().map { ($1, "person \($0 + 1)") }, uniquingKeysWith: { first, _ in first })
        own = Set(document["ports"].items.flatMap(\.["listeners"].items).compactMap(\.["address"].string))
    }

    /// The report without personal data.
    func redacted(_ document: JSON) -> JSON { walk(document.adding([("redacted", true)]), key: "") }

    private func walk(_ value: JSON, key: String) -> JSON {
        switch value {
        case .object(let members): .object(members.map { ($0.0, walk($0.1, key: $0.0)) })
        case .array(let values): .array(values.map { walk($0, key: key) })
        case .string(let text) where Self.plainKeys.contains(key): .string(text)
        case .string(let text): .string(redacted(text))
        case .null, .bool, .number: value
        }
    }

    /// The words of a text, with people and addresses replaced.
    private func redacted(_ text: String) -> String {
        var (result, word) = ("", "")
        func flush() {
            result += replacement(for: word)
            word = ""
        }
        for character in text {
            if character.isLetter || character.isNumber || ".:_@/".contains(character) {
                word.append(character)
            } else {
                flush()
                result.append(character)
            }
        }
        flush()
        return result
    }

    private func replacement(for word: String) -> String {
        if let person = people[word] { return person }
        // A sentence may go on after an address.
        let end = word.reversed().prefix { ".:/".contains($0) }.count
        let parts = word.dropLast(end).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let range = try? AddressRange(String(first)), let address = IPAddress(range),
            !own.contains(String(first)), !address.isSpecial
        else { return word }
        let kept = Self.kept[address.family] ?? 0
        if parts.count > 1 {
            guard let length = Int(parts[1]), length > kept else { return word }
        }
        return address.text(keeping: kept) + (parts.count > 1 ? "/\(parts[1])" : "") + word.suffix(end)
    }
}

extension IPAddress {
    /// Whether it is unspecified or a loopback address, which is no client's.
    fileprivate var isSpecial: Bool {
        let bytes = bigEndianBytes
        return bytes.allSatisfy { $0 == 0 }
            || (family == .ipv4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1])
    }

    /// The first bits, and `x` for the others: `192.0.2.x`, `2001:db8:1:x`.
    fileprivate func text(keeping bits: Int) -> String {
        let bytes = bigEndianBytes.prefix(bits / 8)
        guard family == .ipv6 else { return bytes.map { "\($0)" }.joined(separator: ".") + ".x" }
        let groups = stride(from: 0, to: bytes.count, by: 2).map {
            String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
        }
        return groups.joined(separator: ":") + ":x"
    }
}
