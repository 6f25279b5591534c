import Policies
import Testing

/// `addresses`: two services may have one port at different addresses of the host.
@Suite struct AddressesTests {
    private func policy(_ services: String...) -> String {
        "version: 1\nsources:\n  farm: [192.0.2.20, \"2001:db8::20\"]\nservices:\n"
            + "  farm: {ports: 25, from: any, addresses: farm, why: x}\n" + services.joined(separator: "\n") + "\n"
    }

    @Test func lettingServicesShareAPort() throws {
        try expectErrors(
            policy(
                "  a: {ports: [443, 8000-8010], from: any, addresses: 192.0.2.10, why: x}",
                "  b: {ports: [443, 8005-8020], from: any, addresses: [192.0.2.11, \"2001:db8::/64\"], why: x}",
                "  c: {ports: 443, from: any, addresses: 192.0.2.12-192.0.2.20, why: x}"), [],
            isValid: true)
    }

    @Test(arguments: [
        (
            "[192.0.2.10, farm]", "192.0.2.16/28",
            "443/tcp already belongs to service \"a\" at policy.yaml:6:14; both are open at 192.0.2.20"
        ),
        (
            "192.0.2.10", "",
            "443/tcp already belongs to service \"a\" at policy.yaml:6:14; without \"addresses\" it would be open at every address"
        ),
        (
            "", "192.0.2.10",
            "443/tcp already belongs to service \"a\" at policy.yaml:6:14, which has no \"addresses\" and so is open at every address"
        ),
    ])
    func refusesACommonAddress(first: String, second: String, message: String) throws {
        func key(_ addresses: String) -> String { addresses.isEmpty ? "" : "addresses: \(addresses), " }
        try expectErrors(
            policy(
                "  a: {ports: 443, \(key(first))from: any, why: x}",
                "  b: {ports: ⟨443⟩, \(key(second))from: any, why: x}"), [message])
    }

    @Test func findsTheOverlapBehindAServiceElsewhere() throws {
        try expectErrors(
            policy(
                "  a: {ports: 8000-8010, from: any, addresses: 192.0.2.10, why: x}",
                "  b: {ports: 8000-8020, from: any, addresses: 192.0.2.11, why: x}",
                "  c: {ports: ⟨8010⟩, from: any, addresses: 192.0.2.10, why: x}"),
            ["8010/tcp overlaps 8000-8010/tcp of service \"a\" at policy.yaml:6:14; both are open at 192.0.2.10"])
    }

    @Test(arguments: [
        ("⟨any⟩", "\"addresses\" cannot be any; without it a service is open at every address"),
        ("⟨far⟩", "unknown group \"far\"; did you mean \"farm\"?"),
        ("⟨10.0.0.1/8⟩", "\"10.0.0.1/8\" has host bits set below its prefix; did you mean \"10.0.0.0/8\"?"),
    ])
    func refuses(addresses: String, message: String) throws {
        try expectErrors(policy("  a: {ports: 443, from: any, why: x, addresses: \(addresses)}"), [message])
    }

    @Test(arguments: [
        (
            "67/udp", "⟨192.0.2.1⟩",
            [
                "clients dial udp/67 of service \"a\" also at 255.255.255.255, which \"addresses\" lacks; add it, or omit \"addresses\""
            ]
        ),
        (
            "5353/udp", "⟨192.0.2.1⟩",
            [
                "clients dial udp/5353 of service \"a\" also at 224.0.0.251, which \"addresses\" lacks; add it, or omit \"addresses\""
            ]
        ),
        ("67/udp", "[192.0.2.1, 255.255.255.255]", []), ("5353/udp", "[\"2001:db8::1\", \"ff02::fb\"]", []),
        ("67/tcp", "192.0.2.1", []),
    ])
    func warnsOfBroadcast(port: String, addresses: String, messages: [String]) throws {
        try expectErrors(
            policy("  a: {ports: \(port), from: any, why: x, addresses: \(addresses)}"), messages, severity: .warning)
    }

    @Test func warnsOfFamiliesThatDoNotMeet() throws {
        let folder = try PolicyFolder()
        try folder.write(
            policy("  a: {ports: 443, addresses: \"2001:db8::1\", why: x, from: 10.0.0.0/8}"), to: "policy.yaml")
        let message = "service \"a\" can never be reached: its sources and its addresses are of different families"
        #expect(folder.read().diagnostics.map(\.message).contains(message))
    }

    @Test(
        arguments: [
            ("{from: 10.0.0.9, to: 443/tcp, address: 192.0.2.10, expect: allow}", nil),
            ("{from: 10.0.0.9, to: 443/tcp, address: 192.0.2.11, expect: deny}", nil),
            ("{from: 10.0.0.9, to: 443/tcp, address: 192.0.2.12, expect: deny}", nil),
            ("{from: 172.16.0.1, to: 443/tcp, expect: allow}", nil),
            ("{from: 198.51.100.1, to: 443/tcp, expect: deny}", nil),
            (
                "{from: 10.0.0.9, to: 443/tcp, expect: allow}",
                "443/tcp is closed to 10.0.0.9 (service \"b\" at policy.yaml:5:3)"
            ),
            (
                "{from: 10.0.0.9, to: 443/tcp, expect: deny}",
                "443/tcp is open to 10.0.0.9 (service \"a\" at policy.yaml:4:3)"
            ),
            (
                "{from: 172.16.0.1, to: 443/tcp, address: 192.0.2.12, expect: allow}",
                "no service opens 443/tcp at 192.0.2.12"
            ),
        ] as [(String, String?)])
    func holdsForAssertions(test: String, message: String?) throws {
        let folder = try PolicyFolder()
        let services = [
            "  a: {ports: 443, from: [10.0.0.0/8, 172.16.0.0/12], addresses: 192.0.2.10, why: x}",
            "  b: {ports: 443, from: 172.16.0.0/12, addresses: 192.0.2.11, why: x}",
        ]
        try folder.write(
            "version: 1\n\nservices:\n\(services.joined(separator: "\n"))\ntests:\n  - \(test)\n", to: "policy.yaml")
        let errors = folder.read().diagnostics.filter { $0.severity == .error }.map {
            $0.message.replacing(folder.path + "/", with: "")
        }
        #expect(errors == (message.map { ["the test fails: \($0)"] } ?? []))
    }
}
