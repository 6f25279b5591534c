import Addressing
import Foundation
import Policies
import System
import Testing

/// Lines of `outbound` and their diagnostics.
@Suite struct OutboundTests {
    private func read(_ text: String, requiresUsers: Bool = false) throws -> PolicyReading {
        let folder = try PolicyFolder(["policy.yaml": text, "services": servicesDatabase])
        var options = ReadingOptions(servicesDatabase: folder.path + "/services")
        options.requiresUsers = requiresUsers
        return PolicyReader.read(path: folder.path + "/policy.yaml", options: options, files: TrustedFiles())
    }

    @Test func readsEveryKey() throws {
        let policy = try #require(
            try read(
                """
                version: 1
                defaults: {outbound: audit}
                outbound:
                  web: {ports: 80, to: any, why: test}
                  dns:
                    ports: [domain/udp, 53/tcp]
                    protocols: esp
                    to: [192.0.2.0/24, "2001:db8::53"]
                    except: 192.0.2.9
                    interfaces: ["eth*", wg0]
                    user: [root, 4711]
                    limit: {rate: 10/minute, burst: 20}
                    log: true
                    expires: 2027-01-31
                    process: named
                    unit: named.service
                    optional: true
                    why: Names
                    owner: ops@example.org
                    ticket: OPS-1
                    reviewed: 2026-10-01
                """
            ).policy)
        #expect(policy.defaults.outbound == .audit && policy.outbound.map(\.name) == ["dns", "web"])
        let line = policy.outbound[0]
        #expect(line.ports.map(\.description) == ["53/udp", "53/tcp", "esp"])
        #expect(line.destinations.entries == ["192.0.2.0/24", "2001:db8::53"])
        #expect(
            line.addresses
                == AddressSet(
                    ipv4: [0xC000_0200...0xC000_0208, 0xC000_020A...0xC000_02FF],
                    ipv6: [0x2001_0db8_0000_0000_0000_0000_0000_0053...0x2001_0db8_0000_0000_0000_0000_0000_0053]))
        #expect(line.interfaces.map(\.description) == ["eth*", "wg0"])
        #expect(line.users == [.init(written: "root", number: 0), .init(written: "4711", number: 4711)])
        #expect(line.limit == ConnectionLimit(rate: Rate(count: 10, unit: .minute), burst: 20, isShared: true))
        #expect(line.log && line.expires?.written == "2027-01-31" && line.reviewed?.written == "2026-10-01")
        #expect(line.client == ListenerExpectation(processes: ["named"], units: ["named.service"], isOptional: true))
        #expect([line.why, line.owner, line.ticket] == ["Names", "ops@example.org", "OPS-1"])
        let web = policy.outbound[1]
        #expect(web.addresses.isAny && web.users.isEmpty && web.limit == nil && !web.log && web.client == .init())
    }

    @Test func includedFilesBringLines() throws {
        let folder = try PolicyFolder([
            "policy.yaml": "version: 1\ninclude: more.yaml\noutbound: {dns: {ports: 53/udp, to: any, why: x}}\n",
            "more.yaml": "outbound: {ntp: {ports: 123/udp, to: any, why: x}}\n",
        ])
        #expect(folder.read().policy?.outbound.map(\.name) == ["dns", "ntp"])
        try folder.write("outbound: {⟨dns⟩: {ports: 123/udp, to: any, why: x}}\n", to: "more.yaml")
        let expected = try folder.expected(
            "outbound \"dns\" is already defined at policy.yaml:3:12", severity: .error, in: "more.yaml", mark: 0)
        let reading = folder.read()
        #expect(
            folder.rendered(
                PolicyReading(policy: nil, diagnostics: reading.diagnostics.filter { $0.severity == .error })) == [
                    expected
                ])
    }

    @Test func leavesDestinationsOfTheOtherFamilyOut() throws {
        let policy = try read(
            "version: 1\ndefaults: {families: ipv4}\noutbound: {dns: {ports: 53/udp, to: any, why: x}}\n"
        ).policy
        #expect(policy?.outbound[0].addresses == AddressSet(ipv4: .all))
    }

    @Test(arguments: [
        (
            "dns: {ports: 53/udp, to: any, ⟨form⟩: any}",
            "unknown key \"form\" in outbound \"dns\""
        ),
        ("⟨dns⟩: {ports: 53/udp}", "outbound \"dns\" lacks \"to\""),
        ("⟨dns⟩: {to: any}", "outbound \"dns\" lacks \"ports\""),
        ("dns: {ports: 53/udp, to: ⟨nowhere⟩}", "unknown group \"nowhere\"; define it under \"sources\""),
        ("dns: {ports: 53/udp, to: any, user: ⟨007⟩}", "\"007\" is not the number of a user"),
        ("dns: {ports: 53/udp, to: any, user: ⟨4294967295⟩}", "\"4294967295\" is not the number of a user"),
        (
            "dns: {ports: 53/udp, to: any, limit: {rate: 1/day, per: ⟨source⟩}}",
            "a limit of \"outbound\" counts all connections together; omit \"per\""
        ),
        (
            "⟨Dns⟩: {ports: 53/udp, to: any}",
            "\"Dns\" is not a name for \"outbound\"; use a lower-case letter, then up to 30 lower-case letters, digits and -"
        ),
        (
            "dns: {ports: 53/udp, to: any, except: ⟨peer⟩}",
            "group \"peer\" has the DNS name \"a.example\", and names can stand in \"from\" and \"to\" only, not in \"except\""
        ),
    ])
    func refuses(line: String, message: String) throws {
        try expectErrors(
            "version: 1\nsources: {peer: {names: a.example}}\noutbound:\n  \(line)\n  peer: {ports: 1, to: peer, why: x}\n",
            [message])
    }

    @Test func requiresKeys() throws {
        try expectErrors(
            """
            version: 1
            defaults: {require: [why, owner, from, ports]}
            outbound:
              ⟨dns⟩: {ports: 53/udp, to: any, why: x}
              esp: {protocols: esp, to: any, why: x, owner: o}
            """, ["outbound \"dns\" lacks \"owner\", which \"defaults.require\" demands"])
    }

    @Test func sharesNoNamesWithServicesAndOverlaps() throws {
        let reading = try read(
            """
            version: 1
            defaults: {outbound: reject}
            services: {dns: {ports: 53, from: 192.0.2.1, why: x}}
            outbound:
              dns: {ports: [53/udp, 53/udp], to: 192.0.2.1, why: x}
              all: {ports: 1-65535/udp, to: 198.51.100.0/24, why: x}
            """)
        #expect(reading.policy?.outbound.count == 2)
    }

    @Test func unknownUsersAreErrorsWhereThePolicyIsApplied() throws {
        let text =
            "version: 1\ndefaults: {outbound: reject}\noutbound: {a: {ports: 1, to: any, user: no-such-user, why: x}}\n"
        let here = try read(text, requiresUsers: true)
        #expect(here.policy == nil)
        #expect(
            here.diagnostics.contains {
                $0.message == "unknown user \"no-such-user\": the kernel knows users by number"
            })
        let elsewhere = try read(text)
        #expect(elsewhere.policy?.outbound[0].users == [OutboundUser(written: "no-such-user", number: nil)])
        #expect(
            elsewhere.diagnostics.contains {
                $0.message == "unknown user \"no-such-user\" on this host: the line lets out nothing of this user"
            })
    }

    @Test(
        arguments: [
            (
                "accept", "⟨outbound⟩:\n  a: {ports: 1, to: any, why: x}",
                [
                    "\"outbound\" restricts nothing while \"defaults.outbound\" is accept; write \"audit\" to see what they would refuse, then \"reject\""
                ]
            ),
            ("reject", "outbound:\n  ⟨a⟩: {ports: 1, to: any}", ["outbound \"a\" has no \"why\""]),
            (
                "reject", "outbound:\n  a: {ports: 1, to: any, expires: ⟨2026-01-01⟩, why: x}",
                ["outbound \"a\" has expired"]
            ),
            (
                "reject",
                "outbound:\n  a: {ports: 1, to: [10.0.0.0/8, 10.0.0.1], why: x}".replacing(
                    "[10.0.0.0/8", with: "⟨[⟩10.0.0.0/8"),
                ["\"10.0.0.1\" in \"to\" of outbound \"a\" adds nothing: \"10.0.0.0/8\" covers it"]
            ),
            (
                "reject", "outbound:\n  a: {ports: 1, to: ⟨10.0.0.1⟩, except: 10.0.0.0/8, why: x}",
                ["outbound \"a\" lets nothing out: \"except\" covers all its destinations"]
            ),
            (
                "reject",
                "outbound:\n  ⟨a⟩: {ports: 53/udp, to: 10.0.0.1, user: root, why: x}\n  b: {ports: 1-99/udp, to: any, why: x}",
                ["outbound \"a\" adds nothing: outbound \"b\" lets out all of it"]
            ),
            (
                "reject", "outbound:\n  a: {ports: 53/udp, to: any, why: x}\n  ⟨b⟩: {ports: 53/udp, to: any, why: x}",
                ["outbound \"b\" adds nothing: outbound \"a\" lets out all of it"]
            ),
            (
                "reject",
                "outbound:\n  a: {ports: 53/udp, to: any, why: x}\n  b: {ports: 53/udp, to: any, process: named, why: x}",
                []
            ),
        ] as [(String, String, [String])])
    func warns(mode: String, section: String, messages: [String]) throws {
        let now: Int64 = 1_790_000_000
        try expectErrors(
            "version: 1\ndefaults: {outbound: \(mode)}\nservices: {}\n\(section)\n", messages, severity: .warning,
            now: now)
    }
}

