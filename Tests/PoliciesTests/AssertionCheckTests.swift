import Policies
import Testing

/// Assertions under `tests` pass, or fail with an address as a witness.
@Suite struct AssertionCheckTests {
    private static let policy = """
        version: 1
        sources:
          bad: [10.66.0.0/16]
          admins: [10.0.0.0/8, "fd00::/8"]
        deny: bad
        services:
          ssh: {ports: 22/tcp, from: admins, why: test, expires: 2020-01-01}
          low: {ports: 8000-8009/tcp, from: any, why: test}
          high: {ports: 8010-8020/tcp, from: any, why: test}
          inner: {ports: 9000/tcp, from: any, interfaces: [eth0, "wg*"], why: test}
        tests:

        """

    private func expectFailures(
        _ test: String, _ messages: [String], sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) throws {
        let folder = try PolicyFolder()
        try folder.write(Self.policy + "  - \(test)\n", to: "policy.yaml")
        let reading = folder.read()
        #expect((reading.policy == nil) == !messages.isEmpty, sourceLocation: sourceLocation)
        let expected = messages.map { "policy.yaml:12:5: error: the test fails: \($0)\n  - \(test)\n    ^" }
        #expect(folder.rendered(reading) == expected, sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        "{from: admins, except: bad, to: 22/tcp, expect: allow}",
        "{from: any, except: admins, to: 22/tcp, expect: deny}",
        "{from: bad, to: [22/tcp, 8000-8020/tcp, 9000/tcp], expect: deny}",
        "{from: 192.0.2.1, to: 8005-8015/tcp, expect: allow}",
        "{from: any, to: [22/udp, 8021/tcp, 1-21/tcp], expect: deny}",
        "{from: \"fd00::1\", to: 22/tcp, expect: allow}",
    ])
    func passesTrueAssertions(_ test: String) throws {
        try expectFailures(test, [])
    }

    @Test func namesAnAddressThatCanConnect() throws {
        try expectFailures(
            "{from: any, to: 22/tcp, expect: deny}", ["22/tcp is open to 10.0.0.0 (service \"ssh\" at policy.yaml:7:3)"]
        )
        try expectFailures(
            "{from: any, except: 10.0.0.0/8, to: 22/tcp, expect: deny}",
            ["22/tcp is open to fd00:: (service \"ssh\" at policy.yaml:7:3)"])
        try expectFailures(
            "{from: 192.0.2.0/24, to: 7990-8012/tcp, expect: deny}",
            ["8000-8009/tcp is open to 192.0.2.0 (service \"low\" at policy.yaml:8:3)"])
        try expectFailures(
            "{from: 10.66.255.255-10.67.0.0, to: 22/tcp, expect: deny}",
            ["22/tcp is open to 10.67.0.0 (service \"ssh\" at policy.yaml:7:3)"])
    }

    @Test func namesAnAddressThatCannotConnect() throws {
        try expectFailures("{from: admins, to: 22/tcp, expect: allow}", ["\"deny\" covers 10.66.0.0"])
        try expectFailures(
            "{from: 9.255.255.255-10.0.0.9, to: 22/tcp, expect: allow}",
            ["22/tcp is closed to 9.255.255.255 (service \"ssh\" at policy.yaml:7:3)"])
    }

    @Test func namesAPortThatNoServiceOpens() throws {
        try expectFailures(
            "{from: 192.0.2.1, to: [7999-8000/tcp, 8015-8021/tcp, 22/udp], expect: allow}",
            ["no service opens 7999/tcp", "no service opens 8021/tcp", "no service opens 22/udp"])
    }

    @Test func ignoresInterfaces() throws {
        try expectFailures("{from: 192.0.2.1, to: 9000/tcp, expect: allow}", [])
        try expectFailures(
            "{from: 192.0.2.1, to: 9000/tcp, expect: deny}",
            ["9000/tcp is open to 192.0.2.1 (service \"inner\" at policy.yaml:10:3)"])
    }

    @Test(
        arguments: [
            ("{from: 10.0.0.1, to: 22, expect: deny}", nil),
            ("{from: 10.0.0.1, to: 22, interface: wg0, expect: allow}", nil),
            ("{from: 10.0.0.1, protocol: esp, interface: wg0, expect: allow}", nil),
            ("{from: 10.0.0.1, to: 22, interface: eth0, expect: deny}", nil),
            ("{from: 192.0.2.0/24, to: 1-65535/udp, expect: allow}", nil),
            (
                "{from: any, to: 22, expect: deny}",
                "the test fails: 22/tcp is open to 192.0.2.0 (\"trusted\" \"lan\" at policy.yaml:5:3)"
            ),
            (
                "{from: 10.0.0.1, protocol: gre, interface: wg7, expect: deny}",
                "the test fails: gre is open to 10.0.0.1 (\"trusted\" \"vpn\" at policy.yaml:4:3)"
            ),
        ] as [(String, String?)])
    func knowsTrusted(text: String, message: String?) throws {
        try expectErrors(
            """
            version: 1
            services: {}
            trusted:
              vpn: {interfaces: "wg*"}
              lan: {from: 192.0.2.0/24}
            tests:
              - \(message == nil ? text : "⟨{⟩" + text.dropFirst())
            """, message.map { [$0] } ?? [], isValid: message == nil)
    }

    @Test func knowsEntriesAndProtocols() throws {
        try expectErrors(
            """
            version: 1
            services:
              vpn:
                protocols: esp
                allow:
                  - {from: 10.0.0.0/8, except: 10.0.0.9}
                  - {from: 192.0.2.1, interfaces: eth0, limit: 1/day}
            tests:
              - {from: [10.0.0.1, 192.0.2.1], protocol: esp, expect: allow}
              - {from: 10.0.0.9, protocol: esp, expect: deny}
              - ⟨{⟩from: any, protocol: ah, expect: allow}
              - ⟨{⟩from: 10.0.0.8/30, protocol: esp, expect: allow}
            """,
            [
                "the test fails: no service opens ah",
                "the test fails: esp is closed to 10.0.0.9 (service \"vpn\" at policy.yaml:3:3)",
            ])
    }
}
