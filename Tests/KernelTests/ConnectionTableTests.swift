import Addressing
import Glibc
import Listeners
import TestSupport
import Testing

@testable import Kernel

@Suite("Connections come from sock_diag", .privileged, .networkNamespace)
struct ConnectionTableTests {
    init() throws { _ = try Program.run(["ip", "link", "set", "lo", "up"]) }

    @Test("Listeners, datagram sockets and bound sockets are not connections")
    func nothing() throws {
        let listener = try TestSocket(.tcp, "127.0.0.1", 5000)
        let datagrams = try TestSocket(.udp, "127.0.0.1", 5001)
        try datagrams.connect(to: "127.0.0.1", 9)
        let bound = try TestSocket(.tcp, "127.0.0.1", 5002, listens: false)
        let connections = try withExtendedLifetime((listener, datagrams, bound)) { try SocketTable.connections() }
        #expect(connections.isEmpty)
    }

    @Test(
        "Both ends are listed with their peers; an IPv4-mapped address is IPv4",
        arguments: [
            ("0.0.0.0", "127.0.0.1", .ipv4(0x7f00_0001)), ("::", "127.0.0.1", .ipv4(0x7f00_0001)),
            ("::", "::1", .ipv6(1)),
        ] as [(String, String, IPAddress)])
    func ends(_ listening: String, _ dialled: String, _ address: IPAddress) throws {
        let listener = try TestSocket(.tcp, listening, 5000)
        let client = try TestSocket(.tcp, dialled, 5001, listens: false)
        try client.connect(to: dialled, 5000)
        let connections = try withExtendedLifetime(listener) { try SocketTable.connections() }
        #expect(connections.count == 2)
        let server = try #require(connections.first { $0.local.port == 5000 })
        let other = try #require(connections.first { $0.local.port == 5001 })
        #expect((server.local, server.remote) == (Endpoint(address, 5000), Endpoint(address, 5001)))
        #expect((other.local, other.remote) == (server.remote, server.local))
        #expect((other.inode, other.userID) == (client.inode, getuid()))
        // The connection is not accepted yet.
        #expect(server.inode == 0)
        #expect(server.cookie != other.cookie)
        #expect((server.interface, server.interfaceIndex) == (nil, 0))
    }

    @Test("A half-closed connection is listed, and a closed one is not")
    func closing() throws {
        let listener = try TestSocket(.tcp, "127.0.0.1", 5000)
        var client: TestSocket? = try TestSocket(.tcp, "127.0.0.1", 5001, listens: false)
        try client?.connect(to: "127.0.0.1", 5000)
        client = nil
        // The client's socket is gone after its FIN is acknowledged, which the server may delay.
        #expect(try Self.comesTrue { try SocketTable.connections().map(\.local.port) == [5000] })
        listener.shut()
        #expect(try SocketTable.connections().isEmpty)
    }

    private static func comesTrue(_ condition: () throws -> Bool) throws -> Bool {
        for _ in 0..<500 {
            if try condition() { return true }
            usleep(10_000)
        }
        return false
    }

    @Test("A socket bound to a device has the device's name")
    func device() throws {
        let listener = try TestSocket(.tcp, "0.0.0.0", 5000, .device("lo"))
        let client = try TestSocket(.tcp, "127.0.0.1", 5001, listens: false)
        try client.connect(to: "127.0.0.1", 5000)
        let server = try withExtendedLifetime(listener) {
            try SocketTable.connections().first { $0.local.port == 5000 }
        }
        #expect((server?.interface, server?.interfaceIndex) == ("lo", 1))
    }
}
