public import Auditing
public import Compiler
public import Kernel
internal import Listeners
public import Policies

extension SessionAudit {
    /// The audit of a host's sessions, which asks for the route to an address only once.
    public init(_ policy: Policy, _ compiled: CompiledPolicy, routedBy sessions: any SessionStore, now: Int64) {
        var known: [Listener.Address: String?] = [:]
        self.init(policy: policy, table: compiled.table, now: now) { address in
            if let interface = known[address] { return interface }
            let interface = sessions.interface(to: address)
            known[address] = .some(interface)
            return interface
        }
    }
}
