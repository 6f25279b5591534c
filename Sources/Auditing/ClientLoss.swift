public import Addressing
public import Listeners

/// A listener that a change of the ruleset closes to some or all of its clients.
public struct ClientLoss: Hashable, Sendable {
    /// The sources that can connect.
    public struct Clients: Hashable, Sendable {
        /// They certainly can.
        public var certain = AddressSet()
        /// They perhaps can: it depends on a rule that is not understood.
        public var possible = AddressSet()

        /// Whether no other host can connect; the kernel drops packets of other hosts from loopback addresses.
        public var isEmpty: Bool { AddressSet.loopback.isSuperset(of: certain.union(possible)) }
    }

    /// The port, with the address of the listener.
    public let port: AuditedPort
    /// The processes that listen, each once, sorted by pid; empty if they are not known.
    public let processes: [SocketProcess]
    /// The service of the policy that declares the port.
    public let service: String?
    /// The clients before the change.
    public let before: Clients
    /// The clients after the change.
    public let after: Clients

    /// The sources that can or perhaps can connect before the change, and certainly cannot after it.
    public var lost: AddressSet {
        before.certain.union(before.possible).subtracting(after.certain).subtracting(after.possible)
            .subtracting(.loopback)
    }
}
