import Addressing
import Glibc
import Kernel
import Listeners
import TestSupport
import Testing

/// Forwards to other hosts that a policy changes or takes out, through the command.
@Suite("Forwards that are taken out", .privileged, .networkNamespace)
struct WithdrawnForwardTests {
    private let network: Network
    private let inside: Inside
    private let portreeve: Portreeve
    /// Port 8443 of the back ends 9 and 10.
    private let backEnds: [Socket]

    private static let sources: [AddressFamily: String] = [.ipv4: "192.0.2.7", .ipv6: "2001:db8::7"]

    init() throws {
        network = try Network()
        inside = try Inside([9, 10], behind: network.host)
        portreeve = try Portreeve()
        backEnds = try inside.hosts.map { host in try host.run { try Socket.listening(.tcp, on: 8443) } }
    }

    /// A policy that leads a port to each back end, with these parts left out.
    private func policy(_ ports: [Int: UInt16], _ more: String = "") -> String {
        let forwards = ports.sorted { $0.key < $1.key }.map { backEnd, port in
            let number = backEnd == 0 ? 9 : 10
            return
                "  web-\(number): {ports: \(port), to: [\"10.7.0.\(number):8443\", \"[fd00:7::\(number)]:8443\"], from: any, why: x}\n"
        }
        return "version: 1\nservices: {}\n\(more)" + (forwards.isEmpty ? "" : "forward:\n" + forwards.joined())
    }

    private func apply(_ policy: String, _ options: String...) throws -> Program.Result {
        try portreeve(["apply", try portreeve.write(policy), "--yes"] + options)
    }

    private func session(_ backEnd: Int, _ port: UInt16, _ family: AddressFamily) throws -> Session {
        let (source, host) = (try IPAddress(Self.sources[family] ?? ""), try network.wire.host(family))
        return try network.client.run {
            try Session(from: source, to: Endpoint(address: host, port: port), listener: backEnds[backEnd])
        }
    }

    /// Whether a new connection to the port arrives at a back end.
    private func arrives(_ port: UInt16, _ backEnd: Int = 0, _ family: AddressFamily = .ipv4) throws -> Bool {
        let client = try network.client.run {
            let socket = try Socket(.tcp, family)
            try socket.bind(to: Endpoint(address: IPAddress(Self.sources[family] ?? ""), port: 0))
            try #require(socket.connect(to: Endpoint(address: network.wire.host(family), port: port)) == 0)
            return socket
        }
        client.resetsOnClose()
        guard client.wait(for: POLLOUT, milliseconds: 500), client.takeError() == 0 else { return false }
        return backEnds[backEnd].accept() != nil
    }

    /// Whether this host can begin a connection to a port of another one, in time.
    private func goesOut(_ port: UInt16, to listener: Socket) throws -> Bool {
        let socket = try Socket(.tcp, .ipv4)
        let endpoint = Endpoint(address: try IPAddress("203.0.113.7"), port: port)
        guard socket.connect(to: endpoint) == 0, socket.wait(for: POLLOUT), socket.takeError() == 0 else {
            return false
        }
        socket.resetsOnClose()
        return listener.wait(for: POLLIN) && listener.accept() != nil
    }

    @Test(
        "Their sessions are named by plan and verify and end with --cut-sessions, whichever side sends next",
        arguments: Speaker.allCases, AddressFamily.allCases)
    func cut(first: Speaker, family: AddressFamily) throws {
        #expect(try apply(policy([0: 443, 1: 444])).status == 0)
        let (session, other) = (try session(0, 443, family), try session(1, 444, family))
        let source = Self.sources[family] ?? ""
        let server = family == .ipv4 ? "10.7.0.9:8443" : "[fd00:7::9]:8443"
        let without = policy([1: 444])
        let plan = try portreeve("plan", try portreeve.write(without)).output
        #expect(plan.contains("1 open session stays connected"), "\(plan)")
        #expect(plan.contains(" -> tcp/443, forwarded to \(server)"), "\(plan)")
        #expect(try apply(without).status == 0)
        #expect(session.exchanges())
        let found = try portreeve("verify", try portreeve.write(without), "--only", "sessions", "--quiet")
        #expect(found.status == 2 && found.output.contains("\(source) is connected to tcp/443 (forwarded to \(server)"))
        let said = try apply(without, "--cut-sessions")
        #expect(said.status == 0 && said.errors.isEmpty && said.output.contains("ended: "), "\(said)")
        #expect(try !session.passesAnything(first: first, witness: other))
        let clean = try portreeve("verify", try portreeve.write(without), "--only", "sessions", "--quiet")
        #expect(clean.status == 0, "\(clean)")
    }

