import Addressing
import Commands
import Foundation
import Listeners
import System
import Testing

/// Commands about what this host sends, against a ruleset and connections in memory.
@Suite("outbound in init, plan, apply, refusals and diff")
struct OutboundTests {
    private let terminal: Terminal

    init() throws {
        terminal = try Terminal()
        terminal.sessions.connectionList = ConnectionList(addresses: [Endpoint.host(1).address])
    }

    private static let start = "version: 1\nservices: {ssh: {ports: 22, from: any, why: Administration}}\n"
    private static let reject = """
        version: 1
        services: {ssh: {ports: 22, from: any, why: Administration}}
        defaults: {outbound: reject, log: 5/minute}
        outbound:
          dns: {ports: [53/udp, 53/tcp], to: 192.0.2.53, why: Names}
          web: {ports: 443, to: any, user: 0, limit: 10/minute, expires: 2027-06-30, why: Updates}

        """

    /// A connection of this host to another one, of a process.
    private func begin(_ transport: TransportProtocol, to destination: Endpoint, from port: UInt16, _ user: UInt32 = 0)
    {
        let ends = EstablishedConnection(local: .host(port), remote: destination, userID: user, inode: UInt64(port))
        terminal.sessions.connectionList.sockets.append(ConnectedSocket(transport, ends, .established))
        terminal.sessions.connectionList.ephemeral = EphemeralPorts(range: 32768...60999)
    }

    private func messages(_ json: [String: Any]) -> [String] {
        (json["breaks"] as? [[String: Any]] ?? []).compactMap { $0["message"] as? String }
    }

    private static let resolver = OutboundNeeds.Server(
        name: "192.0.2.53", transport: .udp, port: 53, file: "/etc/resolv.conf")

