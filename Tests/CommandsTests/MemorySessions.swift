import Addressing
import Kernel
import Listeners

/// Connections in memory that can be ended.
final class MemorySessions: SessionStore {
    var list = SessionList()
    /// The owner of every socket.
    var owner: SocketProcess?
    /// Whether the kernel ignores requests to end a session.
    var isStubborn = false
    /// The number of searches for owners.
    private(set) var searches = 0

    func read() -> SessionList { list }

    /// The interface of the route to every address.
    var route: String?
    /// The number of route look-ups.
    private(set) var routings = 0

    func interface(to _: IPAddress) -> String? {
        routings += 1
        return route
    }

    func owners(of sessions: [Session]) -> [Session] {
        searches += 1
        return sessions.map { session in
            var session = session
            if session.socket != nil { session.owners = owner.map { .processes([$0]) } ?? .notAsked }
            return session
        }
    }

    /// The connections in every direction.
    var connectionList = ConnectionList()

    func connections() -> ConnectionList { connectionList }

    func scarcePorts() -> [EphemeralPortUse] { connectionList.scarcePorts }

    func owners(of connections: [LiveConnection]) -> [LiveConnection] {
        connections.map { connection in
            var connection = connection
            if let owner, !connection.sockets.isEmpty { connection.session.owners = .processes([owner]) }
            return connection
        }
    }

    func end(_ sessions: [Session]) -> [Session] {
        guard !isStubborn else { return [] }
        let sockets = Set(sessions.compactMap(\.socket))
        let tracked = Set(sessions.compactMap(\.tracked))
        list.sockets.removeAll { sockets.contains($0) }
        list.tracked.removeAll { tracked.contains($0) }
        return []
    }
}

extension Endpoint {
    /// This host, in the tests of connections.
    static func host(_ port: UInt16) -> Self { Self(.ipv4(0x0aff_0001), port) }

    /// A client, 192.0.2.`number`.
    static func client(_ number: UInt32, _ port: UInt16 = 40000) -> Self { Self(.ipv4(0xc000_0200 + number), port) }

    /// An address that is not this host's, which it redirects.
    static func cluster(_ port: UInt16) -> Self { Self(.ipv4(0x0a60_000a), port) }

    /// A container.
    static func container(_ port: UInt16) -> Self { Self(.ipv4(0xac1e_0002), port) }
}

extension EstablishedConnection {
    /// The socket of a connection to a port of this host.
    init(_ remote: Endpoint, at port: UInt16, interface: String? = nil) {
        self.init(local: .host(port), remote: remote, interface: interface, inode: UInt64(remote.port))
    }
}

extension TrackedConnection {
    /// A connection without address translation, and its direction.
    init(_ source: Endpoint, to destination: Endpoint, _ transport: TransportProtocol = .tcp) {
        self.init(
            transport: transport, original: Direction(from: source, to: destination),
            reply: Direction(from: destination, to: source))
    }

    /// A connection that is redirected to another address.
    init(_ source: Endpoint, to destination: Endpoint, sentTo end: Endpoint) {
        self.init(
            transport: .tcp, original: Direction(from: source, to: destination),
            reply: Direction(from: end, to: source), isRedirected: true)
    }
}
