internal import Addressing
internal import Auditing
internal import Changes
internal import Listeners
internal import Printing
internal import Reachability

extension Lockout {
    /// The sessions that the change would shut out, and what to do.
    var text: String { "this would lock you out; nothing was changed: \(reasons)\n  or pass --force" }

    /// The sessions alone.
    var reasons: String { outcomes.text }
}

extension LockoutGuard.Warning {
    /// The warning in words.
    var text: String {
        switch self {
        case .unknownSessions(let doubt): "cannot find the admin sessions on this host: \(doubt)"
        case .outcome(let outcome): outcome.text
        case .forced(let outcomes): "this locks you out, forced by --force: \(outcomes.text)"
        }
    }
}

extension LockoutGuard {
    /// A guard of the host's admin sessions whose warnings go to the console.
    init(_ host: Host, _ console: Console, force: Bool) {
        self.init(host.admins, force: force, now: host.now) { console.note("portreeve: warning: \($0.text)") }
    }
}

extension LockoutGuard {
    /// A guard for a program that no person watches, without warnings of doubts: of the admin sessions of the person who runs it,
    /// if any, of every client that is logged in over SSH, and of others.
    init(_ host: Host, adding others: [AdminSession], force: Bool) {
        self.init(
            {
                var admins = host.admins()
                for other in host.everyAdmin().sessions + others {
                    let isKnown = admins.sessions.contains {
                        $0.client == other.client && $0.server.port == other.server.port
                    }
                    if !isKnown { admins.sessions.append(other) }
                }
                return admins
            }, force: force, now: host.now
        ) { _ in }
    }
}

extension [LockoutOutcome] {
    /// One line per outcome.
    fileprivate var text: String { map(\.text).joined(separator: "\n") }
}

extension LockoutOutcome {
    /// The connection, its verdict, the rule and policy line that decide, and the remedy.
    var text: String {
        let more = [rule.map { "rule: \($0)" }, help].compactMap { $0 }.map { "\n  \($0.printable)" }
        return "\(sentence)\(reason.map { ": \($0.printable)" } ?? "")\(place.printable)\(more.joined())"
    }

    private var sentence: String {
        let from = "from \(question.addresses.text) to \(question.transport.text(question.port...question.port))"
        switch effect {
        case .refused: return "\(whom) \(from) would be refused"
        case .alreadyRefused: return "\(whom) \(from) would be refused, as it is now"
        case .unknown: return "it is not known whether \(whom) \(from) would be allowed"
        }
    }

    private var whom: String {
        if subjects.count > 1 { return "the session and any new connection" }
        return subjects.contains(.session) ? "the session" : "a new connection"
    }

    /// The reason; `nil` if the rule says it all.
    private var reason: String? {
        if let explanation { return explanation.reason() }
        guard case .unknown(let rules) = conclusion.verdict else { return nil }
        return rules.first.map { "\($0)" }
    }

    /// The line of the policy, if the policy decides.
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
