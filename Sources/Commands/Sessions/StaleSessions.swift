internal import Auditing
internal import Compiler
internal import Kernel
internal import Listeners
internal import Policies
internal import Rulesets
internal import System

extension SessionAudit {
    /// The audit of a host's sessions, which asks for a way back only once for each address.
    init(_ policy: Policy, _ compiled: CompiledPolicy, on host: Host) {
        var known: [Listener.Address: String?] = [:]
        self.init(policy: policy, table: compiled.table, now: host.now) { address in
            if let interface = known[address] { return interface }
            let interface = host.sessions.interface(to: address)
            known[address] = .some(interface)
            return interface
        }
    }
}

extension [Finding] {
    /// What there is to say about the sessions of a host.
    static func sessions(_ policy: Policy, _ compiled: CompiledPolicy, on host: Host) throws(KernelError) -> [Finding] {
        let audit = SessionAudit(policy, compiled, on: host)
        let list = try host.sessions.read()
        let stale = audit.stale(list.sessions)
        // To find processes is dear, and to find none is what mostly happens.
        let findings = stale.isEmpty ? [] : audit.findings(about: try host.sessions.owners(of: stale))
        guard let doubt = list.doubt else { return findings }
        let message = "sessions with containers, and of other protocols than TCP, are not known: \(doubt)"
        return findings + [Finding(.unknown, .warning, message)]
    }
}

/// The sessions that a change of the policy would orphan: those that are let in now, and would be refused.
struct OrphanedSessions {
    private var sessions: [Session] = []
    /// Why there may be more; `nil` if there are not.
    private var doubt: String?

    /// Those that a plan would orphan; none where it changes nothing.
    init(_ policy: Policy, _ plan: PlannedChange, on host: Host) {
        guard !plan.isEmpty else { return }
        do throws(KernelError) {
            let list = try host.sessions.read()
            doubt = list.doubt
            let audit = SessionAudit(policy, plan.compiled, on: host)
            let orphaned = audit.orphaned(audit.stale(list.sessions), by: plan.snapshot.table)
            if !orphaned.isEmpty { sessions = try host.sessions.owners(of: orphaned) }
        } catch {
            doubt = "\(error)"
        }
    }

    /// Text to follow that of the plan: empty where there is nothing to say.
    var text: String {
        let head = "\nsessions that would be refused, and live on without --cut-sessions: \(sessions.count)"
        let lines = sessions.isEmpty ? [] : [head] + sessions.map { "  \($0.text)" }.bounded("sessions")
        let unknown = doubt.map { ["\nwhat sessions would be refused is not known: \($0)"] } ?? []
        return (lines + unknown).map { "\n" + $0 }.joined()
    }

    /// The sessions for programs.
    var json: JSON { .array(sessions.map(\.json)) }
}