    @Test("init --outbound writes a line for each user and port, and one for the resolvers; check takes the policy")
    func first() throws {
        terminal.sessions.owner = SocketProcess(pid: 812, name: "psql", executable: "/usr/bin/psql", user: "app")
        terminal.needs.resolvers = [Self.resolver]
        begin(.tcp, to: .client(9, 5432), from: 40001)
        begin(.tcp, to: .client(10, 5432), from: 40002)
        begin(.udp, to: Endpoint(.ipv4(0xc000_0235), 53), from: 40003)
        #expect(try terminal.run("init", "-", "--outbound") == .success)
        let text = terminal.output
        #expect(
            text.contains("  dns:\n    ports: [53/udp, 53/tcp]\n    to: 192.0.2.53\n    why: Names\n"), "\(text)")
        #expect(
            text.contains("  psql:\n    ports: 5432/tcp\n    to: [192.0.2.9, 192.0.2.10]\n    user: app\n"), "\(text)")
        #expect(!text.contains("40003"))
        let path = try terminal.write(text)
        #expect(try terminal.run("check", path) == .success, "\(terminal.output)\(terminal.errors)")
        #expect(try terminal.run("init", "-") == .success)
        #expect(!terminal.output.contains("psql"))
    }

    @Test("plan says which servers of the configuration no line lets out: resolvers, time, mirrors, accounts")
    func needs() throws {
        terminal.needs.resolvers = [Self.resolver]
        terminal.needs.timeServers = [
            .init(name: "ntp.example", transport: .udp, port: 123, file: "/etc/chrony/chrony.conf")
        ]
        terminal.needs.mirrors = [.init(name: "192.0.2.80", transport: .tcp, port: 80, file: "/etc/apt/sources.list")]
        terminal.needs.accountSources = ["sss"]
        func breaks(_ policy: String) throws -> [String] {
            _ = try terminal.run("plan", try terminal.write(policy), "--format", "json")
            return messages(try terminal.json())
        }
        let nothing = "version: 1\nservices: {}\ndefaults: {outbound: reject}\n"
        let expected = [
            "no line of \"outbound\" lets out udp/53 to 192.0.2.53 (in /etc/resolv.conf): names are looked up there",
            "no line of \"outbound\" lets out udp/123 to ntp.example (in /etc/chrony/chrony.conf): it sets the clock",
            "no line of \"outbound\" lets out tcp/80 to 192.0.2.80 (in /etc/apt/sources.list): apt downloads packages from it",
            "nsswitch.conf asks \"sss\" for accounts, and no line of \"outbound\" lets out tcp/389, tcp/636 or tcp/88: "
                + "sudo, PAM and sshd may no longer find their users",
        ]
        #expect(try breaks(nothing) == expected)
        let lines = """
            outbound:
              dns: {ports: 53/udp, to: 192.0.2.53, why: x}
              ntp: {ports: 123/udp, to: any, why: x}
              apt: {ports: 80, to: 192.0.2.0/24, why: x}
              ldap: {ports: 636, to: 10.0.0.9, why: x}

            """
        #expect(try breaks(nothing + lines) == [])
        #expect(try breaks(nothing + lines.replacing("192.0.2.0/24", with: "192.0.2.0/28")) == [expected[2]])
        #expect(try breaks(nothing.replacing("reject", with: "audit")) == [])
        _ = try terminal.run("plan", try terminal.write(nothing))
        for message in expected { #expect(terminal.output.contains(message), "\(terminal.output)") }
    }

    @Test("plan names the live connections that could not be made again, and those that --cut-sessions would end")
    func sessions() throws {
        terminal.sessions.owner = SocketProcess(pid: 812, name: "psql", executable: "/usr/bin/psql", user: "app")
        begin(.tcp, to: .client(9, 5432), from: 40001, 1000)
        begin(.tcp, to: .client(9, 443), from: 40002, 0)
        let path = try terminal.write(Self.reject)
        _ = try terminal.run("plan", path, "--format", "json")
        let json = try terminal.json()
        #expect(
            messages(json) == [
                "psql (pid 812, user app) could not connect to tcp/5432 at 192.0.2.9 again: no line of \"outbound\" lets it out; "
                    + "add {ports: 5432/tcp, to: 192.0.2.9, user: app}"
            ])
        let sessions = try #require(json["sessions"] as? [[String: Any]])
        #expect(sessions.map { $0["direction"] as? String } == ["out"])
        #expect(sessions.map { $0["port"] as? Int } == [5432])
        #expect(sessions.map { $0["server"] as? String } == ["192.0.2.9:5432"])
    }

    @Test("A connection that an earlier policy did not let out either is not orphaned by a change")
    func already() throws {
        begin(.tcp, to: .client(9, 5432), from: 40001)
        _ = try terminal.run("apply", try terminal.write(Self.reject), "--yes")
        let other = Self.reject.replacing("10/minute", with: "20/minute")
        _ = try terminal.run("plan", try terminal.write(other), "--format", "json")
        #expect((try terminal.json()["sessions"] as? [Any])?.isEmpty == true)
    }

    @Test("A session of SSH that conntrack does not know survives reject, so that apply is not refused")
    func guarded() throws {
        let client = IPAddress.ipv4(0xc633_6407)
        terminal.admins = AdminSessions(
            sessions: [AdminSession(client: client, server: .host(22), interface: "eth0", isEstablished: true)])
        #expect(try terminal.run("apply", try terminal.write(Self.reject), "--yes") == .success, "\(terminal.errors)")
        #expect(!terminal.errors.contains("lock"), "\(terminal.errors)")
    }

    private func message(_ destination: String, _ port: UInt16, user: UInt32?, prefix: String = "outbound") -> String {
        "portreeve \(prefix): IN= OUT=eth0 SRC=10.255.0.1 DST=\(destination) LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=1 DF PROTO=TCP "
            + "SPT=40000 DPT=\(port) WINDOW=64240 RES=0x00 SYN URGP=0 " + (user.map { "UID=\($0) GID=\($0) " } ?? "")
    }

    private func refusals(_ policy: String, _ logged: [String], _ options: String...) throws -> String {
        let path = try terminal.write(policy)
        #expect(try terminal.run("apply", path, "--yes", "--force") == .success, "\(terminal.errors)")
        terminal.log.messages = logged.map { ($0, terminal.now - 10) }
        #expect(try terminal.run(["refusals", path] + options) == .success, "\(terminal.errors)")
        return terminal.output
    }

    @Test("refusals proposes a line of outbound for each destination and user")
    func proposals() throws {
        let logged = [
            message("192.0.2.9", 5432, user: 0), message("192.0.2.9", 5432, user: 0),
            message("192.0.2.9", 5432, user: 4_000_000), message("192.0.2.10", 5432, user: nil),
            message("192.0.2.7", 443, user: 0),
        ]
        let output = try refusals(Self.reject, logged)
        let proposed = output.split(separator: "\n").filter { $0.hasPrefix("to let ") }.map(String.init)
        #expect(
            Set(proposed) == [
                "to let user root out to 192.0.2.9 on tcp/5432: write NAME: {ports: 5432/tcp, to: 192.0.2.9, user: root} under \"outbound\"",
                "to let user 4000000 out to 192.0.2.9 on tcp/5432: write NAME: {ports: 5432/tcp, to: 192.0.2.9, user: 4000000} under \"outbound\"",
                "to let this host out to 192.0.2.10 on tcp/5432: write NAME: {ports: 5432/tcp, to: 192.0.2.10} under \"outbound\"",
            ], "\(output)")
        #expect(output.contains("let out now"))
        // What is proposed lets it out.
        let line = "  new: {ports: 5432/tcp, to: 192.0.2.9, user: root}\n"
        #expect(try refusals(Self.reject + line, [logged[0]]).contains("let out now"))
        let json = try refusals(Self.reject, [logged[0]], "--format", "json")
        let row = try #require((try terminal.json()["refusals"] as? [[String: Any]])?.first, "\(json)")
        #expect(row["user"] as? String == "root" && row["reason"] as? String == "outbound")
        #expect((row["change"] as? String)?.hasPrefix("write NAME: {ports: 5432/tcp") == true)
    }

    @Test("Under audit the line is proposed, too, and a destination in deny gets none")
    func audited() throws {
        let audit = Self.reject.replacing("reject", with: "audit").replacing(
            "services:", with: "deny: 203.0.113.9\nservices:")
        let output = try refusals(audit, [message("192.0.2.9", 25, user: 0), message("203.0.113.9", 443, user: 0)])
        #expect(output.contains("not in \"outbound\", let pass by audit"), "\(output)")
        let proposed = output.split(separator: "\n").filter { $0.hasPrefix("to let ") }
        #expect(proposed.count == 1 && proposed[0].contains("192.0.2.9 on tcp/25"), "\(output)")
    }

    @Test("diff names changes of limit and expires of lines and forwards, and where a forward leads")
    func diff() throws {
        let forward =
            "forward: {shop: {ports: 8443, to: \"10.0.0.9:443\", from: any, limit: 5/second, expires: 2027-01-31, why: x}}\n"
        let old = try terminal.write(Self.reject + forward)
        let new = try terminal.write(
            (Self.reject + forward).replacing("10/minute", with: "20/minute").replacing(
                "2027-06-30", with: "2027-07-31"
            )
            .replacing("5/second", with: "6/second").replacing("2027-01-31", with: "2027-02-28").replacing(
                "10.0.0.9:443", with: "10.0.0.10:443"), to: "new.yaml")
        #expect(try terminal.run("diff", old, new, "--detailed-exitcode") == .difference)
        let lines = terminal.output.split(separator: "\n").map(String.init)
        #expect(
            lines == [
                "~ tcp/8443 (shop)  limit 5/second -> 6/second", "~ tcp/8443 (shop)  to 10.0.0.9:443 -> 10.0.0.10:443",
                "~ tcp/8443 (shop)  until 2027-02-01T00:00:00Z -> 2027-03-01T00:00:00Z",
                "~ outbound web  limit 10/minute for all -> 20/minute for all",
                "~ outbound web  until 2027-07-01T00:00:00Z -> 2027-08-01T00:00:00Z",
            ], "\(terminal.output)")
        _ = try terminal.run("diff", old, new, "--format", "json")
        let conditions = try #require(try terminal.json()["conditions"] as? [[String: Any]])
        #expect(conditions.map { $0["direction"] as? String } == ["in", "in", "in", "out", "out"])
        #expect(conditions.map { $0["service"] as? String } == ["shop", "shop", "shop", "web", "web"])
    }
}
