internal import Addressing
internal import Auditing
internal import Changes
internal import Kernel
internal import Policies
internal import System

extension GrantMaker {
    /// A maker of grants whose notes go to the console.
    init(_ state: RulesetState, in store: any RulesetStore, on host: Host, _ console: Console) {
        console.requireOutput()
        self.init(state, in: store, now: host.now) { console.note("portreeve: \($0.text)") }
    }
}

extension GrantMaker.Note {
    fileprivate var text: String {
        switch self {
        case .settlement(let settlement): settlement.text
        case .refusedElsewhere(let explanation): "warning: the address is still refused: \(explanation.obstacle)"
        }
    }
}

extension UselessGrant {
    /// Why the grant would have no effect, in one sentence.
    var text: String {
        guard explanation.isBanned else {
            return "a grant would not let \(address) in: \(explanation.obstacle); nothing was changed"
        }
        let left = ban.map { " (\(TimeSpan(seconds: $0.left / 1000).text) left)" } ?? ""
        return "\(address) is banned\(left): \(explanation.nearestChange ?? "end the ban"); nothing was changed"
    }
}

extension GrantOutcome {
    /// Prints the outcome.
    func write(to console: Console) { write(to: console, []) }

    /// Prints the outcome, and the sessions that stay open although it refuses them, with the command that ends them.
    func write(to console: Console, _ open: OrphanedSessions, endedBy command: String) {
        write(to: console, [("open_sessions", open.json)])
        if !console.isJSON, !console.isQuiet { open.lines(endedBy: command).forEach { console.print($0) } }
        if let warning = open.warning { console.note(warning) }
    }

    /// Prints the outcome, and the sessions that were ended.
    func write(to console: Console, _ cut: SessionCut) {
        write(to: console, [("sessions", cut.json)])
        cut.report(to: console)
    }

    private func write(to console: Console, _ sessions: [(String, JSON)]) {
        let console = made == nil ? console : console.forOutcome
        if console.isJSON {
            console.print(.object(members + sessions))
        } else if !console.isQuiet {
            console.print(text + (end == nil ? "" : ending))
        }
    }

    /// How to end a grant early.
    private var ending: String {
        let names = addresses.map { " --from \($0)" }.joined()
        return "; \"portreeve revoke \(service)\(names)\" ends it"
    }

    private var text: String {
        let names = addresses.map(\.description).joined(separator: ", ")
        return switch deed {
        case .granted(let end, let span): "\(service) is open to \(names) until \(UTCTime.text(end)) (\(span.text))"
        case .needless: "the policy already allows \(names) to reach \(service): nothing to do"
        case .loopback: "\(names) is a loopback address, which is always let in: nothing to do"
        case .revoked: "\(service) is closed to new connections from \(names)"
        case .absent(let others):
            "\(service) has no grant\(names.isEmpty ? "" : " for \(names)"): nothing to do\(others.listed(as: "granted"))"
        case .notLoaded: "no grant is open: the table is not loaded"
        }
    }

    private var members: [(String, JSON)] {
        [
            ("format_version", 1), ("changed", .bool(made != nil)), ("service", .string(service)),
            ("address", addresses.count == 1 ? .string(addresses[0].description) : .null),
            ("addresses", .array(addresses.map { .string($0.description) })), ("until", JSON(end.map(UTCTime.text))),
            ("change", made.map { .number($0.number) } ?? .null),
            ("generation", made.map { .number(Int($0.generation)) } ?? .null), ("message", .string(text)),
        ]
    }

    private var end: Int64? { if case .granted(let end, _) = deed { end } else { nil } }
}
