public import Addressing

/// All that the kernel knows of the connections of a host and through it, at one time.
public struct ConnectionList: Sendable {
    /// The sockets that have a peer.
    public var sockets: [ConnectedSocket]
    /// The listening sockets, and the datagram sockets without a peer.
    public var listeners: [Listener]
    /// The conntrack entries of protocols with ports.
    public var flows: [TrackedFlow]
    /// The addresses of this host.
    public var addresses: Set<IPAddress>
    /// The broadcast addresses of its IPv4 networks.
    public var broadcasts: Set<IPAddress> = []
    /// The ports that the kernel assigns to clients; `nil` if they cannot be read.
    public var ephemeral: EphemeralPorts?
    /// The ports of TCP connections that are over, which new connections to the same destination cannot use yet.
    public var waiting: [EphemeralPortUse.Group: Int] = [:]
    /// The open TCP connections of this host that had no socket at a second look either.
    public var unheld: Set<TrackedConnection> = []
    /// The reason why conntrack could not be read; `nil` if it was read.
    public var doubt: String?

    /// A list of these parts.
    public init(
        sockets: [ConnectedSocket] = [], listeners: [Listener] = [], flows: [TrackedFlow] = [],
        addresses: Set<IPAddress> = [], ephemeral: EphemeralPorts? = nil, doubt: String? = nil
    ) {
        self.sockets = sockets
        self.listeners = listeners
        self.flows = flows
        self.addresses = addresses
        self.ephemeral = ephemeral
        self.doubt = doubt
    }

    /// The destinations to which few local ports are left, the worst first.
    public var scarcePorts: [EphemeralPortUse] {
        guard let ephemeral else { return [] }
        let (assigned, available) = (IntervalSet([ephemeral.range]).subtracting(ephemeral.reserved), ephemeral.count)
        let listening = Set(listeners.lazy.filter { $0.transport == .tcp }.map(\.port))
        var used = waiting
        for socket in sockets where assigned.contains(socket.ends.local.port) {
            if socket.transport == .tcp && listening.contains(socket.ends.local.port) { continue }
            let group = EphemeralPortUse.Group(
                socket.transport, from: socket.ends.local.address, to: socket.ends.remote)
            used[group, default: 0] += 1
        }
        return used.map { EphemeralPortUse(group: $0.key, used: $0.value, available: available) }
            .filter(\.isScarce).sorted { ($0.used, $1.group.order) > ($1.used, $0.group.order) }
    }
}

extension EphemeralPortUse.Group {
    /// What decides the order of groups of equal size.
    fileprivate var order: String { "\(destination) \(source)" }
}
