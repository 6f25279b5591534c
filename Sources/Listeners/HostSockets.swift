/// The sockets of a host.
public struct HostSockets: Sendable {
    /// The listening sockets, with their owners.
    public var listeners: [Listener]
    /// The raw sockets, with their owners; the port of each is 0.
    public var raw: [Listener]
    /// The ports that the kernel assigns to clients.
    public var ephemeral: EphemeralPorts
    /// Whether `iptables-legacy` has a table that can redirect ports.
    public var hasLegacyTable: Bool
    /// The executables to which a name or a path leads by links, as those of Debian's alternatives.
    public var executables: @Sendable (_ name: String) -> [String]
    /// Reads the containers that engines list, once.
    public var containers: @Sendable () -> ContainerList

    /// Sockets of these parts.
    public init(
        listeners: [Listener], raw: [Listener] = [], ephemeral: EphemeralPorts, hasLegacyTable: Bool = false,
        executables: @escaping @Sendable (_ name: String) -> [String] = { _ in [] },
        containers: @escaping @Sendable () -> ContainerList = { ContainerList() }
    ) {
        self.listeners = listeners
        self.raw = raw
        self.ephemeral = ephemeral
        self.hasLegacyTable = hasLegacyTable
        self.executables = executables
        self.containers = containers
    }
}
