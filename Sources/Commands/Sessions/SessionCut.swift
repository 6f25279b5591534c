internal import Addressing
internal import Auditing
internal import Compiler
internal import Listeners
internal import Policies

/// The end of the sessions that a policy refuses.
struct SessionCut {
    /// Those that were ended.
    private(set) var ended: [Session] = []
    /// The operator's own, which were left alone.
    private(set) var spared: [Session] = []
    /// Those that are still there.
    private(set) var remaining: [Session] = []
    /// Those whose server was not found, and may speak on.
    private(set) var unsure: [Session] = []

    /// Nothing to end.
    init() {}

    /// Ends what the policy, which is in force, refuses; what is the operator's own only if `force` says so.
    ///
    /// - Throws: why sessions could not be read or ended; then the ruleset is as the policy says all the same.
    init(_ policy: Policy, _ compiled: CompiledPolicy, on host: Host, force: Bool) throws(CommandError) {
        do throws(StoreError) {
            let audit = SessionAudit(policy: policy, table: compiled.table, now: host.now)
            let list = try host.sessions.read()
            if let doubt = list.doubt { throw StoreError(doubt) }
            let stale = audit.stale(list.sessions)
            spared = force ? [] : stale.filter(host.isOperator)
            let targets = stale.filter { force || !host.isOperator($0) }
            guard !targets.isEmpty else { return }
            let named = try host.sessions.owners(of: targets)
            unsure = try host.sessions.end(named)
            let left = Set(try host.sessions.read().sessions.map(\.ends))
            remaining = named.filter { left.contains($0.ends) }
            let doubtful = left.union(unsure.map(\.ends))
            ended = named.filter { !doubtful.contains($0.ends) }
        } catch {
            throw CommandError(
                .failure, "the policy is in force, but its stale sessions were not ended: \(error.message)")
        }
    }

    /// What the command tells a script.
    var status: ExitStatus { remaining.isEmpty && unsure.isEmpty ? .success : .failure }

    /// A line a session, as far as a person reads, and what is amiss.
    func report(to console: Console) {
        if !console.isQuiet && !console.isJSON {
            for line in ended.map({ "ended: \($0.text)" }).bounded("sessions were ended") { console.print(line) }
        }
        let troubles = [
            (spared, "your own session was left alone, and --force ends it, too"),
            (remaining, "could not be ended"),
            (unsure, "conntrack forgot it, but its server is in no namespace of this host, and may speak on"),
        ]
        for (sessions, words) in troubles {
            let lines = sessions.map { "portreeve: \($0.text): \(words)" }
            for line in lines.bounded("sessions like this") { console.note(line) }
        }
    }

    /// The same for programs.
    var json: JSON {
        [
            "ended": .array(ended.map(\.json)), "spared": .array(spared.map(\.json)),
            "remaining": .array(remaining.map(\.json)), "unsure": .array(unsure.map(\.json)),
        ]
    }
}

extension Host {
    /// Whether the session is the one that the user works in, by `CLIENT PORT SERVER PORT` of ssh(1).
    fileprivate func isOperator(_ session: Session) -> Bool {
        let client = "\(session.client.address) \(session.client.port) "
        return session.transport == .tcp && sshConnection?.hasPrefix(client) == true
    }
}
