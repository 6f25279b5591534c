import Addressing
import Policies
import Testing

/// `defaults.families` and `defaults.ping` with sources.
@Suite struct FamiliesTests {
    private func policy(_ defaults: String, _ services: String) throws -> Policy? {
        let folder = try PolicyFolder()
        try folder.write("version: 1\ndefaults: {\(defaults)}\n\(services)\n", to: "policy.yaml")
        return folder.read().policy
    }

    @Test func leavesSourcesOfTheOtherFamilyOut() throws {
        let policy = try #require(
            try policy(
                "families: [ipv4]",
                "services: {web: {ports: 80, from: any, why: x}}\ntrusted: {lan: {interfaces: e, why: x}}"))
        #expect(policy.defaults.families == [.ipv4])
        #expect(policy.services[0].addresses == AddressSet(ipv4: .all))
        #expect(policy.trusted[0].entry.addresses == AddressSet(ipv4: .all))
    }

    @Test(
        arguments: [
            (
                "families: ipv4", "web: {ports: 80, from: ⟨\"2001:db8::1\"⟩, why: x}",
                ["all sources are IPv6, which \"defaults.families\" leaves out"]
            ),
            (
                "families: [ipv6]", "web: {ports: 80, from: ⟨10.0.0.1⟩, why: x}",
                ["all sources are IPv4, which \"defaults.families\" leaves out"]
            ),
            ("families: ipv4", "web: {ports: 80, from: [10.0.0.1, \"2001:db8::1\"], why: x}", []),
            ("families: ipv4", "web: {ports: 80, from: 10.0.0.1, why: x}", []),
        ] as [(String, String, [String])])
    func warns(defaults: String, service: String, messages: [String]) throws {
        try expectErrors(
            "version: 1\ndefaults: {\(defaults)}\nservices:\n  \(service)\n", messages, severity: .warning)
    }

    @Test(arguments: [
        ("families: [⟨ip4⟩]", "\"families\" must be ipv4 or ipv6, not \"ip4\"; did you mean \"ipv4\"?"),
        ("families: ⟨[⟩]", "\"families\" is empty"),
        ("ping: {⟨form⟩: any, rate: 1/second}", "unknown key \"form\" in \"ping\"; did you mean \"from\"?"),
        ("ping: ⟨{⟩}", "\"ping\" lacks \"from\" or \"rate\""),
        ("ping: {from: ⟨nowhere⟩}", "unknown group \"nowhere\"; define it under \"sources\""),
    ])
    func refuses(defaults: String, message: String) throws {
        try expectErrors("version: 1\ndefaults: {\(defaults)}\nservices: {}\n", [message])
    }

    @Test func readsTheSourcesOfPing() throws {
        let defaults = try #require(try policy("ping: {from: 192.0.2.7, rate: 10/second}", "services: {}")).defaults
        #expect(defaults.ping == .limited(Rate(count: 10, unit: .second)))
        #expect(defaults.pingSources?.addresses == AddressSet(try AddressRange("192.0.2.7")))
        #expect(try policy("ping: {from: 192.0.2.7}", "services: {}")?.defaults.ping == .accept)
        #expect(try policy("ping: {rate: 1/second}", "services: {}")?.defaults.pingSources == nil)
    }

    @Test func readsWhereToLog() throws {
        let rate = Rate(count: 5, unit: .minute)
        let netlink = try policy("log: {rate: 5/minute, to: netlink, group: 65535}", "services: {}")?.defaults
        #expect(netlink?.log == rate && netlink?.logDestination == .netlink(group: 65535))
        for text in ["5/minute", "{rate: 5/minute}", "{rate: 5/minute, to: kernel}"] {
            let defaults = try policy("log: \(text)", "services: {}")?.defaults
            #expect(defaults?.log == rate && defaults?.logDestination == .kernel)
        }
    }

    @Test(arguments: [
        ("{from: any, to: 80/tcp, expect: allow}", true), ("{from: \"2001:db8::1\", to: 80/tcp, expect: deny}", true),
        ("{from: \"2001:db8::1\", to: 80/tcp, expect: allow}", false), ("{from: any, to: 80/tcp, expect: deny}", false),
    ])
    func holdsForAssertions(test: String, isTrue: Bool) throws {
        let rest = "services: {web: {ports: 80, from: any, why: x}}\ntests: [\(test)]"
        #expect(try (policy("families: ipv4", rest) != nil) == isTrue)
    }
}
