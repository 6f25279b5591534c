import Policies
import System
import Testing

@Suite("Accepted findings, hosts and switches in a policy")
struct AcceptedTests {
    private func policy(_ text: String, hostNames: [String]? = nil, findings: [String]? = nil) throws -> PolicyReading {
        let folder = try PolicyFolder(["policy.yaml": "version: 1\n" + text + "\nservices: {}\n"])
        return PolicyReader.read(
            path: folder.path + "/policy.yaml",
            options: ReadingOptions(now: 1_800_000_000, findings: findings, hostNames: hostNames),
            files: TrustedFiles())
    }

    @Test("Every key is read, and a trailing * matches any rest")
    func keys() throws {
        let reading = try policy(
            """
            accepted:
              - {finding: shared-port, port: 5353/udp, process: avahi*, why: avahi beside resolved,
                 owner: ops@example.org, ticket: OPS-1, until: 2027-06-30}
              - {finding: foreign-override, table: inet f2b-table, why: fail2ban bans}
            """)
        #expect(reading.diagnostics.isEmpty)
        let acceptances = try #require(reading.policy?.acceptances)
        #expect(acceptances.map(\.finding) == ["shared-port", "foreign-override"])
        #expect(acceptances[0].ports.map(\.range) == [5353...5353])
        #expect(acceptances[0].terms == [Acceptance.Term(.process, "avahi*")])
        #expect(acceptances[0].terms[0].matches("avahi-daemon") && !acceptances[0].terms[0].matches("resolved"))
        #expect(acceptances[0].until?.written == "2027-06-30")
        #expect(acceptances[0].owner == "ops@example.org" && acceptances[0].ticket == "OPS-1")
        #expect(acceptances[1].terms == [Acceptance.Term(.table, "inet f2b-table")])
        #expect(acceptances[1].location.line == 5)
    }

    @Test("Errors point at what is wrong, with the likely repair")
    func errors() throws {
        let folder = try PolicyFolder()
        try folder.write(
            """
            version: 1
            accepted:
              - {finding: ⟨ruleset-drift⟩, why: No}
              - {finding: ⟨shared-prot⟩, why: No}
              - ⟨{⟩port: 53/udp, why: No}
              - {finding: shared-port, ⟨tabel⟩: ip nat, why: No}
              - {finding: shared-port, table: ⟨i*p⟩, why: No}
              - {finding: shared-port, until: ⟨2027-02-30⟩, why: No}
            services: {}
            """, to: "policy.yaml")
        let reading = PolicyReader.read(
            path: folder.path + "/policy.yaml",
            options: ReadingOptions(findings: ["shared-port", "ruleset-drift"]), files: TrustedFiles())
        let messages = [
            "\"ruleset-drift\" cannot be accepted: restore the table with \"portreeve apply\", or change the policy",
            "\"shared-prot\" is not the id of a finding; did you mean \"shared-port\"?",
            "an accepted finding lacks \"finding\", the id that verify prints in brackets",
            "unknown key \"tabel\" in an accepted finding; did you mean \"table\"?",
            "\"i*p\" has a * that is not its last character", "\"2027-02-30\" is a date that does not exist",
        ]
        let expected = try messages.indices.map {
            try folder.expected(messages[$0], severity: .error, in: "policy.yaml", mark: $0)
        }
        #expect(folder.rendered(reading) == expected)
    }

    @Test("An entry that is over, has no reason, or accepts everything of a kind is a warning")
    func lint() throws {
        try expectErrors(
            """
            version: 1
            accepted:
              - ⟨{⟩finding: shared-port, port: 53/udp, why: Old, until: 2027-01-01}
              - ⟨{⟩finding: wrong-unit, table: x}
              - ⟨{⟩finding: undeclared-listener, why: All}
            services: {}
            """,
            [
                "accepted \"shared-port\" ended (2027-01-01): renew it or delete it",
                "accepted \"wrong-unit\" has no \"why\"",
                "every \"undeclared-listener\" is accepted; name its table, port or process",
            ], severity: .warning, now: 1_800_000_000)
    }

    @Test("An included file may accept findings")
    func included() throws {
        let folder = try PolicyFolder([
            "policy.yaml": "version: 1\ninclude: more.yaml\nservices: {}\n",
            "more.yaml": "accepted: [{finding: shared-port, port: 53/udp, why: DNS}]\n",
        ])
        #expect(folder.read().policy?.acceptances.count == 1)
    }

    @Test("A policy for another host is refused where it would be applied")
    func hosts() throws {
        let names = ["db1", "db1.example.org"]
        for host in ["db1", "DB1.example.org", "db*", "[web1, '*.example.org']"] {
            #expect(try policy("host: \(host)", hostNames: names).policy != nil, "\(host)")
        }
        let other = try policy("host: [web*, mail]", hostNames: names)
        #expect(other.policy == nil)
        #expect(
            other.diagnostics.map(\.message) == [
                "the policy is for \"web*\" or \"mail\", and this host is \"db1\""
            ])
        #expect(other.diagnostics.first?.location?.line == 2)
        #expect(try policy("host: web1").policy?.hosts == [HostPattern("web1")])
        #expect(try policy("host: we b").policy == nil)
    }

    @Test("Switches are on, true or yes, and off, false or no", arguments: ["on", "true", "yes", "off", "false", "no"])
    func switches(word: String) throws {
        let folder = try PolicyFolder([
            "policy.yaml": """
            version: 1
            services: {web: {ports: 80, from: any, why: Site, optional: \(word), log: \(word)}}
            """
        ])
        let service = try #require(folder.read().policy?.services.first)
        let isOn = ["on", "true", "yes"].contains(word)
        #expect(service.listener.isOptional == isOn && service.entries[0].log == isOn)
    }

    @Test("Off is also no and false", arguments: ["off", "no", "false"])
    func off(word: String) throws {
        let defaults = try #require(try policy("defaults: {log: \(word), grant-limit: \(word)}").policy?.defaults)
        #expect(defaults.log == nil && defaults.grantLimit != nil && defaults.grantLimit?.longest == nil)
    }
}
