import Addressing
import Policies
import Testing

/// `masquerade`: sources that leave under this host's address.
@Suite struct MasqueradeTests {
    private func policy(_ masquerade: String) -> String { "version: 1\nservices: {}\nmasquerade:\n  \(masquerade)\n" }

    @Test func readsEveryKey() throws {
        let folder = try PolicyFolder()
        try folder.write(
            policy(
                "vpn: {from: 10.8.0.0/24, except: 10.8.0.9, interfaces: [eth0, \"wg*\"], why: VPN, owner: o, ticket: t, "
                    + "reviewed: 2026-10-01}"), to: "policy.yaml")
        let vpn = try #require(folder.read().policy?.masquerades.first)
        #expect((vpn.name, vpn.why, vpn.owner, vpn.ticket) == ("vpn", "VPN", "o", "t"))
        #expect(vpn.interfaces.map(\.description) == ["eth0", "wg*"])
        #expect(vpn.addresses == AddressSet(ipv4: [0x0a08_0000...0x0a08_0008, 0x0a08_000a...0x0a08_00ff], ipv6: []))
    }

    /// Its names are its own: a service may have the same.
    @Test func hasNamesOfItsOwn() throws {
        try expectErrors(
            "version: 1\nservices:\n  vpn: {ports: 1194/udp, from: any, why: x}\nmasquerade:\n"
                + "  vpn: {from: 10.8.0.0/24, interfaces: eth0, why: x}\n", [], isValid: true)
    }

    @Test(arguments: [
        ("⟨vpn⟩: {interfaces: eth0, why: x}", "\"masquerade\" \"vpn\" lacks \"from\""),
        ("⟨vpn⟩: {from: 10.8.0.0/24, why: x}", "\"masquerade\" \"vpn\" lacks \"interfaces\""),
        ("vpn: {from: ⟨nets⟩, interfaces: eth0, why: x}", "unknown group \"nets\"; define it under \"sources\""),
        (
            "vpn: {from: any, interfaces: eth0, ⟨limit⟩: 1/day, why: x}",
            "unknown key \"limit\" in \"masquerade\" \"vpn\""
        ),
        (
            "⟨VPN⟩: {}",
            "\"VPN\" is not a name for \"masquerade\"; use a lower-case letter, then up to 30 lower-case letters, digits and -"
        ),
    ])
    func refuses(masquerade: String, message: String) throws { try expectErrors(policy(masquerade), [message]) }

    @Test func warns() throws {
        try expectErrors(
            policy("⟨vpn⟩: {from: 10.8.0.0/24, interfaces: eth0}"), ["\"masquerade\" \"vpn\" has no \"why\""],
            severity: .warning)
    }
}
