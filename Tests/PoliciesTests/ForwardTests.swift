import Addressing
import Policies
import Testing

/// `forward`: ports of this host that lead elsewhere.
@Suite struct ForwardTests {
    private func policy(_ forward: String, services: String = "{}") -> String {
        "version: 1\nservices: \(services)\nforward:\n  \(forward)\n"
    }

    private func forward(_ text: String) throws -> Service {
        let folder = try PolicyFolder()
        try folder.write(policy(text), to: "policy.yaml")
        let reading = folder.read()
        return try #require(reading.policy?.services.first, "\(folder.rendered(reading))")
    }

    @Test(arguments: [
        ("10.0.0.9", ["10.0.0.9"]), ("\"10.0.0.9:8443\"", ["10.0.0.9:8443"]), ("\":8080\"", [":8080"]),
        ("\"2001:db8::9\"", ["2001:db8::9"]), ("\"[2001:db8::9]\"", ["2001:db8::9"]),
        ("\"[2001:db8::9]:8443\"", ["[2001:db8::9]:8443"]),
        ("[\"10.0.0.9:1\", \"[fd00::9]:65535\"]", ["10.0.0.9:1", "[fd00::9]:65535"]),
    ])
    func readsTargets(text: String, targets: [String]) throws {
        let forwarding = try #require(try forward("web: {ports: 443, to: \(text), from: any, why: x}").forwarding)
        #expect(forwarding.targets.map(\.description) == targets)
    }

    @Test func hasTheTermsOfAService() throws {
        let forward = try forward(
            "web: {ports: [443, 443/udp], to: [10.0.0.9, 10.0.0.10], balance: round-robin, hairpin: 10.0.0.0/24, "
                + "addresses: 192.0.2.1, from: 0.0.0.0/0, except: 10.9.0.0/16, interfaces: eth0, limit: 10/minute, "
                + "connections: 50, log: true, expires: 2027-01-31, why: Shop, owner: o, ticket: t, reviewed: 2026-10-01}"
        )
        #expect(forward.section == .forward)
        #expect(forward.ports.map(\.description) == ["443/tcp", "443/udp"])
        #expect(forward.forwarding?.balance == .roundRobin)
        #expect(forward.forwarding?.hairpin?.entries == ["10.0.0.0/24"])
        let entry = try #require(forward.entries.first)
        #expect(entry.limit?.rate == Rate(count: 10, unit: .minute))
        #expect((entry.connections, entry.log, entry.why, entry.owner, entry.ticket) == (50, true, "Shop", "o", "t"))
    }

    /// A client needs a target of its family.
    @Test func isClosedWithoutATargetOfTheFamily() throws {
        let forward = try forward("web: {ports: 443, to: 10.0.0.9, from: any, why: x}")
        #expect(forward.addresses == AddressSet(ipv4: .all))
        try expectErrors(
            policy("web: {ports: 443, to: 10.0.0.9, from: ⟨any⟩, why: x}"),
            ["forward \"web\" is closed on IPv6: all its targets are IPv4"], severity: .warning)
    }

    @Test(arguments: [
        ("127.0.0.1", "\"127.0.0.1\" is a loopback address; for another port of this host write \":8080\""),
        ("[::1]:80", "\"[::1]:80\" is a loopback address; for another port of this host write \":8080\""),
        ("0.0.0.0", "\"0.0.0.0\" is the unspecified address"),
        ("224.0.0.251:5353", "\"224.0.0.251:5353\" is a multicast or reserved address"),
        ("ff02::fb", "\"ff02::fb\" is a multicast address"),
        ("fe80::1", "\"fe80::1\" is a link-local address, whose interface a forward cannot name"),
        ("10.0.0.0/24", "a target is one address, not \"10.0.0.0/24\""),
        ("10.0.0.1-10.0.0.9", "a target is one address, not \"10.0.0.1-10.0.0.9\""),
        ("web1:80", "\"web1:80\" has no address: a target is an address, not a name"),
        (
            "010.0.0.1",
            "\"010.0.0.1\" has a number with a leading zero, which some programs read as octal; did you mean \"10.0.0.1\"?"
        ),
        ("10.0.0.9:0", "\"10.0.0.9:0\" needs a port from 1 to 65535, without leading zeros"),
        ("10.0.0.9:65536", "\"10.0.0.9:65536\" needs a port from 1 to 65535, without leading zeros"),
        ("10.0.0.9:http", "\"10.0.0.9:http\" needs a port as a number"),
        (":443", "443/tcp leads to itself"),
        ("[10.0.0.9]:80", "\"[10.0.0.9]:80\" is not a target such as 10.0.0.9:8443 or [2001:db8::9]:8443"),
    ])
    func refusesTargets(target: String, message: String) throws {
        try expectErrors(policy("web: {ports: 443, to: ⟨'\(target)'⟩, from: any, why: x}"), [message])
    }

