internal import Addressing
internal import Reachability

/// A connection of somebody who works on the host that does not get through a ruleset, or may not.
struct LockoutOutcome {
    /// Which connection it is.
    enum Subject: Hashable {
        /// The one that is there.
        case session
        /// The next one from the same address.
        case newConnection
    }

    /// What the change does to it.
    enum Effect: Hashable {
        /// It is refused then, and was not before.
        case refused
        /// It was refused before.
        case alreadyRefused
        /// What is not modelled decides.
        case unknown
    }

    let question: Explanation.Question
    var subjects: Set<Subject>
    let conclusion: PacketConclusion
    let effect: Effect
    /// What the policy has to do with it, if there is one.
    let explanation: Explanation?

    /// Whether the change shuts somebody out.
    var isLockout: Bool { effect == .refused }

    /// Whether no more than the subject is another one.
    func isLike(_ other: LockoutOutcome) -> Bool {
        (question.source, question.port, question.interface, question.destination, effect)
            == (
                other.question.source, other.question.port, other.question.interface, other.question.destination,
                other.effect
            ) && conclusion.decision == other.conclusion.decision
            && conclusion.verdict == other.conclusion.verdict
    }

    /// What becomes of whom, by which rule and line, and what would help.
    var text: String {
        let more = [rule.map { "rule: \($0)" }, help].compactMap { $0 }.map { "\n  \($0)" }
        return "\(sentence)\(reason.map { ": \($0)" } ?? "")\(place)\(more.joined())"
    }

    private var sentence: String {
        let from = "from \(question.addresses.text) to \(question.transport.name)/\(question.port)"
        switch effect {
        case .refused: return "\(whom) \(from) would be refused"
        case .alreadyRefused: return "\(whom) \(from) would be refused, as now"
        case .unknown: return "whether \(whom) \(from) would get through is not known"
        }
    }

    private var whom: String {
        if subjects.count > 1 { return "the session and any new connection" }
        return subjects.contains(.session) ? "the session" : "a new connection"
    }

    /// Why; `nil` where there is nothing to add to the rule.
    private var reason: String? {
        if let explanation { return explanation.reason }
        guard case .unknown(let rules) = conclusion.verdict else { return nil }
        return rules.first.map { "\($0)" }
    }

    /// The line of the policy, where the policy is what decides.
    private var place: String {
        guard let explanation, !explanation.isForeign, explanation.redirection == nil else { return "" }
        return explanation.at(explanation.place)
    }

    private var rule: String? { effect == .unknown ? nil : conclusion.decision.map { "\($0)" } }

    private var help: String? {
        guard effect != .unknown else { return nil }
        return explanation?.nearestChange.map { "to let it in: \($0)" }
    }
}
