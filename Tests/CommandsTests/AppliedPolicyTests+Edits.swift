import Commands
import Foundation
import Rulesets
import Testing

/// The file was edited since it was applied.
extension AppliedPolicyTests {
    @Test("An edit is one warning, which names the services that differ")
    func edited() throws {
        let (terminal, path) = try applied()
        let more = "  ssh: {ports: 22, from: any, why: Administration}\n"
        _ = try terminal.write(web.replacing("ports: 5432", with: "ports: 5433") + more)
        #expect(try verify(terminal, path) == .difference)
        #expect(
            terminal.output == """
                \(path):7: warning: the policy was edited since change 1 of 2027-01-15T08:00:00Z was applied: \
                "db" changed, "ssh" added: run "portreeve apply \(path)" to load it, or undo the edit \
                [not-applied]
                verify: 1 warning

                """)
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(try verify(terminal, path) == .success)
    }

    @Test(
        "An edit of an outbound line is one, whatever of the line it changes",
        arguments: [
            ("443", "444"), ("203.0.113.0/24", "198.51.100.0/24"), ("user: root", "user: nobody"),
            ("interfaces: eth0", "log: true"),
            ("limit: 10/second", "limit: 20/second"), ("except: 203.0.113.9", "process: curl"),
            ("why: One", "why: Two"),
            ("owner: a@example.org", "ticket: X-1"),
        ])
    func editedOutbound(old: String, new: String) throws {
        let line =
            "outbound: {api: {ports: 443, to: 203.0.113.0/24, except: 203.0.113.9, user: root, interfaces: eth0, "
            + "limit: 10/second, why: One, owner: a@example.org}}\n"
        let policy = "version: 1\ndefaults: {outbound: audit}\nservices: {}\n" + line
        let (terminal, path) = try applied(policy)
        let edited = policy.replacing(old, with: new)
        try #require(edited != policy)
        _ = try terminal.write(edited)
        #expect(try verify(terminal, path) == .difference)
        #expect(
            terminal.output.contains(
                "2027-01-15T08:00:00Z was applied: outbound \"api\" changed: run \"portreeve apply"))
        #expect(terminal.output.hasPrefix("\(path):4: warning"), "\(terminal.output)")
        _ = try terminal.write(policy.replacing("api:", with: "other:"))
        #expect(try verify(terminal, path) == .difference)
        #expect(terminal.output.contains("outbound \"api\" removed, outbound \"other\" added"))
        _ = try terminal.write(policy.replacing("services: {}\n", with: "services: {}\n\n# A comment\n"))
        #expect(try verify(terminal, path) == .success)
    }

    @Test("The same addresses in other words are no edit")
    func spellings() throws {
        let (terminal, path) = try applied()
        let policy = """
            version: 1
            sources: {admins: [192.0.2.10/31, 10.0.0.0/24]}
            deny: [198.51.100.0/31]
            services:
              ssh: {ports: 22, from: admins, why: x}
              db: {ports: 5432, from: [admins, 192.0.2.12/31], except: 203.0.113.0-203.0.113.3, why: x}
            outbound: {dns: {ports: 53/udp, to: 192.0.2.10/31, why: x}}
            trusted: {lan: {from: 10.9.0.0/31, interfaces: eth1, why: x}}
            masquerade: {vpn: {from: 10.8.0.0/31, interfaces: eth0, why: x}}

            """
        _ = try terminal.write(policy)
        #expect(try terminal.run("apply", path, "--yes") == .success)
        let other = [
            "192.0.2.10/31": "192.0.2.10, 192.0.2.11", "198.51.100.0/31": "198.51.100.1, 198.51.100.0",
            "[admins, 192.0.2.12/31]": "[192.0.2.13, admins, 192.0.2.12]", "203.0.113.0-203.0.113.3": "203.0.113.0/30",
            "to: 192.0.2.10, 192.0.2.11": "to: [192.0.2.10, 192.0.2.11]",
            "from: 10.9.0.0/31": "from: [10.9.0.1, 10.9.0.0]",
            "from: 10.8.0.0/31": "from: [10.8.0.0, 10.8.0.1]",
        ].sorted { $0.key < $1.key }.reduce(policy) { $0.replacing($1.key, with: $1.value) }
        _ = try terminal.write(other)
        #expect(try terminal.run("plan", path) == .success)
        #expect(terminal.output == "in sync: nothing to do\n")
        _ = try verify(terminal, path)
        #expect(!terminal.output.contains("not-applied"), "\(terminal.output)")
        _ = try terminal.write(other.replacing("192.0.2.13", with: "192.0.2.14"))
        _ = try verify(terminal, path)
        #expect(terminal.output.contains("\"db\" changed"), "\(terminal.output)")
    }

    @Test("A rollback and another file are no edits")
    func unedited() throws {
        let (terminal, path) = try applied()
        _ = try terminal.write(web.replacing("5432", with: "5433"))
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(try terminal.run("rollback", "1", "--yes") == .success)
        #expect(try verify(terminal, path) == .difference)
        #expect(
            terminal.output.contains(
                "warning: the file is not the policy of change 1, which change 3 of 2027-01-15T08:00:00Z restored: "
                    + "\"db\" changed: \"portreeve history --show 1 > \(path)\" puts that policy into the file; "
                    + "\"portreeve apply \(path)\" would load the file instead [not-applied]"),
            "\(terminal.output)")
        #expect(try terminal.run("status", path) == .success)
        #expect(
            terminal.output.hasPrefix(
                """
                state: the file is not the policy in force
                  in force: change 3 of 2027-01-15T08:00:00Z, which restored that of change 1
                  in the file: "db" changed
                  "portreeve history --show 1 > \(path)" puts that policy into the file
                  "portreeve apply \(path)" would load the file instead
                PORT
                """), "\(terminal.output)")
        #expect(try terminal.run("apply", path, "--yes") == .success)
        let other = try terminal.write(web, to: "other.yaml")
        #expect(try verify(terminal, other) == .difference)
        #expect(
            terminal.output.contains(
                "warning: \(other) is not the policy that change 4 of 2027-01-15T08:00:00Z applied, \(path): "
                    + "\"db\" changed: \"portreeve apply \(other)\" would load it instead"), "\(terminal.output)")
        // Two files may have nothing in common.
        let many = (1...9).map { "  s\($0): {ports: \(9000 + $0), from: any, why: x}\n" }.joined()
        let distinct = try terminal.write("version: 1\nservices:\n" + many, to: "many.yaml")
        #expect(try verify(terminal, distinct) == .difference)
        #expect(
            terminal.output.contains(": \"db\" removed, \"s1\" added, \"s2\" added and 8 more: \"portreeve"),
            "\(terminal.output)")
        let table = try #require(terminal.store.table)
        terminal.store.put(
            Table(
                name: table.name, userdata: table.userdata, chains: table.chains + [Chain(name: "extra", rules: [])],
                sets: table.sets))
        #expect(try verify(terminal, other) == .difference)
        #expect(
            terminal.output.contains(
                "  the live table is not what was applied: \"portreeve apply \(path)\" loads the policy again\n"),
            "\(terminal.output)")
    }

    @Test("Where the table is gone and the file was edited, the way back to what was applied is named, and works")
    func wayBack() throws {
        let (terminal, path) = try applied()
        _ = try terminal.write(web.replacing("5432", with: "5433"))
        let table = try #require(terminal.store.table)
        terminal.store.put(nil)
        #expect(try terminal.run("status", path) == .success)
        #expect(
            terminal.output.contains("\n  \"portreeve rollback 1\" loads what was applied last\n"), "\(terminal.output)"
        )
        #expect(try verify(terminal, path) == .difference)
        #expect(
            terminal.output.contains(
                ", including your edit; \"portreeve rollback 1\" loads it without the edit\n"), "\(terminal.output)")
        _ = try terminal.write("version: 1\nservices: 7\n")
        #expect(try verify(terminal, path) == .difference)
        #expect(
            terminal.output.contains(
                ", once the policy file is fixed; \"portreeve rollback 1\" loads it now\n"), "\(terminal.output)")
        #expect(try terminal.run("rollback", "1", "--yes") == .success)
        #expect(terminal.store.table == table)
        #expect(try terminal.run("status", path) == .success)
        #expect(!terminal.output.contains("portreeve rollback"), "\(terminal.output)")
    }

    @Test("A file that cannot be used is named where another one is in force")
    func brokenOther() throws {
        let (terminal, path) = try applied()
        let other = try terminal.write("version: 1\nservices: 7\n", to: "other.yaml")
        #expect(try terminal.run("status", other) == .success)
        #expect(
            terminal.output.hasPrefix(
                """
                state: \(other) cannot be used, and another file is in force
                  in force: change 1 of 2027-01-15T08:00:00Z, \(path)

                """), "\(terminal.output)")
        _ = try terminal.write("version: 1\nservices: 7\n")
        #expect(try terminal.run("status", path) == .success)
        #expect(terminal.output.hasPrefix("state: the policy file cannot be used\n"), "\(terminal.output)")
    }
}
