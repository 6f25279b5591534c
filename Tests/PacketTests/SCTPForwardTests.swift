import Addressing
import Glibc
import TestSupport
import Testing

/// Associations of SCTP (RFC 9260) by messages made by hand: most kernels of tests have no SCTP.
@Suite("Forwards of SCTP", .privileged, .networkNamespace)
struct SCTPForwardTests {
    private static let transport = TransportProtocol.sctp
    private static let clientPort: UInt16 = 40_000
    private static let sources: [AddressFamily: [String]] = [
        .ipv4: ["192.0.2.1", "198.51.100.1"], .ipv6: ["2001:db8::1", "2001:db9::1"],
    ]

    /// The ports of a message, without the header of IP that a raw IPv4 socket receives, and what follows the checksum.
    private static func message(at socket: Socket) -> (from: UInt16, to: UInt16, peer: IPAddress, rest: [UInt8])? {
        guard let (bytes, peer) = socket.receive() else { return nil }
        let packet = socket.family == .ipv4 ? Array(bytes.dropFirst(20)) : bytes
        func port(_ offset: Int) -> UInt16 { UInt16(packet[offset]) << 8 | UInt16(packet[offset + 1]) }
        return (port(0), port(2), peer.address, Array(packet[12...]))
    }

    /// INIT ACK, RFC 9260 3.3.3, to an INIT with the tag 1.
    private static func answer(from source: UInt16, to port: UInt16) -> [UInt8] {
        let ports = [source, port].flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
        return ports + [0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 20, 0, 0, 0, 2, 0, 0, 16, 0, 0, 1, 0, 1, 0, 0, 0, 1]
    }

    @Test(
        "Reach the target under another port, and its answer comes from the dialled one",
        arguments: AddressFamily.allCases)
    func forward(family: AddressFamily) throws {
        let network = try Network()
        let inside = try Inside([9], behind: network.host)
        for namespace in [network.host, network.client, inside.hosts[0]] {
            try namespace.set("netfilter/nf_conntrack_checksum", "0")
        }
        try Firewall.load(
            """
            version: 1
            services: {}
            forward:
              signalling:
                {ports: [2905/sctp], to: ["10.7.0.9:3905", "[fd00:7::9]:3905"], from: [192.0.2.0/24, "2001:db8::/64"], why: x}
            """)
        let target = try inside.hosts[0].run { try Socket(.raw(Self.transport.rawValue), family) }
        let sources = try (Self.sources[family] ?? []).map { try IPAddress($0) }
        let clients = try network.client.run {
            try sources.map { source in
                let socket = try Socket(.raw(Self.transport.rawValue), family)
                try socket.bind(to: Endpoint(address: source, port: 0))
                return socket
            }
        }
        let host = Endpoint(address: try network.wire.host(family), port: 0)
        // The refused one first: when the other one arrives, it would have arrived.
        for (client, port) in [(clients[1], 2905), (clients[0], 2904), (clients[0], 2905)] as [(Socket, UInt16)] {
            try #require(client.send(Self.transport.opening(from: Self.clientPort, to: port), to: host) == 0)
        }
        try #require(target.wait(for: POLLIN))
        let arrived = try #require(Self.message(at: target))
        #expect(arrived.peer == sources[0] && (arrived.from, arrived.to) == (Self.clientPort, 3905))
        #expect(Self.message(at: target) == nil)
        let reply = Self.answer(from: 3905, to: Self.clientPort)
        try #require(target.send(reply, to: Endpoint(address: sources[0], port: 0)) == 0)
        try #require(clients[0].wait(for: POLLIN))
        let answer = try #require(Self.message(at: clients[0]))
        #expect(answer.peer == host.address && (answer.from, answer.to) == (2905, Self.clientPort))
        #expect(answer.rest.first == 2)
    }
}
