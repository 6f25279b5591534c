import Addressing
import Foundation
import Listeners
import Rulesets
import Testing

@testable import Commands

@Suite("Commands about what is in force, while the policy file cannot be used")
struct UnusableFileTests: GrantTesting {
    let terminal: Terminal
    let policy: String

    init() throws { (terminal, policy) = try Self.loaded() }

    private static let end = "the policy as it was applied decides\n"

    @Test("A grant goes by the policy as it was applied, and names what is wrong with the file")
    func granting() throws {
        _ = try terminal.write(grantPolicy + "  db: {ports: 5432, from: any, prots: 1}\n")
        #expect(try grant("ssh", "198.51.100.7") == .success)
        #expect(live.count == 1)
        #expect(
            terminal.errors.hasPrefix("portreeve: warning: the policy is invalid (")
                && terminal.errors.hasSuffix(Self.end))
        #expect(terminal.errors.contains("prots"), "\(terminal.errors)")
        #expect(try grant("ssh", "198.51.100.8", "5h") == .refused)
        #expect(terminal.errors.contains("5h is longer than the policy allows, 4h ("), "\(terminal.errors)")
        #expect(try grant("db", "198.51.100.8") == .failure)
        #expect(terminal.errors.contains("the policy has no service \"db\""))
        try FileManager.default.removeItem(atPath: policy)
        #expect(try grant("web", "198.51.100.7") == .success)
        #expect(terminal.errors == "portreeve: warning: the policy \(policy) does not exist: \(Self.end)")
        #expect(live.count == 2)
    }

    @Test("A grant does not take another path, or a host without a record, for an edit")
    func mistyped() throws {
        func grant(_ path: String) throws -> Commands.ExitStatus {
            try terminal.run("grant", "ssh", path, "--from", "198.51.100.7", "--for", "1h", "--why", "x")
        }
        #expect(try grant(policy + "x") == .failure)
        #expect(terminal.errors.contains("there is no policy \(policy)x"))
        #expect(try grant(terminal.folder.path) == .failure)
        #expect(terminal.errors.contains("is a directory, not a policy"))
        _ = try terminal.write("version: 2\n")
        try terminal.forgetState()
        #expect(try grant(policy) == .invalidPolicy)
        #expect(terminal.errors.hasSuffix("nothing was changed\n") && live.isEmpty)
    }

    @Test("Ban, unban, revoke, confirm, rollback, history and sessions need no file")
    func others() throws {
        #expect(try grant("ssh", "198.51.100.7") == .success)
        _ = try terminal.write("services:\n")
        let commands = [
            ["revoke", "ssh"], ["ban", "198.51.100.8", "--for", "1h", "--why", "x"], ["unban", "198.51.100.8"],
            ["sessions", policy], ["history"],
        ]
        for command in commands { #expect(try terminal.run(command) == .success, "\(command): \(terminal.errors)") }
        let other = try terminal.write("version: 1\nservices: {}\n", to: "other.yaml")
        #expect(try terminal.run("apply", other, "--yes", "--confirm", "2m") == .success)
        _ = try terminal.write("services:\n", to: "other.yaml")
        #expect(try terminal.run("confirm") == .success)
        #expect(try terminal.run("rollback", "--yes") == .success)
    }

    @Test("What verify proposes is possible only once the file is mended, and says so")
    func cures() throws {
        terminal.sessions.list = SessionList(
            sockets: [EstablishedConnection(.client(77), at: 22)], listeningPorts: [22],
            addresses: [Endpoint.host(1).address])
        let (session, drift) = (
            "\"portreeve apply --cut-sessions \(policy)\"", "\"portreeve apply \(policy)\" loads the policy again"
        )
        #expect(try terminal.run("verify", policy, "--only", "sessions") == .difference)
        #expect(terminal.output.contains("\(session) ends it ["), "\(terminal.output)")
        _ = try terminal.write("version: 2\n")
        #expect(try terminal.run("verify", policy, "--only", "sessions") == .difference)
        #expect(terminal.output.contains("\(session), once the policy file is fixed, ends it ["), "\(terminal.output)")
        let table = try #require(terminal.store.table)
        terminal.store.put(
            Table(
                name: table.name, userdata: table.userdata, chains: table.chains + [Chain(name: "extra", rules: [])],
                sets: table.sets))
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .difference)
        #expect(
            terminal.output.contains(
                "\(drift), once the policy file is fixed; \"portreeve rollback 1\" loads it now\n"),
            "\(terminal.output)")
    }
}
