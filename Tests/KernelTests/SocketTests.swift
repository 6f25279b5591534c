import Addressing
import Glibc
import Listeners
import TestSupport
import Testing

@testable import Kernel

@Suite("Listeners are read from sock_diag", .privileged, .networkNamespace)
struct SocketTests {
    init() throws { _ = try Program.run(["ip", "link", "set", "lo", "up"]) }

    @Test("A namespace without sockets has no listeners")
    func nothing() throws { #expect(try SocketTable.listeners().isEmpty) }

    @Test(
        "Every kind of address has the families that it accepts", arguments: [TransportProtocol.tcp, .udp, .udplite],
        [
            ("0.0.0.0", nil, .ipv4(0), [.ipv4]),
            ("127.0.0.53", nil, .ipv4(0x7f00_0035), [.ipv4]),
            ("::", true, .ipv6(0), [.ipv6]),
            ("::", false, .ipv6(0), [.ipv4, .ipv6]),
            ("::1", false, .ipv6(1), [.ipv6]),
            ("::ffff:127.0.0.1", false, .ipv4(0x7f00_0001), [.ipv4]),
        ] as [(String, Bool?, IPAddress, [AddressFamily])])
    func addresses(
        _ transport: TransportProtocol, _ bound: (text: String, isIPv6Only: Bool?, IPAddress, [AddressFamily])
    ) throws {
        let socket =
            try bound.isIPv6Only.map { try TestSocket(transport, bound.text, 25, .isIPv6Only($0)) }
            ?? TestSocket(transport, bound.text, 25)
        let listeners = try SocketTable.listeners()
        let listener = try #require(listeners.first)
        #expect(listeners.count == 1)
        #expect(listener.transport == transport)
        #expect((listener.address, listener.port) == (bound.2, 25))
        #expect(listener.families == bound.3)
        #expect((listener.userID, listener.inode) == (getuid(), socket.inode))
        #expect(listener.interface == nil)
        #expect(listener.owners == .notAsked)
    }

    @Test("Ports whose digits contain other ports, and ports of other protocols, are kept apart, in order")
    func ports() throws {
        let tcp = try ([22, 2222, 25, 25565, 65535, 1] as [UInt16]).map { try TestSocket(.tcp, "0.0.0.0", $0) }
        let udp = try ([22, 53] as [UInt16]).map { try TestSocket(.udp, "0.0.0.0", $0) }
        let listeners = try withExtendedLifetime((tcp, udp)) { try SocketTable.listeners() }
        #expect(listeners.map(\.port) == [1, 22, 25, 2222, 25565, 65535, 22, 53])
        #expect(listeners.map(\.transport) == [.tcp, .tcp, .tcp, .tcp, .tcp, .tcp, .udp, .udp])
    }

    @Test("Connected sockets, and bound sockets that do not listen, are not listeners")
    func others() throws {
        let connected = try TestSocket(.udp, "127.0.0.1", 5000)
        try connected.connect(to: "127.0.0.1", 9)
        let bound = try TestSocket(.tcp, "127.0.0.1", 5001, listens: false)
        let server = try TestSocket(.tcp, "127.0.0.1", 5002)
        let client = try TestSocket(.tcp, "127.0.0.1", 5003, listens: false)
        try client.connect(to: "127.0.0.1", 5002)
        let listeners = try withExtendedLifetime((connected, bound, server, client)) { try SocketTable.listeners() }
        #expect(listeners.map(\.inode) == [server.inode])
    }

    @Test("Each socket of an SO_REUSEPORT group is listed")
    func group() throws {
        let sockets = try (0..<3).map { _ in try TestSocket(.udp, "::", 443, .reusesPort) }
        #expect(try SocketTable.listeners().map(\.inode) == sockets.map(\.inode).sorted())
    }

    @Test("Listeners have the names of their device and of the scope of a link-local address")
    func interfaces() throws {
        _ = try Program.run(["ip", "link", "add", "eth7", "type", "veth"])
        _ = try Program.run(["ip", "link", "set", "eth7", "up"])
        _ = try Program.run(["ip", "address", "add", "fe80::7/64", "dev", "eth7", "nodad"])
        let bound = try TestSocket(.tcp, "0.0.0.0", 80, .device("lo"))
        let local = try TestSocket(.tcp, "fe80::7%eth7", 81)
        let listeners = try withExtendedLifetime((bound, local)) { try SocketTable.listeners() }
        #expect(listeners.map(\.interface) == ["lo", "eth7"])
        #expect(listeners.map(\.isLoopbackOnly) == [true, false])
        #expect(listeners.last?.address == .ipv6(0xfe80 << 112 | 7))
    }
}
