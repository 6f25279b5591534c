internal import Addressing
public import Auditing
public import Compiler
public import Kernel
internal import Listeners
public import Policies
public import Rulesets
public import System

extension SessionAudit {
    /// The audit of a host's sessions; looks up the route to each address only once.
    public init(_ policy: Policy, _ table: Table, routedBy sessions: any SessionStore, now: Int64) {
        var known: [IPAddress: String?] = [:]
        self.init(policy: policy, table: table, now: now) { address in
            if let interface = known[address] { return interface }
            let interface = sessions.interface(to: address)
            known[address] = .some(interface)
            return interface
        }
    }
}

extension [Finding] {
    /// The findings about the sessions of a host.
    public static func sessions(
        _ policy: Policy, _ compiled: CompiledPolicy, among store: any SessionStore, now: Int64
    ) throws(KernelError) -> [Finding] {
        let audit = SessionAudit(policy, compiled.table, routedBy: store, now: now)
        let list = try store.read()
        let stale = audit.stale(list.sessions)
        // Finding processes is slow, and most runs have no stale session.
        let findings = stale.isEmpty ? [] : audit.findings(about: try store.owners(of: stale))
        guard let doubt = list.doubt else { return findings }
        let message = "cannot read the sessions with containers, or of protocols other than TCP: \(doubt)"
        return findings + [Finding(.unknown, .warning, message, aspect: "sessions")]
    }
}
