public import Addressing

/// Both ends of a socket, seen from this host.
struct SocketEnds: Hashable {
    let local: Endpoint
    let remote: Endpoint

    init(_ local: Endpoint, _ remote: Endpoint) {
        self.local = local
        self.remote = remote
    }
}

/// The TCP connections that have a socket of this host at each end that is here.
///
/// Conntrack is read at another time than the sockets, and connections begin and end meanwhile: that one lacks a socket is true if
/// a second look finds the same.
public struct HeldEnds {
    private let ends: Set<SocketEnds>
    private let addresses: Set<IPAddress>

    /// The ends of these TCP sockets of a host with these addresses.
    public init(_ sockets: some Sequence<EstablishedConnection>, on addresses: Set<IPAddress>) {
        ends = Set(sockets.map { SocketEnds($0.local, $0.remote) })
        self.addresses = addresses
    }

    /// Whether an end of the connection is on this host, and no socket has it.
    public func lackEnd(of connection: TrackedConnection) -> Bool {
        lack(connection.reply) || lack(connection.original)
    }

    /// Whether the source of a direction is on this host, and no socket sends from there.
    private func lack(_ direction: TrackedConnection.Direction) -> Bool {
        let source = direction.source
        guard addresses.contains(source.address) || source.address.isLoopback else { return false }
        return !ends.contains(SocketEnds(source, direction.destination))
    }
}
