import Addressing
import Glibc
import TestSupport
import Testing

extension TransportProtocol {
    /// The first packet of a connection to `port`, valid for conntrack, without regard to checksums.
    func opening(from source: UInt16, to port: UInt16) -> [UInt8] {
        let ports = [source, port].flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
        switch self {
        // INIT, RFC 9260 3.3.2: length 20, a tag, a window, one stream per direction.
        case .sctp:
            return ports + [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 20, 0, 0, 0, 1, 0, 0, 16, 0, 0, 1, 0, 1, 0, 0, 0, 1]
        // DCCP-Request, RFC 4340 5.1 and 5.2: five words, long sequence numbers.
        case .dccp: return ports + [5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
        // RFC 3828 3.1: a checksum of 0 is not allowed.
        case .udplite: return ports + [0, 8, 0, 1]
        // RFC 768, RFC 9293 3.1.
        case .udp: return ports + [0, 8, 0, 0]
        // TCP.
        default: return ports + [0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 16, 0, 0, 0, 0, 0]
        }
    }
}

@Suite("Protocols", .privileged, .networkNamespace)
struct ProtocolTests {
    private static let sources = ["192.0.2.1", "198.51.100.1", "2001:db8::1", "2001:db9::1"]

    @Test("Every protocol has its own ports", arguments: TransportProtocol.withPorts, AddressFamily.allCases)
    func ports(transport: TransportProtocol, family: AddressFamily) throws {
        let arena = try Arena()
        try arena.network.host.set("netfilter/nf_conntrack_checksum", "0")
        let other = transport == .tcp ? "udp" : "tcp"
        try Firewall.load(
            """
            version: 1
            services:
              one: {ports: [700/\(transport), 900-910/\(transport)], from: [192.0.2.0/24, "2001:db8::/32"]}
              two: {ports: [701/\(other), 911-920/\(other)], from: any}
            """)
        // A raw socket receives the accepted packets, without a listener.
        let host = try Socket(.raw(transport.rawValue), family)
        for text in Self.sources {
            let source = try IPAddress(text)
            guard source.family == family else { continue }
            try arena.network.client.run { try send(transport, from: source, to: try arena.network.wire.host(family)) }
            try arena.check([.packet(from: text, to: "22/tcp", .silent)])
            let isOpen = text == "192.0.2.1" || text == "2001:db8::1"
            let expected: [UInt16] = isOpen ? [700, 900, 905, 910] : []
            #expect(ports(expected.count, at: host, from: source) == expected)
        }
    }

    /// ESP, AH, GRE, OSPF, VRRP: each with the first bytes of its header, of which the last identifies the packet.
    static let whole: [(number: UInt8, header: [UInt8])] = [
        (50, [0, 0, 1, 0, 0, 0, 0, 1]), (51, [89, 4, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] + [UInt8](repeating: 0, count: 36)),
        (47, [0, 0, 0x08, 0]),
        (89, [2, 1, 0, 44]), (112, [0x31, 1, 100, 1]),
    ]

    @Test("A protocol without ports is open to its sources, and no other", arguments: AddressFamily.allCases)
    func whole(family: AddressFamily) throws {
        let arena = try Arena()
        try Firewall.load(
            """
            version: 1
            deny: [192.0.2.66, "2001:db8::66"]
            services:
              tunnel: {protocols: [esp, 112, ah], ports: 500/udp, from: [192.0.2.0/24, "2001:db8::/64"]}
              routing: {protocols: ospf, from: any, interfaces: eth9}
              relay: {protocols: gre, from: any}
            """)
        let sources =
            family == .ipv4
            ? ["192.0.2.1", "198.51.100.1", "192.0.2.66"] : ["2001:db8::1", "2001:db9::1", "2001:db8::66"]
        for (number, header) in Self.whole {
            // A raw socket receives the accepted packets.
            let host = try Socket(.raw(number), family)
            for text in sources {
                try arena.network.client.run {
                    let socket = try Socket(.raw(number), family)
                    try socket.bind(to: Endpoint(address: try IPAddress(text), port: 0))
                    let code = socket.send(header, to: Endpoint(address: try arena.network.wire.host(family), port: 0))
                    try #require(code == 0)
                }
                try arena.check([.packet(from: text, to: "22/tcp", .silent)])
                let isOpen =
                    number == 47 ? !text.hasSuffix("66") : [50, 51, 112].contains(number) && text == sources[0]
                let arrived = host.wait(for: POLLIN, milliseconds: isOpen ? Socket.patience : 0)
                #expect(arrived == isOpen, "\(number) from \(text)")
                while host.receive() != nil {}
            }
        }
    }

    private func send(_ transport: TransportProtocol, from source: IPAddress, to host: IPAddress) throws {
        let socket = try Socket(.raw(transport.rawValue), source.family)
        try socket.bind(to: Endpoint(address: source, port: 0))
        for port in [699, 700, 701, 899, 900, 905, 910, 911] as [UInt16] {
            let code = socket.send(transport.opening(from: 40000, to: port), to: Endpoint(address: host, port: 0))
            try #require(code == 0)
        }
    }

    /// The ports of the packets from the source: waits for `count` of them and receives what else has arrived.
    private func ports(_ count: Int, at socket: Socket, from source: IPAddress) -> [UInt16] {
        var ports: [UInt16] = []
        while socket.wait(for: POLLIN, milliseconds: ports.count < count ? Socket.patience : 0) {
            guard let (bytes, peer) = socket.receive() else { break }
            // A raw IPv4 socket receives the IP header too.
            let packet = socket.family == .ipv4 ? Array(bytes.dropFirst(20)) : bytes
            if peer.address == source { ports.append(UInt16(packet[2]) << 8 | UInt16(packet[3])) }
        }
        return ports
    }
}
