import Addressing
import Glibc
import TestSupport
import Testing

@Suite("Masquerade", .privileged, .networkNamespace)
struct MasqueradeTests {
    private let network: Network
    private let inside: Inside
    /// Port 5000 of every client.
    private let listener: Socket

    private static let destinations: [AddressFamily: String] = [.ipv4: "203.0.113.7", .ipv6: "2001:db8:7::7"]

    init() throws {
        network = try Network()
        inside = try Inside([9, 10], behind: network.host)
        listener = try network.client.run { try Socket.listening(.tcp, on: 5000) }
        // The clients' namespace answers at every address, but not at those of the inside network.
        let wire = network.wire
        for number in [9, 10] {
            for family in AddressFamily.allCases {
                let address = try Inside.address(number, family)
                try network.client.ip(
                    """
                    route add \(address) dev \(wire.clientInterface) table local
                    neigh replace \(address) lladdr \(wire.hostHardware) dev \(wire.clientInterface) nud permanent
                    """)
            }
        }
    }

    /// The address under which a host inside arrives outside.
    private func peer(of host: Int, _ family: AddressFamily) throws -> IPAddress? {
        let client = try inside.hosts[host].run {
            let socket = try Socket(.tcp, family)
            let address = try IPAddress(Self.destinations[family] ?? "")
            try #require(socket.connect(to: Endpoint(address: address, port: 5000)) == 0)
            return socket
        }
        client.resetsOnClose()
        guard listener.wait(for: POLLIN, milliseconds: 5_000) else { return nil }
        return listener.accept()?.1.address
    }

    @Test("Sources leave under the host's address by the interfaces, and those of except under their own")
    func leaves() throws {
        try Firewall.load(
            """
            version: 1
            services: {}
            masquerade:
              inside: {from: [10.7.0.0/24, "fd00:7::/64"], except: [10.7.0.10, "fd00:7::10"], interfaces: "eth*", why: x}
            """)
        for family in AddressFamily.allCases {
            #expect(try peer(of: 0, family) == (try network.wire.host(family)))
            #expect(try peer(of: 1, family) == (try Inside.address(10, family)))
        }
    }

    @Test("By another interface nothing changes")
    func otherInterface() throws {
        try Firewall.load(
            "version: 1\nservices: {}\nmasquerade: {inside: {from: any, interfaces: wan0, why: x}}")
        #expect(try peer(of: 0, .ipv4) == (try Inside.address(9, .ipv4)))
    }
}
