import Addressing
import Glibc
import Testing

/// A TCP connection of which the test holds both ends.
struct Session {
    let client: Socket
    let server: Socket

    /// Connects to `listener`; the ends are in the namespaces of their sockets.
    ///
    /// - Parameters:
    ///   - source: the address to connect from, in the calling thread's namespace; any that routing chooses if `nil`.
    ///   - destination: the address and port to connect to.
    ///   - listener: the socket that accepts the connection.
    /// - Throws: if the connection does not arrive.
    init(from source: IPAddress? = nil, to destination: Endpoint, listener: Socket) throws {
        client = try Socket(.tcp, destination.address.family)
        if let source { try client.bind(to: Endpoint(address: source, port: 0)) }
        try #require(client.connect(to: destination) == 0)
        try #require(listener.wait(for: POLLIN), "the connection arrives")
        server = try #require(listener.accept()).0
    }

    /// A connection of these ends.
    init(client: Socket, server: Socket) { (self.client, self.server) = (client, server) }

    /// Whether bytes pass in both directions, in time.
    func exchanges(milliseconds: Int32 = Socket.patience) -> Bool {
        Self.passes(client, server, milliseconds) && Self.passes(server, client, milliseconds)
    }

    /// Whether a byte arrives; waits until later packets of the same wires certainly have.
    func passesAnything(first: Speaker, witness: Session) throws -> Bool {
        let (from, to) = first == .client ? (client, server) : (server, client)
        for (sender, receiver) in [(from, to), (to, from)] {
            sender.send([7])
            try #require(witness.exchanges())
            if receiver.receive()?.bytes.isEmpty == false { return true }
        }
        return false
    }

    private static func passes(_ from: Socket, _ to: Socket, _ milliseconds: Int32) -> Bool {
        from.send([1]) == 0 && to.wait(for: POLLIN, milliseconds: milliseconds) && to.receive()?.bytes == [1]
    }
}

/// The side that sends first after a cut.
enum Speaker: String, CaseIterable {
    case client
    case server
}
