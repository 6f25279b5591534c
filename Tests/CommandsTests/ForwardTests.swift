import Addressing
import Commands
import Compiler
import Rulesets
import Testing

/// Commands about forwards and `masquerade`, against a ruleset in memory.
@Suite("Forwards in plan, explain, status, show and check")
struct ForwardTests {
    private let terminal: Terminal
    private let path: String

    private static let policy = """
        version: 1
        services:
          ssh: {ports: 22, from: any, why: Administration}
        forward:
          old: {ports: 80, to: ":8080", from: any, why: Runs without root}
          web: {ports: 443, to: ["10.0.0.9:8443", "10.0.0.10:8443"], from: 192.0.2.0/24, why: Shop, owner: web@example.org}
        masquerade:
          vpn: {from: 10.8.0.0/24, interfaces: eth0, why: VPN}

        """

    init() throws {
        terminal = try Terminal()
        path = try terminal.write(Self.policy)
    }

    @Test("plan names targets and translations, and its access the section")
    func plan() throws {
        _ = try terminal.run("plan", path)
        let lines = terminal.output.split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.contains("web") && $0.contains("to 10.0.0.9:8443, 10.0.0.10:8443") })
        #expect(lines.contains { $0.contains("old") && $0.contains("to :8080") })
        #expect(lines.contains("+ masquerade  vpn  from 10.8.0.0/24 by eth0"))
        _ = try terminal.run("apply", path, "--yes")
        let narrowed = try terminal.write(
            Self.policy.replacing("from: 192.0.2.0/24", with: "from: 192.0.2.0/25").replacing(
                "10.0.0.10:8443", with: "10.0.0.11:8443"))
        _ = try terminal.run("plan", narrowed, "--format", "json")
        let access = try #require(try terminal.json()["access"] as? [String: Any])
        let lost = try #require(access["lost"] as? [[String: Any]])
        #expect(lost.map { $0["section"] as? String } == ["forward"])
        #expect(lost.map { $0["service"] as? String } == ["web"])
        #expect(lost.first?["sources"] as? [String] == ["192.0.2.128/25"])
        _ = try terminal.run("plan", narrowed)
        #expect(terminal.output.contains("to 10.0.0.9:8443, 10.0.0.10:8443 -> 10.0.0.9:8443, 10.0.0.11:8443"))
    }

    @Test("explain follows the translation to the target")
    func explain() throws {
        _ = try terminal.run("explain", "192.0.2.9", "443", path, "--policy")
        #expect(terminal.output.hasPrefix("accept: 192.0.2.9 to tcp/443 by the policy: forward \"web\" lets it in"))
        #expect(terminal.output.contains("forwarded: to 10.0.0.9:8443 or 10.0.0.10:8443, by the address of the client"))
        _ = try terminal.run("explain", "198.51.100.9", "web", path, "--policy", "--format", "json")
        #expect(try terminal.json()["verdict"] as? String == "refuse")
        #expect(try terminal.json()["reason"] as? String == "forward \"web\" is not open to this source")
        _ = try terminal.run("explain", "2001:db8::9", "443", path, "--policy", "--format", "json")
        #expect(try terminal.json()["reason"] as? String == "forward \"web\" has no IPv6 target")
        _ = try terminal.run("explain", "2001:db8::9", "80", path, "--policy", "--format", "json")
        #expect(try terminal.json()["forwarded"] as? [String] == [":8080"])
        _ = try terminal.run("explain", "192.0.2.9", "8080", path, "--policy", "--format", "json")
        #expect(try terminal.json()["verdict"] as? String == "refuse")
    }

    @Test("apply is in sync afterwards, drift names the line of the forward, and remove takes everything out")
    func drift() throws {
        _ = try terminal.run("apply", path, "--yes")
        #expect(try terminal.run("plan", path, "--detailed-exitcode") == .success)
        #expect(try terminal.run("verify", path, "--only", "ruleset") == .success)
        let table = try #require(terminal.store.table)
        terminal.store.put(
            Table(
                name: table.name, flags: table.flags, userdata: table.userdata,
                chains: table.chains.map { chain in
                    guard chain.name == "target-web.1" else { return chain }
                    return Chain(name: chain.name)
                }, sets: table.sets, objects: table.objects))
        #expect(try terminal.run("verify", path, "--only", "ruleset") == .difference)
        #expect(terminal.output.contains("\(path):6: error: chain \"target-web.1\" lacks the rule"))
        _ = try terminal.run("remove", "--yes")
        #expect(terminal.store.table == nil)
    }

    @Test("rollback brings a forward back")
    func rollback() throws {
        _ = try terminal.run("apply", path, "--yes")
        let before = terminal.store.table
        let without = try terminal.write("version: 1\nservices:\n  ssh: {ports: 22, from: any, why: Administration}\n")
        _ = try terminal.run("apply", without, "--yes")
        #expect(terminal.store.table?.chains.contains { $0.name == "nat-prerouting" } == false)
        _ = try terminal.run("rollback", "--yes")
        #expect(terminal.store.table == before)
    }

    @Test("status has a row for each port, with its targets")
    func status() throws {
        _ = try terminal.run("apply", path, "--yes")
        _ = try terminal.run("status", path, "--format", "json")
        let ports = try #require(try terminal.json()["ports"] as? [[String: Any]])
        let web = try #require(ports.first { $0["service"] as? String == "web" })
        #expect(web["section"] as? String == "forward")
        #expect(web["to"] as? [String] == ["10.0.0.9:8443", "10.0.0.10:8443"])
        _ = try terminal.run("status", path)
        #expect(terminal.output.contains("to 10.0.0.9:8443, to 10.0.0.10:8443"))
    }

    @Test("diff compares the sources of forwards")
    func diff() throws {
        let other = try terminal.write(
            Self.policy.replacing("from: 192.0.2.0/24", with: "from: [192.0.2.0/24, 198.51.100.0/24]"), to: "other.yaml"
        )
        _ = try terminal.run("diff", path, other)
        #expect(terminal.output.contains("+ tcp/443 (web) from 198.51.100.0/24"))
    }

    @Test("show prints what nft loads, and check counts")
    func show() throws {
        #expect(try terminal.run("show", path) == .success)
        #expect(
            terminal.output.contains(
                "jhash ip saddr mod 2 seed 0x706f7274 vmap { 0 : goto target-web.0, 1 : goto target-web.1 }"))
        #expect(try terminal.run("check", path) == .success)
    }

    @Test("A grant for a forward lets one more address in")
    func grant() throws {
        _ = try terminal.run("apply", path, "--yes")
        #expect(
            try terminal.run("grant", "web", "--from", "198.51.100.9", "--for", "2h", "--why", "Test", path) == .success
        )
        _ = try terminal.run("explain", "198.51.100.9", "443", path, "--format", "json")
        #expect(try terminal.json()["verdict"] as? String == "accept")
        #expect(
            try terminal.run("grant", "web", "--from", "2001:db8::9", "--for", "2h", "--why", "Test", path) != .success)
    }
}