/// Assertions with `out`.
@Suite struct OutboundCheckTests {
    private static let policy = """
        version: 1
        sources: {peer: {names: peer.example}}
        deny: 10.66.0.0/16
        outbound:
          dns: {ports: [53/udp, 53/tcp], to: [192.0.2.53, 10.0.0.0/8], why: x}
          low: {ports: 8000-8009/tcp, to: any, why: x}
          high: {ports: 8010-8020/tcp, to: any, why: x}
          apt: {ports: 80, to: any, user: [root, _nobody-like], why: x}
          vpn: {ports: 25, to: any, interfaces: "wg*", expires: 2020-01-01, why: x}
          peer: {ports: 5432, to: peer, why: x}
          tunnel: {protocols: esp, to: 192.0.2.1, why: x}

        """

    private func messages(_ test: String, _ mode: String = "reject") throws -> [String] {
        let text = Self.policy + "defaults: {outbound: \(mode)}\ntests: [\(test)]\n"
        let folder = try PolicyFolder(["policy.yaml": text, "protocols": protocolsDatabase])
        return withExtendedLifetime(folder) { folder.read() }.diagnostics.map { "\($0.severity): \($0.message)" }
            .filter { $0.contains("the test ") || $0.contains("audit") }
    }

    @Test(arguments: [
        "{out: 53/udp, to: 192.0.2.53, user: root, expect: allow}",
        "{out: 53/udp, to: 192.0.2.53, expect: allow}",
        "{out: [53/udp, 53/tcp], to: 10.0.0.0/8, except: 10.66.0.0/16, expect: allow}",
        "{out: 53/udp, to: any, except: [192.0.2.53, 10.0.0.0/8, 127.0.0.0/8, \"::1\"], expect: deny}",
        "{out: 8000-8020/tcp, to: 198.51.100.1, expect: allow}",
        "{out: 53/udp, to: 10.66.0.1, expect: deny}",
        "{out: 80, to: 198.51.100.1, user: 0, expect: allow}",
        "{out: 80, to: 198.51.100.1, user: _nobody-like, expect: allow}",
        "{out: 80, to: 198.51.100.1, user: 33, expect: deny}",
        "{out: 25, to: 198.51.100.1, expect: allow}",
        "{out: 25, to: 198.51.100.1, interface: wg0, expect: allow}",
        "{out: 25, to: 198.51.100.1, interface: eth0, expect: deny}",
        "{out: 22, to: [127.0.0.1, \"::1\"], expect: allow}",
        "{out: 22, protocol: esp, to: 192.0.2.2, expect: deny}",
    ])
    func passes(_ test: String) throws { #expect(try messages(test) == []) }

    @Test(arguments: [
        ("{out: 53/udp, to: 192.0.2.0/24, expect: allow}", "no line of \"outbound\" lets out 53/udp to 192.0.2.0"),
        ("{out: 80, to: 198.51.100.1, expect: allow}", "no line of \"outbound\" lets out 80/tcp to 198.51.100.1"),
        (
            "{out: 80, to: 198.51.100.1, user: www, expect: allow}",
            "no line of \"outbound\" lets out 80/tcp to 198.51.100.1 for user \"www\""
        ),
        (
            "{out: 80, to: 198.51.100.1, expect: deny}",
            "80/tcp to 198.51.100.1 is let out (outbound \"apt\" at policy.yaml:8:3)"
        ),
        (
            "{out: 7999-8003/tcp, to: 198.51.100.1, expect: allow}",
            "no line of \"outbound\" lets out 7999/tcp to 198.51.100.1"
        ),
        ("{out: 53/udp, to: 10.66.0.1, expect: allow}", "\"deny\" covers 10.66.0.1"),
        ("{out: 22, to: 127.0.0.0/8, expect: deny}", "22/tcp to 127.0.0.0 is always let out: it is a loopback address"),
        (
            "{out: 25, to: 198.51.100.1, interface: eth0, expect: allow}",
            "no line of \"outbound\" lets out 25/tcp to 198.51.100.1"
        ),
    ])
    func fails(_ test: String, _ reason: String) throws {
        let found = try messages(test).map {
            $0.replacingOccurrences(of: #"at /.*/"#, with: "at ", options: .regularExpression)
        }
        #expect(found == ["error: the test fails: \(reason)"])
    }

    @Test func dependsOnUnknownNames() throws {
        let unknown = "warning: the test cannot be decided: no address of \"peer.example\" is known"
        #expect(try messages("{out: 5432, to: 192.0.2.7, expect: allow}") == [unknown])
        #expect(try messages("{out: 5432, to: 192.0.2.7, expect: deny}") == [unknown])
        #expect(try messages("{out: 5432, to: peer, expect: allow}").filter { $0.hasPrefix("error") } == [])
    }

    @Test func saysWhatOnlyRejectRefuses() throws {
        let (allow, deny) = ("{out: 22, to: 192.0.2.7, expect: allow}", "{out: 22, to: 192.0.2.7, expect: deny}")
        #expect(
            try messages(allow, "audit") == [
                "warning: only audit lets it pass: no line of \"outbound\" lets out 22/tcp to 192.0.2.7"
            ])
        #expect(
            try messages(deny, "audit")
                == ["warning: only \"reject\" refuses 22/tcp: \"defaults.outbound\" is audit, which lets it pass"])
        let found = try messages(deny, "accept").filter { $0.hasPrefix("error") }
        #expect(found == ["error: the test fails: \"defaults.outbound\" is accept: nothing is refused"])
        #expect(try messages(allow, "accept").filter { $0.hasPrefix("error") } == [])
    }
}