    @Test(arguments: [
        ("⟨web⟩: {ports: 443, from: any, why: x}", "forward \"web\" lacks \"to\""),
        ("⟨web⟩: {to: 10.0.0.9, from: any, why: x}", "forward \"web\" lacks \"ports\""),
        ("⟨web⟩: {ports: 443, to: 10.0.0.9, why: x}", "forward \"web\" lacks \"from\""),
        ("web: {ports: 443, to: [10.0.0.9, ⟨10.0.0.9⟩], from: any, why: x}", "\"10.0.0.9\" is listed twice"),
        (
            "web: {ports: 443, to: ⟨[⟩10.0.0.9, ':80'], from: any, why: x}",
            "a port of this host cannot stand beside other targets"
        ),
        (
            "web: {ports: 8000-8100, to: ⟨'10.0.0.9:80'⟩, from: any, why: x}",
            "\"10.0.0.9:80\" has a port, but 8000-8100/tcp cannot be mapped to one port; omit it"
        ),
        (
            "web: {ports: 443, to: ⟨'2001:db8::9'⟩, from: 10.0.0.0/8, why: x}",
            "2001:db8::9 is an IPv6 address, and no source of forward \"web\" is"
        ),
        (
            "web: {ports: 443, to: ⟨10.0.0.9⟩, from: any, addresses: '2001:db8::1', why: x}",
            "10.0.0.9 is an IPv4 address, and none of \"addresses\" is"
        ),
        (
            "web: {ports: 443, to: ':80', from: any, ⟨hairpin⟩: 10.0.0.0/24, why: x}",
            "\"hairpin\" is for targets that are other hosts"
        ),
        (
            "web: {ports: 443, to: 10.0.0.9, from: any, hairpin: ⟨any⟩, why: x}",
            "\"hairpin\" cannot be any; name the network of the targets"
        ),
        (
            "web: {ports: 443, to: 10.0.0.9, from: any, ⟨process⟩: nginx, why: x}",
            "\"process\" says who listens on this host, and forward \"web\" leads to another"
        ),
        (
            "web: {ports: 443, to: 10.0.0.9, from: any, balance: ⟨random⟩, why: x}",
            "\"balance\" must be source or round-robin, not \"random\""
        ),
        (
            "web: {ports: 443, to: 10.0.0.9, from: any, ⟨protocols⟩: esp, why: x}",
            "unknown key \"protocols\" in forward \"web\""
        ),
        (
            "⟨Web⟩: {ports: 443, to: 10.0.0.9, from: any}",
            "\"Web\" is not a forward name; use a lower-case letter, then up to 30 lower-case letters, digits and -"
        ),
    ])
    func refuses(forward: String, message: String) throws { try expectErrors(policy(forward), [message]) }

    @Test func namesBothLinesOfAnOverlap() throws {
        try expectErrors(
            policy(
                "web: {ports: ⟨443⟩, to: 10.0.0.9, from: any, why: x}",
                services: "{tls: {ports: 400-500, from: any, why: x}}"),
            ["443/tcp overlaps 400-500/tcp of service \"tls\" at policy.yaml:2:25"])
        try expectErrors(
            policy(
                "web: {ports: 443, to: 10.0.0.9, from: any, addresses: 192.0.2.1, why: x}",
                services: "{tls: {ports: 443, from: any, addresses: 192.0.2.2, why: x}}"), [], isValid: true)
    }

    @Test func hasANameOfItsOwn() throws {
        try expectErrors(
            policy(
                "⟨web⟩: {ports: 443, to: 10.0.0.9, from: any, why: x}",
                services: "{web: {ports: 80, from: any, why: x}}"),
            ["\"web\" is already an entry of \"services\" at policy.yaml:2:12"])
        try expectErrors(
            "version: 1\ntrusted:\n  lan: {interfaces: eth1, why: x}\nforward:\n"
                + "  ⟨lan⟩: {ports: 443, to: 10.0.0.9, from: any, why: x}\n",
            ["\"lan\" is already an entry of \"trusted\" at policy.yaml:3:3"])
    }

    @Test func mayStandInAnIncludedFile() throws {
        let text =
            "forward:\n  web: {ports: 443, to: 10.0.0.9, from: any, why: x}\nmasquerade:\n"
            + "  vpn: {from: 10.8.0.0/24, interfaces: eth0, why: x}\n"
        let folder = try PolicyFolder(["more.yaml": text])
        try folder.write("version: 1\ninclude: more.yaml\n", to: "policy.yaml")
        let policy = try #require(folder.read().policy)
        #expect(policy.services.map(\.name) == ["web"])
        #expect(policy.masquerades.map(\.name) == ["vpn"])
    }

    @Test(arguments: [
        (
            "web: {ports: 443, to: [10.0.0.9, 10.0.1.9], from: 0.0.0.0/0, hairpin: ⟨10.0.0.0/24⟩, why: x}",
            ["\"hairpin\" lacks the target 10.0.1.9: it names the network that targets and clients share"]
        ),
        (
            "web: {ports: 443, to: 10.0.0.9, from: 192.0.2.0/24, hairpin: ⟨10.0.0.0/24⟩, why: x}",
            ["no source of forward \"web\" is in \"hairpin\""]
        ),
        (
            "web: {ports: 443, to: 10.0.0.9, from: 0.0.0.0/0, balance: ⟨source⟩, why: x}",
            ["\"balance\" chooses among targets, and forward \"web\" has one"]
        ),
        ("⟨web⟩: {ports: 443, to: [10.0.0.9, 'fd00::9'], from: any}", ["forward \"web\" has no \"why\""]),
    ])
    func warns(forward: String, messages: [String]) throws {
        let isIPv4 = forward.contains("0.0.0.0/0") || forward.contains("192.0.2.0/24")
        let defaults = isIPv4 ? "defaults: {families: ipv4}\n" : ""
        try expectErrors(
            "version: 1\n\(defaults)forward:\n  \(forward)\n", messages, severity: .warning, isValid: true)
    }

    @Test func isSeenByTests() throws {
        let tests =
            "tests:\n  - {from: 192.0.2.1, to: 443/tcp, expect: allow}\n"
            + "  - ⟨{⟩from: any, to: 443/tcp, expect: deny}\n  - {from: \"2001:db8::1\", to: 443/tcp, expect: deny}\n"
        try expectErrors(
            policy("web: {ports: 443, to: 10.0.0.9, from: any, why: x}") + tests,
            ["the test fails: 443/tcp is open to 0.0.0.0 (forward \"web\" at policy.yaml:4:3)"])
    }
}
