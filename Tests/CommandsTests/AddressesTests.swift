import Commands
import Testing

@Suite("Services at addresses of the host, in every command")
struct AddressesTests {
    private let shop = """
        version: 1
        services:
          shop: {ports: 443, addresses: 192.0.2.10, from: any, why: Shop}

        """

    private var both: String { shop + "  office: {ports: 443, addresses: 192.0.2.11, from: 10.0.0.0/8, why: Office}\n" }

    @Test("A difference names the addresses where access changes")
    func difference() throws {
        let terminal = try Terminal()
        let (old, new) = (try terminal.write(shop, to: "old.yaml"), try terminal.write(both, to: "new.yaml"))
        #expect(try terminal.run("diff", old, new, "--detailed-exitcode") == .difference)
        #expect(terminal.output.contains("+ tcp/443 (office) at 192.0.2.11 from 10.0.0.0/8"), "\(terminal.output)")
        _ = try terminal.run("diff", old, new, "--format", "json")
        let access = try #require(try terminal.json()["access"] as? [String: Any])
        let gained = try #require(access["gained"] as? [[String: Any]])
        #expect(gained.map { $0["service"] as? String } == ["office"])
        #expect(gained.first?["addresses"] as? [String] == ["192.0.2.11"])
        #expect((access["lost"] as? [Any])?.isEmpty == true && (access["unknown"] as? [Any])?.isEmpty == true)
    }

    @Test("A service that loses its addresses is open at the others")
    func widening() throws {
        let terminal = try Terminal()
        let old = try terminal.write(shop, to: "old.yaml")
        let new = try terminal.write(shop.replacing("addresses: 192.0.2.10, ", with: ""), to: "new.yaml")
        _ = try terminal.run("diff", old, new)
        #expect(terminal.output.contains("+ tcp/443 (shop) at others from any IPv4 address"), "\(terminal.output)")
        #expect(terminal.output.contains("+ tcp/443 (shop) from any IPv6 address"), "\(terminal.output)")
    }

    @Test("Plan, apply, status, grant and explain")
    func commands() throws {
        let terminal = try Terminal()
        let path = try terminal.write(both)
        _ = try terminal.run("plan", path)
        #expect(terminal.output.contains("tcp/443 at 192.0.2.11"), "\(terminal.output)")
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(try terminal.run("verify", path, "--only", "ruleset") == .success)
        _ = try terminal.run("status", path)
        #expect(terminal.output.contains("tcp/443 at 192.0.2.11  office"), "\(terminal.output)")
        _ = try terminal.run("explain", "10.0.0.9", "443", path, "--address", "192.0.2.12")
        #expect(terminal.output.contains("service \"office\" is open at 192.0.2.11 only"), "\(terminal.output)")
        #expect(
            try terminal.run("grant", "office", path, "--from", "203.0.113.9", "--for", "1h", "--why", "x")
                == .success)
        _ = try terminal.run("explain", "203.0.113.9", "443", path, "--address", "192.0.2.11")
        #expect(terminal.output.contains("a grant of service \"office\" lets it in"), "\(terminal.output)")
    }
}
