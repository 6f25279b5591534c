import Addressing
import Glibc
import Kernel
import Listeners
import TestSupport
import Testing

private let open = "version: 1\nservices: {}\n"
private let closed = """
    version: 1
    services: {}
    defaults: {outbound: reject}
    outbound: {db: {ports: 5433, to: any, why: x}}

    """

@Suite("Connections of this host that a policy does not let out", .privileged, .networkNamespace)
struct OutboundSessionTests {
    private let network: Network
    private let portreeve: Portreeve
    /// The ports 5432 and 5433 of every other host.
    private let listeners: [Socket]

    init() throws {
        let network = try Network()
        self.network = network
        portreeve = try Portreeve()
        listeners = try network.client.run { try [5432, 5433].map { try Socket.listening(.tcp, on: $0) } }
        try apply(open)
    }

    @discardableResult
    private func apply(_ policy: String, _ options: String...) throws -> String {
        let result = try portreeve(["apply", try portreeve.write(policy), "--yes"] + options)
        try #require(result.status == 0, "\(result.output)\(result.errors)")
        return result.output + result.errors
    }

    private func verify() throws -> Program.Result {
        try portreeve("verify", try portreeve.write(closed), "--only", "sessions", "--quiet")
    }

    @Test(
        "Are named by plan, continue after apply, and end with --cut-sessions, whichever side sends next",
        arguments: Speaker.allCases, ["203.0.113.7", "2001:db8::7"])
    func cut(first: Speaker, destination: String) throws {
        let address = try IPAddress(destination)
        let session = try Session(to: Endpoint(address: address, port: 5432), listener: listeners[0])
        let other = try Session(to: Endpoint(address: address, port: 5433), listener: listeners[1])
        let near = try #require(session.client.endpoint)
        let name = destination.contains(":") ? "[\(near.address)]:\(near.port)" : "\(near.address):\(near.port)"
        let line = "\(name) -> tcp/5432 at \(destination) ("
        let plan = try portreeve("plan", try portreeve.write(closed)).output
        #expect(plan.contains("\n1 open session stays connected unless \"portreeve apply --cut-sessions "))
        #expect(plan.contains("\n  \(line)"), "\(plan)")
        try apply(closed)
        #expect(session.exchanges())
        #expect(try verify().status == 2)
        let said = try apply(closed, "--cut-sessions")
        #expect(said.hasPrefix("in sync: nothing to do\nended: \(line)") && !said.contains("5433"), "\(said)")
        #expect(try !session.passesAnything(first: first, witness: other))
        #expect(try verify().output.isEmpty)
        #expect(try !portreeve("plan", try portreeve.write(closed)).output.contains("session"))
    }

    @Test("That end leave all other entries of conntrack alone")
    func others() throws {
        let address = try IPAddress("203.0.113.7")
        let session = try Session(to: Endpoint(address: address, port: 5432), listener: listeners[0])
        let other = try Session(to: Endpoint(address: address, port: 5433), listener: listeners[1])
        func ports() throws -> [UInt16] { try ConntrackTable().connections().map(\.original.destination.port).sorted() }
        #expect(try ports() == [5432, 5433])
        try apply(closed, "--cut-sessions")
        #expect(try ports() == [5433])
        #expect(other.exchanges() && !session.exchanges(milliseconds: 0))
    }

    @Test("Of UDP end, too, with a peer and without", arguments: [true, false])
    func datagrams(isConnected: Bool) throws {
        let endpoint = Endpoint(address: try IPAddress("203.0.113.7"), port: 123)
        let server = try network.client.run {
            let socket = try Socket(.udp, .ipv4)
            try socket.bind(to: endpoint)
            return socket
        }
        let socket = try Socket(.udp, .ipv4)
        try socket.bind(to: Endpoint(address: .ipv4(0), port: 40_000))
        if isConnected { try #require(socket.connect(to: endpoint) == 0) }
        func send() -> Int32 { socket.send([1], to: isConnected ? nil : endpoint) }
        try #require(send() == 0 && server.wait(for: POLLIN))
        let peer = try #require(server.receive()).from
        server.send([2], to: peer)
        try #require(socket.wait(for: POLLIN) && socket.receive() != nil)
        try apply(closed)
        #expect(send() == 0 && server.wait(for: POLLIN) && server.receive() != nil)
        #expect(try verify().status == 2)
        let said = try apply(closed, "--cut-sessions")
        #expect(said.contains("ended: ") && said.contains(" -> udp/123 at 203.0.113.7"), "\(said)")
        #expect(socket.send([1], to: endpoint) != 0 && socket.send([1], to: endpoint) == EPERM)
        server.send([3], to: peer)
        #expect(!socket.wait(for: POLLIN, milliseconds: 200) || socket.receive() == nil)
        #expect(try verify().output.isEmpty)
    }
}
