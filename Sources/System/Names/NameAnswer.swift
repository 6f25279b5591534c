public import Addressing

/// The answer of the system's resolver to a question for the addresses of a name in one family.
public struct NameAnswer: Hashable, Sendable {
    /// The outcome of a question.
    public enum Outcome: Hashable, Sendable {
        /// The name has these addresses.
        case addresses([IPAddress])
        /// The name exists, and has no address of the family.
        case absent
        /// The name does not exist.
        case unknownName
        /// There was no answer, for this reason.
        case failure(String)
    }

    /// The name.
    public let name: String
    /// The family.
    public let family: AddressFamily
    /// The outcome.
    public let outcome: Outcome

    /// An answer of these parts.
    public init(_ name: String, _ family: AddressFamily, _ outcome: Outcome) {
        self.name = name
        self.family = family
        self.outcome = outcome
    }
}

extension NameAnswer.Outcome {
    private static let (found, absence, absentName, failed) = ("addresses", "absent", "unknown-name", "failed")
    /// The most addresses of an answer, and the longest reason in bytes.
    private static let (mostAddresses, longestReason) = (8192, 200)

    /// The outcome as a child process writes it: a word, then the addresses or the reason, one a line; `done` at the end.
    var text: String {
        let lines: [String] =
            switch self {
            case .addresses(let addresses): [Self.found] + addresses.map(\.description)
            case .absent: [Self.absence]
            case .unknownName: [Self.absentName]
            case .failure(let reason): [Self.failed, reason]
            }
        return (lines + [Self.end]).map { "\($0)\n" }.joined()
    }

    private static let end = "done"

    /// Reads the text of a child process, which is not trusted; `nil` unless it is such a text, for addresses of the family.
    init?(_ text: String, of family: AddressFamily) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.popLast()?.isEmpty == true, lines.popLast() == Self.end[...], let word = lines.first else {
            return nil
        }
        let rest = lines.dropFirst()
        switch (String(word), rest.count) {
        case (Self.found, 1...Self.mostAddresses):
            let addresses = rest.compactMap { (try? AddressRange(String($0))).flatMap(IPAddress.init) }
            guard addresses.count == rest.count, addresses.allSatisfy({ $0.family == family }) else { return nil }
            self = .addresses(addresses)
        case (Self.absence, 0): self = .absent
        case (Self.absentName, 0): self = .unknownName
        case (Self.failed, 1):
            guard let reason = rest.first, reason.utf8.count <= Self.longestReason,
                reason.utf8.allSatisfy({ 0x20...0x7E ~= $0 })
            else { return nil }
            self = .failure(String(reason))
        default: return nil
        }
    }
}
