import Addressing
import Glibc
import TestSupport
import Testing

private let port: UInt16 = 5000
private let open = "version: 1\nservices: {web: {ports: 5000, from: any}}"
private let closed = "version: 1\nservices: {}"

@Suite("Connections", .privileged, .networkNamespace)
struct ConnectionTests {
    private let arena: Arena
    private let listener: Socket
    private var network: Network { arena.network }

    init() throws {
        arena = try Arena()
        listener = try Socket.listening(.tcp, on: port)
    }

    private func session(from source: String) throws -> Session {
        let source = try IPAddress(source)
        let host = try network.wire.host(source.family)
        return try network.client.run {
            try Session(from: source, to: Endpoint(address: host, port: port), listener: listener)
        }
    }

    @Test("A connection survives a policy that closes its port", arguments: ["203.0.113.7", "2001:db8::7"])
    func tightened(source: String) throws {
        try Firewall.load(open)
        let session = try session(from: source)
        #expect(session.exchanges())
        try Firewall.load(closed)
        #expect(session.exchanges())
        try arena.check([.packet(from: source, to: "22/tcp", .silent)])
    }

    @Test("A connection does not survive a deny", arguments: ["203.0.113.7", "2001:db8::7"])
    func denied(source: String) throws {
        try Firewall.load(open)
        let session = try session(from: source)
        #expect(session.exchanges())
        try Firewall.load("\(open)\ndeny: ['\(source)']")
        #expect(session.client.send([2]) == 0)
        try arena.check([.packet(from: source, to: "22/tcp", .silent)])
        #expect(session.server.receive() == nil)
    }

    @Test(
        "The host's connections to itself always pass", arguments: ["127.0.0.1", "::1", "10.255.0.1", "fd00:ffff::1"])
    func loopback(address: String) throws {
        try Firewall.load("version: 1\ndefaults: {inbound: reject}\nservices: {}")
        let session = try Session(to: Endpoint(address: try IPAddress(address), port: port), listener: listener)
        #expect(session.exchanges())
    }

    @Test("Replies to the host's own connections always pass", arguments: AddressFamily.allCases)
    func outbound(family: AddressFamily) throws {
        try Firewall.load(closed)
        let client = try IPAddress(family == .ipv4 ? "203.0.113.7" : "2001:db8::7")
        let listener = try network.client.run { try Socket.listening(.tcp, on: port) }
        #expect(try Session(to: Endpoint(address: client, port: port), listener: listener).exchanges())
    }

    @Test("Loopback is accepted before deny")
    func loopbackDenied() throws {
        try Firewall.load("\(open)\ndeny: [127.0.0.0/8]")
        let address = try IPAddress("127.0.0.1")
        #expect(try Session(to: Endpoint(address: address, port: port), listener: listener).exchanges())
    }
}
