import Addressing
import Glibc
import Kernel
import Listeners
import TestSupport
import Testing

private let port: UInt16 = 5000
private let otherPort: UInt16 = 5001
private let open =
    "version: 1\nservices: {web: {ports: 5000, from: any, why: x}, db: {ports: 5001, from: any, why: x}}\n"
private let closed = """
    version: 1
    services:
      web: {ports: 5000, from: [192.0.2.9, "2001:db8::9"], why: x}
      db: {ports: 5001, from: any, why: x}

    """

@Suite("Sessions that a policy refuses", .privileged, .networkNamespace)
struct SessionTests {
    private let network: Network
    private let portreeve: Portreeve
    private let listener: Socket
    private let otherListener: Socket

    init() throws {
        network = try Network()
        portreeve = try Portreeve()
        listener = try Socket.listening(.tcp, on: port)
        otherListener = try Socket.listening(.tcp, on: otherPort)
        try apply(open)
    }

    /// Applies a policy, and returns the output.
    @discardableResult
    private func apply(_ policy: String, _ options: String..., prefix: [String] = []) throws -> String {
        let path = try portreeve.write(policy)
        let command =
            try [Portreeve.executable, "apply", path, "--yes", "--state-dir", portreeve.stateDirectory] + options
        let result = try Program.run(prefix + command)
        try #require(result.status == 0, "\(result.output)\(result.errors)")
        return result.output + result.errors
    }

    private func verify(_ policy: String) throws -> Program.Result {
        try portreeve("verify", try portreeve.write(policy), "--only", "sessions", "--quiet")
    }

    private func session(from source: String, to listener: Socket, on port: UInt16) throws -> Session {
        let source = try IPAddress(source)
        let host = try network.wire.host(source.family)
        return try network.client.run {
            try Session(from: source, to: Endpoint(address: host, port: port), listener: listener)
        }
    }

    @Test(
        "Are listed, and end with --cut-sessions, whichever side sends; others continue", arguments: Speaker.allCases,
        ["192.0.2.7", "2001:db8::7"])
    func cut(first: Speaker, source: String) throws {
        let session = try session(from: source, to: listener, on: port)
        let allowed = try self.session(
            from: source.replacing(":7", with: ":9").replacing(".7", with: ".9"), to: listener, on: port)
        let other = try self.session(from: source, to: otherListener, on: otherPort)
        #expect(try verify(open).status == 0)
        try apply(closed)
        #expect(session.exchanges())
        let found = try verify(closed)
        #expect(found.status == 2)
        #expect(found.output.contains("warning: \(source) is connected to tcp/5000 ("))
        #expect(found.output.contains("pid \(getpid())"))
        #expect(found.output.contains("service \"web\" is not open to it"))
        #expect(found.output.hasSuffix("[stale-session]\nverify: 1 warning\n"))

        let client = try #require(session.client.endpoint?.port)
        let said = try apply(closed, "--cut-sessions")
        let name = source.contains(":") ? "[\(source)]:\(client)" : "\(source):\(client)"
        #expect(said.hasPrefix("in sync: nothing to do\nended: \(name) -> tcp/5000 ("))
        #expect(try !session.passesAnything(first: first, witness: other))
        #expect(allowed.exchanges())
        #expect(try verify(closed).output.isEmpty)
    }

    @Test("Continue if only conntrack forgets them and the server sends next")
    func forgotten() throws {
        let session = try session(from: "192.0.2.7", to: listener, on: port)
        let other = try self.session(from: "192.0.2.7", to: otherListener, on: otherPort)
        try apply(closed)
        let table = try ConntrackTable()
        for connection in try table.connections() where connection.original.destination.port == port {
            #expect(try table.delete(connection))
            #expect(try !table.delete(connection))
        }
        #expect(try session.passesAnything(first: .server, witness: other))
        // Conntrack now takes the server for the side that began, and the session is still found and ended.
        #expect(try verify(closed).output.contains("192.0.2.7 is connected to tcp/5000"))
        #expect(try apply(closed, "--cut-sessions").contains("ended: 192.0.2.7:"))
        #expect(try !session.passesAnything(first: .server, witness: other))
    }

