import Addressing
import Glibc
import Kernel
import Listeners
import TestSupport
import Testing

/// The port of the host, the same as in the container: with masquerading, a packet that conntrack does not know looks
/// to the client like a packet of its session.
private let port: UInt16 = 5000
private let open = "version: 1\nservices: {web: {ports: [5000, 5001], from: any, why: x}}\n"
private let closed = "version: 1\nservices: {web: {ports: 5001, from: any, why: x}}\n"

@Suite("Sessions with containers that a policy refuses", .privileged, .networkNamespace)
struct ForwardedSessionTests {
    private let network: Network
    private let container: Container
    private let portreeve: Portreeve
    /// A process through which the container's namespace is found.
    private let inhabitant: Inhabitant

    init() throws {
        network = try Network()
        container = try Container(behind: network.host)
        try Container.publish([(5000, 5000), (5001, 5001)])
        for (family, prefix) in [("ip", "172.30.0.0/24"), ("ip6", "fd00:30::/64")] {
            try NftProgram.load(
                """
                table \(family) masquerading {
                    chain postrouting {
                        type nat hook postrouting priority srcnat;
                        \(family) saddr \(prefix) oifname != \(Container.interface) masquerade
                    }
                }
                """)
        }
        let portreeve = try Portreeve()
        self.portreeve = portreeve
        inhabitant = try container.namespace.run { try Inhabitant(portreeve) }
        _ = try apply(open)
    }

    private func apply(_ policy: String, _ options: String...) throws -> Program.Result {
        let path = try portreeve.write(policy)
        return try portreeve(["apply", path, "--yes"] + options)
    }

    private func session(_ source: String, _ port: UInt16) throws -> Session {
        let listener = try container.namespace.run { try Socket.listening(.tcp, on: port) }
        let source = try IPAddress(source)
        let host = try network.wire.host(source.family)
        return try network.client.run {
            try Session(from: source, to: Endpoint(address: host, port: port), listener: listener)
        }
    }

    @Test(
        "End with --cut-sessions, whichever side sends next", arguments: Speaker.allCases, ["192.0.2.7", "2001:db8::7"])
    func cut(first: Speaker, source: String) throws {
        let (session, other) = (try session(source, 5000), try session(source, 5001))
        #expect(try apply(closed).status == 0)
        #expect(session.exchanges())
        let found = try portreeve("verify", try portreeve.write(closed), "--only", "sessions", "--quiet")
        #expect(found.status == 2)
        #expect(found.output.hasPrefix("warning: \(source) is connected to tcp/5000 (forwarded to "))
        let said = try apply(closed, "--cut-sessions")
        #expect(said.status == 0)
        #expect(said.errors.isEmpty)
        #expect(said.output.contains("ended: "))
        #expect(try !session.passesAnything(first: first, witness: other))
        #expect(try portreeve("verify", try portreeve.write(closed), "--only", "sessions", "--quiet").status == 0)
    }

    @Test("Are named and ended if they are older than the table, too, so that they have no label")
    func older() throws {
        #expect(try portreeve("remove", "--yes").status == 0)
        let (session, other) = (try session("192.0.2.7", 5000), try session("192.0.2.7", 5001))
        #expect(try apply(closed).status == 0)
        #expect(session.exchanges())
        let found = try portreeve("verify", try portreeve.write(closed), "--only", "sessions", "--quiet")
        #expect(found.output.hasPrefix("warning: 192.0.2.7 is connected to tcp/5000 (forwarded to "), "\(found.output)")
        #expect(try apply(closed, "--cut-sessions").output.contains("ended: "))
        #expect(try !session.passesAnything(first: .client, witness: other))
    }

    @Test("Continue if only conntrack forgets them and the container sends next")
    func forgotten() throws {
        let (session, other) = (try session("192.0.2.7", 5000), try session("192.0.2.7", 5001))
        _ = try apply(closed)
        let table = try ConntrackTable()
        for connection in try table.connections() where connection.original.destination.port == port {
            #expect(try table.delete(connection))
        }
        #expect(try session.passesAnything(first: .server, witness: other))
    }

    @Test("Are reported as uncertain if their server is not on this host")
    func elsewhere() throws {
        let (session, other) = (try session("192.0.2.7", 5000), try session("192.0.2.7", 5001))
        inhabitant.leave()
        let said = try apply(closed, "--cut-sessions")
        #expect(said.status == 1)
        #expect(said.errors.contains("and may still send"))
        #expect(!said.output.contains("ended: "))
        session.client.send([7])
        try #require(other.exchanges())
        #expect(session.server.receive() == nil)
    }
}

/// An idle process in the network namespace of the calling thread, ended with the value.
final class Inhabitant {
    private var process: Int32?

    init(_ portreeve: Portreeve) throws {
        process = Int32(try portreeve.shell("sleep 300 > /dev/null 2>&1 & printf %s $!"))
        try #require(process != nil)
    }

    deinit { leave() }

    /// Ends the process, and waits until it is gone.
    func leave() {
        guard let process else { return }
        kill(process, SIGKILL)
        // The process is not a child of the test, which cannot wait for it.
        _ = eventually { unsafe access("/proc/\(process)/ns/net", R_OK) != 0 }
        self.process = nil
    }
}
