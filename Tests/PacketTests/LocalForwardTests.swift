import Addressing
import Glibc
import TestSupport
import Testing

/// Forwards to other ports of the host itself.
@Suite("Forwards to a port of this host", .privileged, .networkNamespace)
struct LocalForwardTests {
    private let network: Network
    private let listener: Socket
    private let datagrams: Socket

    private static let sources: [AddressFamily: String] = [.ipv4: "192.0.2.1", .ipv6: "2001:db8::1"]

    init() throws {
        network = try Network()
        listener = try Socket.listening(.tcp, on: 8080)
        datagrams = try Socket.listening(.udp, on: 8080)
    }

    private func load(_ defaults: String = "") throws {
        try Firewall.load(
            """
            version: 1
            \(defaults)
            services: {}
            forward:
              old: {ports: [80/tcp, 80/udp], to: ":8080", from: [192.0.2.0/24, "2001:db8::/64"], why: x}
            """)
    }

    /// Whether a connection arrives, and no refusal comes back.
    private func arrives(
        from namespace: Namespace, _ source: String? = nil, at address: IPAddress, port: UInt16
    ) throws -> Bool {
        let client = try namespace.run {
            let socket = try Socket(.tcp, address.family)
            if let source { try socket.bind(to: Endpoint(address: IPAddress(source), port: 0)) }
            try #require(socket.connect(to: Endpoint(address: address, port: port)) == 0)
            return socket
        }
        client.resetsOnClose()
        guard client.wait(for: POLLOUT), client.takeError() == 0 else { return false }
        return listener.accept() != nil
    }

    @Test(
        "The dialled port is open to its sources, and the port behind it stays closed",
        arguments: ["enforce", "ignore"])
    func open(published: String) throws {
        try load("defaults: {inbound: reject, published: \(published)}")
        for family in AddressFamily.allCases {
            let address = try network.wire.host(family)
            let source = Self.sources[family] ?? ""
            #expect(try arrives(from: network.client, source, at: address, port: 80))
            #expect(!(try arrives(from: network.client, source, at: address, port: 8080)))
            let stranger = family == .ipv4 ? "198.51.100.1" : "2001:db8:1::1"
            #expect(!(try arrives(from: network.client, stranger, at: address, port: 80)))
        }
    }

    @Test("Datagrams arrive, and are answered")
    func datagram() throws {
        try load()
        for family in AddressFamily.allCases {
            let client = try network.client.run {
                let socket = try Socket(.udp, family)
                try socket.bind(to: Endpoint(address: IPAddress(Self.sources[family] ?? ""), port: 0))
                try #require(socket.connect(to: Endpoint(address: network.wire.host(family), port: 80)) == 0)
                return socket
            }
            client.send([1])
            try #require(datagrams.wait(for: POLLIN))
            let (_, peer) = try #require(datagrams.receive())
            datagrams.send([2], to: peer)
            #expect(client.wait(for: POLLIN) && client.receive()?.bytes == [2])
        }
    }

    @Test("The host itself is a client, also at loopback addresses")
    func host() throws {
        try load()
        for address in try [
            network.wire.host(.ipv4), network.wire.host(.ipv6), IPAddress("127.0.0.1"), IPAddress("::1"),
        ] {
            #expect(try arrives(from: network.host, at: address, port: 80), "\(address)")
        }
    }
}