    @Test(
        "So are those of a target that is taken out, and of a source that is no longer let in",
        arguments: [true, false])
    func target(isTarget: Bool) throws {
        func policy(_ targets: String, from: String) -> String {
            "version: 1\nservices: {}\nforward: {web: {ports: 443, to: [\(targets)], balance: round-robin, from: \(from), why: x}}\n"
        }
        let both = "\"10.7.0.9:8443\", \"10.7.0.10:8443\""
        #expect(try apply(policy(both, from: "192.0.2.0/24")).status == 0)
        let address = try network.wire.host(.ipv4)
        func session(_ source: String) throws -> (Session, Int) {
            let client = try network.client.run {
                let socket = try Socket(.tcp, .ipv4)
                try socket.bind(to: Endpoint(address: IPAddress(source), port: 0))
                try #require(socket.connect(to: Endpoint(address: address, port: 443)) == 0)
                return socket
            }
            try #require(client.wait(for: POLLOUT))
            let index = try #require(backEnds.firstIndex { $0.wait(for: POLLIN, milliseconds: 0) })
            return (Session(client: client, server: try #require(backEnds[index].accept()).0), index)
        }
        let sessions = try [session("192.0.2.7"), session("192.0.2.9")]
        let changed =
            isTarget
            ? policy("\"10.7.0.\(sessions[0].1 == 0 ? 10 : 9):8443\"", from: "192.0.2.0/24")
            : policy(both, from: "192.0.2.9")
        let plan = try portreeve("plan", try portreeve.write(changed)).output
        #expect(plan.contains("1 open session stays connected") && plan.contains("192.0.2.7:"), "\(plan)")
        let said = try apply(changed, "--cut-sessions")
        #expect(said.status == 0 && said.output.contains("ended: 192.0.2.7:"), "\(said)")
        #expect(!said.output.contains("ended: 192.0.2.9:"))
        #expect(try !sessions[0].0.passesAnything(first: .server, witness: sessions[1].0))
    }

    @Test("The last forward leaves sessions that conntrack still lists: they are named and end, too")
    func last() throws {
        #expect(try apply(policy([0: 443])).status == 0)
        let session = try session(0, 443, .ipv4)
        let nothing = policy([:])
        #expect(try apply(nothing).status == 0)
        let found = try portreeve("verify", try portreeve.write(nothing), "--only", "sessions", "--quiet")
        #expect(found.output.contains("192.0.2.7 is connected to tcp/443 (forwarded to 10.7.0.9:8443"), "\(found)")
        #expect(try apply(nothing, "--cut-sessions").output.contains("ended: "))
        #expect(!session.exchanges(milliseconds: 200))
    }

    @Test("remove gives back what forward, masquerade and outbound took, and rollback brings it again")
    func givenBack() throws {
        let outside = try network.client.run { try Socket.listening(.tcp, on: 5432) }
        #expect(try arrives(443) == false)
        #expect(try goesOut(5432, to: outside))
        let whole = policy(
            [0: 443], "defaults: {outbound: reject}\nmasquerade: {lan: {from: 10.7.0.0/24, interfaces: eth0, why: x}}\n"
        )
        #expect(try apply(whole).status == 0)
        let loaded = try portreeve.shell("nft -s list ruleset")
        #expect(try arrives(443) && !goesOut(5432, to: outside))
        #expect(try portreeve("remove", "--yes").status == 0)
        #expect(try portreeve.shell("nft list ruleset").isEmpty)
        #expect(try !arrives(443) && goesOut(5432, to: outside))
        let back = try portreeve("rollback", "--yes")
        #expect(back.status == 0, "\(back)")
        #expect(try portreeve.shell("nft -s list ruleset") == loaded)
        #expect(try arrives(443) && arrives(443, 0, .ipv6) && !goesOut(5432, to: outside))
        #expect(try apply("version: 1\nservices: {}\n").status == 0)
        #expect(try !arrives(443) && goesOut(5432, to: outside))
        #expect(try portreeve("rollback", "--yes").status == 0)
        // The order of the chains in the listing is another.
        #expect(try portreeve.rulesetFindings(try portreeve.write(whole)) == [])
        #expect(try arrives(443) && !goesOut(5432, to: outside))
    }

    @Test("A boot has the forward and the lines of outbound in force; the floor has neither, and lets everything out")
    func boot() throws {
        let outside = try network.client.run { try [5432, 5433].map { try Socket.listening(.tcp, on: $0) } }
        let path = try portreeve.write(
            policy(
                [0: 443],
                "defaults: {outbound: reject}\noutbound: {db: {ports: 5432, to: any, why: x}}\n"
                    + "masquerade: {lan: {from: 10.7.0.0/24, interfaces: eth0, why: x}}\n"))
        // Applied by the host before it was restarted.
        let applied = try Namespace.fresh().run { try portreeve("apply", path, "--yes", "--quiet") }
        #expect(applied.status == 0, "\(applied)")
        let booted = try portreeve("apply", "--boot")
        #expect(booted.status == 0 && booted.output.hasPrefix("loaded change 1 "), "\(booted)")
        #expect(try arrives(443) && arrives(443, 0, .ipv6))
        #expect(try goesOut(5432, to: outside[0]) && !goesOut(5433, to: outside[1]))
        #expect(try portreeve.rulesetFindings(path) == [])
        try portreeve.shell(
            "nft delete table inet portreeve; echo mistake > '\(portreeve.stateDirectory)/change-1.confirmed'")
        let floor = try portreeve("apply", "--boot")
        #expect(floor.status == 1 && floor.errors.contains("loaded the floor instead: only tcp/22 is open"), "\(floor)")
        #expect(try !arrives(443) && goesOut(5433, to: outside[1]))
    }
}
