import Policies
import Testing

@Suite struct LintTests {
    @Test(arguments: [
        (
            "services:\n  ssh: {ports: 22, from: ⟨10.0.0.1⟩, why: x}",
            ["service \"ssh\" is closed on IPv6: all its sources are IPv4"]
        ),
        (
            "services:\n  ssh: {ports: 22, from: ⟨2001:db8::1⟩, why: x}",
            ["service \"ssh\" is closed on IPv4: all its sources are IPv6"]
        ),
        ("services:\n  dhcp: {ports: [67/udp, 137-138/udp], from: [10.0.0.0/8, 0.0.0.0], why: x}", []),
        ("services:\n  ssh: {ports: 22, from: \"::/0\", why: x}", []),
        ("services:\n  ssh: {ports: 22, from: 2001:db8::/32, addresses: 2001:db8::1, why: x}", []),
        ("services:\n  dhcp: {ports: 547/udp, from: \"fe80::/10\", why: x}", []),
        (
            "services:\n  dhcp: {ports: [547/udp, 53/udp], from: ⟨fe80::/10⟩, why: x}",
            ["service \"dhcp\" is closed on IPv4: all its sources are IPv6"]
        ),
        ("services:\n  ⟨ssh⟩: {ports: 22, from: any}", ["service \"ssh\" has no \"why\""]),
        (
            "deny: 10.0.0.0/8\nservices:\n  ssh: {ports: 22, from: ⟨10.0.0.1⟩, why: x}",
            ["service \"ssh\" can never be reached: \"deny\" covers all its sources"]
        ),
        (
            "services:\n  ssh: {ports: 22, from: ⟨[⟩10.0.0.0/9, \"::1\", 10.128.0.0/9, 10.0.0.0/8], why: x}",
            ["\"10.0.0.0/8\" in \"from\" of service \"ssh\" adds nothing: \"10.0.0.0/9\", \"10.128.0.0/9\" cover it"]
        ),
        (
            "deny: 10.0.0.0/8\nservices:\n  ssh: {ports: 22, from: ⟨[⟩10.0.0.1, 192.0.2.1, \"::1\"], why: x}",
            ["\"10.0.0.1\" in \"from\" of service \"ssh\" adds nothing: \"deny\" covers it"]
        ),
        ("services: {}\nsources: {⟨a⟩: b, b: any}", ["group \"a\" is not used"]),
        (
            "services:\n  ssh: {ports: 22, from: any, why: x, expires: ⟨2026-01-01⟩}",
            ["service \"ssh\" has expired"]
        ),
        (
            "sources:\n  a: {file: ⟨a.txt⟩}\nservices:\n  ssh: {ports: 22, from: ⟨a⟩, why: x}",
            ["list \"a.txt\" has no addresses", "service \"ssh\" can never be reached: its sources are empty"]
        ),
        (
            "services:\n  ssh: {ports: 22, from: any, why: x, unit: ⟨ssh⟩}",
            ["unit \"ssh\" has no type suffix; did you mean \"ssh.service\"?"]
        ),
        (
            "services:\n  ssh:\n    ports: 22\n    why: x\n    allow:\n      - {from: 10.0.0.0/8, except: 10.0.0.9}\n      - {from: ⟨any⟩}",
            ["an entry of service \"ssh\" lets in again what \"except\" at policy.yaml:7 takes out, such as 10.0.0.9"]
        ),
        (
            "services:\n  ssh:\n    ports: 22\n    why: x\n    allow:\n      - {from: any}\n      - {from: ⟨10.0.0.1⟩}",
            ["an entry of service \"ssh\" never decides: earlier entries have all its sources"]
        ),
        (
            "services:\n  ssh:\n    ports: 22\n    why: x\n    allow:\n      - {from: 10.0.0.1, expires: ⟨2026-01-01⟩}\n      - {from: any}",
            ["an entry of service \"ssh\" has expired"]
        ),
        (
            "services:\n  ssh: {ports: 22, from: ⟨10.0.0.1⟩, except: 10.0.0.0/8, why: x}",
            ["service \"ssh\" can never be reached: \"except\" covers all its sources"]
        ),
        (
            "services: {}\ntrusted:\n  lan: {from: ⟨10.0.0.1⟩, why: x}",
            ["\"trusted\" \"lan\" has no \"interfaces\", and a source is easily forged"]
        ),
        ("services: {}\ntrusted:\n  ⟨lan⟩: {interfaces: eth0}", ["\"trusted\" \"lan\" has no \"why\""]),
        ("⟨version⟩: 1", ["no services: every port is closed; write \"services: {}\" if that is intended"]),
    ])
    func warns(text: String, messages: [String]) throws {
        // 2026-06-01
        let text = text.contains("version") ? text : "version: 1\n" + text
        try expectErrors(text, messages, severity: .warning, with: ["a.txt": "# none\n"], now: 1_780_272_000)
    }

    @Test func namesTheFileOfACoveringEntryOfDeny() throws {
        let folder = try PolicyFolder([
            "policy.yaml":
                "version: 1\ninclude: [a.yaml, b.yaml]\ndeny: [10.0.0.0/8, ⟨10.1.0.0/16⟩, 192.0.2.1]\nservices: {}\n",
            "a.yaml": "version: 1\ndeny:\n  - ⟨10.2.0.0/16⟩\n  - 198.51.100.0/24\n",
            "b.yaml": "version: 1\ndeny: ⟨198.51.100.0-198.51.100.255⟩\n", "services": servicesDatabase,
        ])
        #expect(
            folder.rendered(folder.read()) == [
                try folder.expected(
                    "\"10.1.0.0/16\" in \"deny\" adds nothing: \"10.0.0.0/8\" covers it", severity: .warning,
                    in: "policy.yaml", mark: 0),
                try folder.expected(
                    "\"10.2.0.0/16\" in \"deny\" adds nothing: \"10.0.0.0/8\" of policy.yaml:3:8 covers it",
                    severity: .warning, in: "a.yaml", mark: 0),
                try folder.expected(
                    "\"198.51.100.0-198.51.100.255\" in \"deny\" adds nothing: \"198.51.100.0/24\" of a.yaml:4:5 covers it",
                    severity: .warning, in: "b.yaml", mark: 0),
            ])
    }

    @Test func warnsOfAnExpiredServiceIfTheTimeIsKnown() throws {
        let text = "version: 1\nservices:\n  ssh: {ports: 22, from: any, why: x, expires: 2026-05-31}"
        try expectErrors(text, [], severity: .warning, now: 1_780_271_999)
        try expectErrors(text, [], severity: .warning)
    }
}