    @Test("Include the admin's own session, which is left alone without --force")
    func operators() throws {
        let session = try session(from: "192.0.2.7", to: listener, on: port)
        let client = try #require(session.client.endpoint?.port)
        try apply(closed)
        let environment = ["env", "SSH_CONNECTION=192.0.2.7 \(client) 10.255.0.1 5000"]
        // As from the console: within that session the command would be refused.
        try apply(closed)
        let said = try apply(closed, "--cut-sessions", prefix: environment)
        #expect(said.contains("192.0.2.7:\(client) -> tcp/5000: your own session was kept"))
        #expect(session.exchanges())
        try apply(closed, "--cut-sessions", "--force", prefix: environment)
        #expect(!session.exchanges(milliseconds: 0))
    }

    @Test("Are shown by plan before the change")
    func plan() throws {
        let session = try session(from: "192.0.2.7", to: listener, on: port)
        let client = try #require(session.client.endpoint?.port)
        let text = try portreeve("plan", try portreeve.write(closed)).output
        #expect(text.contains("\n\n1 open session stays connected unless \"portreeve apply --cut-sessions "))
        #expect(text.contains("\n  192.0.2.7:\(client) -> tcp/5000 ("))
        #expect(session.exchanges())
        try apply(closed)
        #expect(try !portreeve("plan", try portreeve.write(closed)).output.contains("session"))
    }

    @Test("Include those on an interface that the policy does not open")
    func interface() throws {
        let session = try session(from: "192.0.2.7", to: listener, on: port)
        let here = "version: 1\nservices: {web: {ports: 5000, from: any, interfaces: [eth0], why: x}}\n"
        let elsewhere = here.replacing("eth0", with: "eth1")
        try apply(here)
        #expect(try verify(here).status == 0)
        try apply(elsewhere)
        #expect(try verify(elsewhere).output.contains("tcp/5000 (on eth0, "))
        #expect(try apply(elsewhere, "--cut-sessions").contains("ended: 192.0.2.7:"))
        #expect(!session.exchanges(milliseconds: 0))
    }

    @Test("Include those whose grant has ended, and none before", arguments: ["192.0.2.7", "2001:db8::7"])
    func granted(source: String) throws {
        try apply(closed)
        let policy = try portreeve.write(closed)
        let grant = ["grant", "web", policy, "--from", source, "--for", "5s", "--why", "x", "--quiet"]
        #expect(try portreeve(grant).status == 0)
        let session = try session(from: source, to: listener, on: port)
        #expect(try verify(closed).status == 0)
        #expect(try !apply(closed, "--cut-sessions").contains("ended"))
        sleep(6)
        #expect(session.exchanges())
        #expect(try verify(closed).output.contains("warning: \(source) is connected to tcp/5000 ("))
        #expect(try apply(closed, "--cut-sessions").contains("ended: "))
        #expect(!session.exchanges(milliseconds: 0))
    }

    @Test("Of UDP are found and deleted from conntrack")
    func datagrams() throws {
        let server = try Socket.listening(.udp, on: port)
        try apply("version: 1\nservices: {dns: {ports: 5000/udp, from: any, why: x}}\n")
        let client = try network.client.run { () throws -> Socket in
            let socket = try Socket(.udp, .ipv4)
            try socket.bind(to: Endpoint(address: try IPAddress("192.0.2.7"), port: 0))
            return socket
        }
        let host = Endpoint(address: try network.wire.host(.ipv4), port: port)
        func asks() -> Endpoint? {
            client.send([1], to: host)
            return server.wait(for: POLLIN, milliseconds: 100) ? server.receive()?.from : nil
        }
        let peer = try #require(asks())
        server.send([2], to: peer)
        try #require(client.wait(for: POLLIN))
        let nothing = "version: 1\nservices: {}\n"
        #expect(
            try apply(nothing).contains(
                "1 open session stays connected unless \"portreeve apply --cut-sessions "))
        #expect(asks() != nil)
        #expect(try verify(nothing).output.contains("192.0.2.7 is connected to udp/5000, which is not in the policy"))
        #expect(try apply(nothing, "--cut-sessions").contains("ended: 192.0.2.7:"))
        #expect(asks() == nil)
    }
}
