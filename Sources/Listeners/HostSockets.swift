/// The sockets of a host.
public struct HostSockets: Sendable {
    /// The listening sockets, with their owners.
    public var listeners: [Listener]
    /// The ports that the kernel assigns to clients.
    public var ephemeral: EphemeralPorts
    /// Whether `iptables-legacy` has a table that can redirect ports.
    public var hasLegacyTable: Bool

    /// Sockets of these parts.
    public init(listeners: [Listener], ephemeral: EphemeralPorts, hasLegacyTable: Bool = false) {
        self.listeners = listeners
        self.ephemeral = ephemeral
        self.hasLegacyTable = hasLegacyTable
    }
}
