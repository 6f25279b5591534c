internal import Auditing
internal import Changes
internal import Compiler
internal import Kernel
internal import Listeners
internal import Policies
internal import System

extension [Finding] {
    /// What there is to say about the sessions of a host.
    static func sessions(
        _ policy: Policy, _ compiled: CompiledPolicy, on host: Host
    ) throws(KernelError) -> [Finding] {
        let audit = SessionAudit(policy, compiled, routedBy: host.sessions, now: host.now)
        let list = try host.sessions.read()
        let stale = audit.stale(list.sessions)
        // To find processes is dear, and to find none is what mostly happens.
        let findings = stale.isEmpty ? [] : audit.findings(about: try host.sessions.owners(of: stale))
        guard let doubt = list.doubt else { return findings }
        let message = "sessions with containers, and of other protocols than TCP, are not known: \(doubt)"
        return findings + [Finding(.unknown, .warning, message)]
    }
}
