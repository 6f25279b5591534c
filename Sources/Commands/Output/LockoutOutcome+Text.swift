internal import Addressing
internal import Auditing
internal import Changes
internal import Reachability

extension Lockout {
    /// Which sessions the change would shut out, and what to do about it.
    var text: String { "this would lock you out, and nothing was changed: \(outcomes.text)\n  or pass --force" }
}

extension LockoutGuard.Warning {
    /// The warning for people.
    var text: String {
        switch self {
        case .unknownSessions(let doubt): "who works on this host could not be found out: \(doubt)"
        case .outcome(let outcome): outcome.text
        case .forced(let outcomes): "this locks you out, and is forced: \(outcomes.text)"
        }
    }
}

extension LockoutGuard {
    /// A guard of the admin sessions of a host, whose warnings go to the console.
    init(_ host: Host, _ console: Console, force: Bool) {
        self.init(host.admins, force: force, now: host.now) { console.note("portreeve: warning: \($0.text)") }
    }
}

extension [LockoutOutcome] {
    /// A line an outcome.
    fileprivate var text: String { map(\.text).joined(separator: "\n") }
}

extension LockoutOutcome {
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
        if let explanation { return explanation.reason() }
        guard case .unknown(let rules) = conclusion.verdict else { return nil }
        return rules.first.map { "\($0)" }
    }

    /// The line of the policy, where the policy is what decides.
    private var place: String {
        guard let explanation, !explanation.isForeign, explanation.redirection == nil else { return "" }
        return explanation.place?.text ?? ""
    }

    private var rule: String? { effect == .unknown ? nil : conclusion.decision.map { "\($0)" } }

    private var help: String? {
        guard effect != .unknown else { return nil }
        return explanation?.nearestChange.map { "to let it in: \($0)" }
    }
}
