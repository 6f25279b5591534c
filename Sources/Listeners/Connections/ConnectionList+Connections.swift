internal import Addressing

extension ConnectionList {
    /// The connections: a row for each socket with a peer, and for each conntrack entry that no socket explains.
    ///
    /// A connection of this host to itself has two rows, one for each end.
    public var connections: [LiveConnection] {
        var matching = ConnectionMatching(self)
        var connections = sockets.map { matching.connection(of: $0) }
        for index in flows.indices { connections += matching.connections(without: index) }
        return connections
    }

    /// The TCP connections that conntrack takes for open, with an end on this host and no socket there.
    public var withoutSocket: Set<TrackedConnection> {
        let held = HeldEnds(sockets.lazy.filter { $0.transport == .tcp }.map(\.ends), on: addresses)
        let open = flows.lazy.filter { $0.connection.transport == .tcp && $0.state == .established }
        return Set(open.map(\.connection).filter(held.lackEnd))
    }
}

/// Finds the conntrack entry of each socket, and then the ends of entries without one.
struct ConnectionMatching {
    /// A connection as one of its ends sees it.
    private struct View: Hashable {
        let transport: TransportProtocol
        let near: Endpoint
        let far: Endpoint
    }

    private struct Port: Hashable {
        let transport: TransportProtocol
        let number: UInt16
    }

    /// One end of a conntrack entry.
    private struct End {
        let flow: Int
        let isServer: Bool
    }

    private let list: ConnectionList
    private var ends: [View: End] = [:]
    private var listeners: [Port: [Listener]] = [:]
    /// Whether the socket of each entry's client or server was found.
    private var (hasClient, hasServer): ([Bool], [Bool])

    init(_ list: ConnectionList) {
        self.list = list
        ends.reserveCapacity(2 * list.flows.count)
        hasClient = Array(repeating: false, count: list.flows.count)
        hasServer = hasClient
        for (index, flow) in list.flows.enumerated() {
            let connection = flow.connection
            let (forth, back) = (connection.original, connection.reply)
            ends[View(transport: connection.transport, near: forth.source, far: forth.destination)] =
                End(flow: index, isServer: false)
            ends[View(transport: connection.transport, near: back.source, far: back.destination)] =
                End(flow: index, isServer: true)
        }
        for listener in list.listeners {
            listeners[Port(transport: listener.transport, number: listener.port), default: []].append(listener)
        }
    }

    private func isOwn(_ address: IPAddress) -> Bool { list.addresses.contains(address) || address.isLoopback }

    /// The connection of a socket.
    mutating func connection(of socket: ConnectedSocket) -> LiveConnection {
        let view = View(transport: socket.transport, near: socket.ends.local, far: socket.ends.remote)
        guard let end = ends[view] else { return untracked(socket) }
        if end.isServer { hasServer[end.flow] = true } else { hasClient[end.flow] = true }
        let flow = list.flows[end.flow]
        let isGuess = flow.connection.isPickedUp && socket.transport == .tcp
        guard !isGuess else {
            var connection = untracked(socket)
            connection.session.tracked = flow.connection
            return connection
        }
        var connection = self.connection(flow, end.isServer ? .inbound : .outbound)
        connection.session.socket = socket.ends
        connection.session.interface = socket.ends.interface
        // Conntrack knows more of datagrams than a socket, and less of TCP.
        if socket.transport == .tcp { connection.state = socket.state }
        connection.bytes = socket.bytes ?? connection.bytes
        return connection
    }

    /// The connection of a socket whose beginning conntrack has not seen.
    private func untracked(_ socket: ConnectedSocket) -> LiveConnection {
        let ends = socket.ends
        let isInbound = serves(socket)
        let (client, server) = isInbound ? (ends.remote, ends.local) : (ends.local, ends.remote)
        let session = Session(
            transport: socket.transport, client: client, dialled: server, server: server, peer: client, socket: ends)
        var connection = LiveConnection(
            isInbound ? .inbound : .outbound, session, socket.state, bytes: socket.bytes)
        connection.isWithinHost = isOwn(ends.remote.address)
        return connection
    }

    /// Whether the socket was probably dialled: one listens on its port, or only the other end has a client's port.
    private func serves(_ socket: ConnectedSocket) -> Bool {
        let (local, remote) = (socket.ends.local.port, socket.ends.remote.port)
        if socket.state == .synSent { return false }
        if listeners[Port(transport: socket.transport, number: local)] != nil { return true }
        guard let range = list.ephemeral?.range else { return false }
        return !range.contains(local) && range.contains(remote)
    }

    /// The ends of an entry that have no socket with a peer; after all sockets were matched.
    func connections(without flow: Int) -> [LiveConnection] {
        let entry = list.flows[flow]
        let connection = entry.connection
        guard entry.state != nil else { return [] }
        let hasOwnClient = isOwn(connection.original.source.address)
        let hasOwnServer =
            isOwn(connection.reply.source.address) || !hasOwnClient && isForAll(connection.reply.source.address)
        guard hasOwnClient || hasOwnServer else { return [self.connection(entry, .forwarded)] }
        guard connection.transport != .tcp || list.unheld.contains(connection) else { return [] }
        var found: [LiveConnection] = []
        if hasOwnServer && !hasServer[flow] { found.append(datagrams(entry, .inbound)) }
        if hasOwnClient && !hasClient[flow] { found.append(datagrams(entry, .outbound)) }
        return found
    }

    /// Whether it was sent to a group or to all hosts of a network, which no interface has as its address.
    private func isForAll(_ address: IPAddress) -> Bool {
        if list.broadcasts.contains(address) { return true }
        // 224.0.0.0/4, ff00::/8 (RFC 5771, RFC 4291 2.7), and 255.255.255.255 (RFC 919 7).
        return switch address {
        case .ipv4(let value): value >> 28 == 0xe || value == .max
        case .ipv6(let value): value >> 120 == 0xff
        }
    }

    /// An end without a socket of its own: a datagram socket without a peer may receive its packets.
    private func datagrams(_ flow: TrackedFlow, _ direction: LiveConnection.Direction) -> LiveConnection {
        var connection = connection(flow, direction)
        let near = connection.local
        let bound = listeners[Port(transport: flow.connection.transport, number: near.port)] ?? []
        let fitting = bound.filter { flow.connection.transport != .tcp && $0.receives(at: near.address) }
        // A socket that is bound to the address comes before one that is bound to all.
        let exact = fitting.filter { $0.address == near.address }
        connection.receivers = exact.isEmpty ? fitting : exact
        connection.session.isUnheld = flow.connection.transport == .tcp
        return connection
    }

    private func connection(_ flow: TrackedFlow, _ direction: LiveConnection.Direction) -> LiveConnection {
        let entry = flow.connection
        var session = Session(
            transport: entry.transport, client: entry.original.source, dialled: entry.original.destination,
            server: entry.reply.source, peer: entry.reply.destination, isForwarded: direction == .forwarded,
            tracked: entry)
        session.isDialledHere = isOwn(entry.original.destination.address)
        var connection = LiveConnection(
            direction, session, flow.state ?? .established,
            bytes: direction == .outbound ? flow.bytes?.reversed : flow.bytes)
        connection.isWithinHost = isOwn(entry.original.source.address) && isOwn(entry.reply.source.address)
        return connection
    }
}

extension Listener {
    /// Whether it receives packets for this address.
    fileprivate func receives(at destination: IPAddress) -> Bool {
        if address == destination { return true }
        return address.isUnspecified && families.contains(destination.family)
    }
}
