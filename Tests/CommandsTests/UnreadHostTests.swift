import Commands
import Foundation
import Rulesets
import System
import Testing

@Suite("Parts of the host that cannot be read")
struct UnreadHostTests {
    private let terminal: Terminal
    private let policy: String

    init() throws {
        terminal = try Terminal()
        policy = try terminal.write(
            """
            version: 1
            services:
              web: {ports: 80, from: any, limit: 10/minute, interfaces: eth9, why: Site, optional: true}
            forward:
              shop: {ports: 8443, to: "10.0.0.9:443", from: any, why: Shop}
            masquerade:
              vpn: {from: 10.8.0.0/24, interfaces: eth0, why: VPN}

            """)
        #expect(try terminal.run("apply", policy, "--yes") == .success, "\(terminal.errors)")
    }

    @Test("Elements of a limit are unknown, not in sync")
    func elements() throws {
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .success, "\(terminal.output)")
        terminal.store.elementFault = KernelError(.io, "reading the elements of a set")
        #expect(try terminal.run("verify", policy, "--only", "ruleset", "--format", "json") == .difference)
        let findings = try #require(try terminal.json()["findings"] as? [[String: Any]])
        #expect(findings.map { $0["id"] as? String } == ["unknown", "unknown"], "\(findings)")
        #expect(try terminal.run("status", policy) == .success)
        #expect(!terminal.output.hasPrefix("state: in sync"), "\(terminal.output)")
    }

    @Test("Routes are unknown: nothing is said of interfaces and forwarding, but that they could not be read")
    func routes() throws {
        terminal.store.routing = UnreadNetwork()
        let doubt =
            "cannot read the routes of this host: it changed during each of 8 attempts; who reaches a port may depend on that"
        #expect(try terminal.run("verify", policy, "--only", "ruleset", "--format", "json") == .difference)
        let findings = try #require(try terminal.json()["findings"] as? [[String: Any]])
        #expect(findings.map { $0["message"] as? String } == [doubt], "\(findings)")
        let closed = try terminal.write("version: 1\nservices: {}\n", to: "closed.yaml")
        #expect(try terminal.run("plan", closed) == .success)
        #expect(terminal.output.contains(doubt), "\(terminal.output)")
    }

    @Test("Nothing is imported where the routes could not be read: no proof could be given")
    func imported() throws {
        let base = BaseChain(type: "filter", hook: .input, priority: 0, policy: .drop)
        terminal.store.put(nil)
        terminal.store.others = [
            Table(name: TableName(family: .inet, name: "theirs"), chains: [Chain(name: "input", base: base)])
        ]
        terminal.store.routing = UnreadNetwork()
        #expect(try terminal.run("import") == .failure, "\(terminal.output)")
        #expect(terminal.output.isEmpty)
        #expect(
            terminal.errors.contains(
                "cannot read the routes of this host: it changed during each of 8 attempts, on which depends who can connect; "
                    + "nothing was written: try again"), "\(terminal.errors)")
    }
}
