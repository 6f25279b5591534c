internal import Addressing
internal import Auditing
internal import Compiler
internal import Kernel
internal import Listeners
internal import Policies
internal import System

/// The end of the sessions that a policy refuses.
struct SessionCut {
    /// Those that were ended.
    private(set) var ended: [Session] = []
    /// The administrator's own, which were left alone.
    private(set) var spared: [Session] = []
    /// Those that are still there.
    private(set) var remaining: [Session] = []
    /// Those whose server was not found, and may speak on.
    private(set) var unsure: [Session] = []

    /// Why sessions could not be read or ended.
    private(set) var failure: String?

    /// Ends what the policy, which is in force, refuses; what is the administrator's own only if `force` says so.
    init(_ policy: Policy, _ compiled: CompiledPolicy, on host: Host, force: Bool) {
        do throws(KernelError) {
            let list = try host.sessions.read()
            failure = list.doubt
            var stale = SessionAudit(policy, compiled, on: host).stale(list.sessions)
            if !force && !stale.isEmpty { spare(host.admins(), in: &stale) }
            try end(stale, on: host)
        } catch {
            failure = "\(error)"
        }
    }

    /// Takes the sessions of those who work on the host out, and all of them where these are not known.
    private mutating func spare(_ admins: AdminSessions, in stale: inout [Session]) {
        if let doubt = admins.doubt {
            failure = "it could not be found out which is yours (\(doubt)), and --force ends all"
            stale = []
        }
        spared = stale.filter(admins.own)
        stale.removeAll(where: admins.own)
    }

    /// Ends sessions, and looks which of them are there still.
    private mutating func end(_ stale: [Session], on host: Host) throws(KernelError) {
        guard !stale.isEmpty else { return }
        let named = try host.sessions.owners(of: stale)
        unsure = try host.sessions.end(named)
        let left = Set(try host.sessions.read().sessions.map(\.ends))
        remaining = named.filter { left.contains($0.ends) }
        let doubtful = left.union(unsure.map(\.ends))
        ended = named.filter { !doubtful.contains($0.ends) }
    }

    /// What the command tells a script.
    var status: ExitStatus { remaining.isEmpty && unsure.isEmpty && failure == nil ? .success : .failure }

    /// A line a session, as far as a person reads, and what is amiss.
    func report(to console: Console) {
        if !console.isJSON {
            for line in ended.map({ "ended: \($0.text)" }).bounded("sessions were ended") { console.print(line) }
        }
        if let failure { console.note("portreeve: not every session that the policy refuses was ended: \(failure)") }
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
            "remaining": .array(remaining.map(\.json)), "unsure": .array(unsure.map(\.json)), "error": JSON(failure),
        ]
    }
}

extension AdminSessions {
    /// Whether the session is one of theirs: from there, with the same server.
    fileprivate func own(_ session: Session) -> Bool {
        session.transport == .tcp
            && sessions.contains { $0.client == session.client.address && $0.server == session.server }
    }
}
