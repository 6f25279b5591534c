import Policies
import System
import Testing

/// Warnings about clients that a service does not meet, or should not meet, and the lines that answer them.
@Suite struct ClientLintTests {
    private func expectWarnings(_ text: String, _ messages: [String]) throws {
        try expectErrors("version: 1\n" + text + "\n", messages, severity: .warning)
    }

    private func newClients(_ port: Int, _ source: String) -> String {
        "no new client of udp/\(port) reaches service \"dhcp\": it has no address yet and asks from \(source), which "
            + "\"from\" lacks; add it, or list it under \"except\" if that is meant"
    }

    @Test func ofServersOfAddresses() throws {
        let ipv4 = "defaults: {families: ipv4}\nservices:\n  dhcp: {ports: 67/udp, why: x, "
        try expectWarnings(ipv4 + "from: ⟨192.0.2.0/24⟩}", [newClients(67, "0.0.0.0")])
        try expectWarnings(ipv4 + "from: [192.0.2.0/24, 0.0.0.0]}", [])
        try expectWarnings(ipv4 + "from: 192.0.2.0/24, except: 0.0.0.0}", [])
        let ipv6 = "defaults: {families: ipv6}\nservices:\n  dhcp: {ports: 547/udp, why: x, "
        try expectWarnings(ipv6 + "from: ⟨\"2001:db8::/64\"⟩}", [newClients(547, "fe80::/10")])
        // A range that has the port by chance.
        try expectWarnings("services:\n  all: {ports: 1-545/udp, why: x, from: [192.0.2.0/24, \"2001:db8::/64\"]}", [])
        try expectWarnings(ipv6 + "from: [\"2001:db8::/64\", \"fe80::/10\"]}", [])
    }

    private static let answer = "name its clients, or write [0.0.0.0/0, \"::/0\"] if every client is meant"

    @Test(arguments: [
        ("5432", "⟨any⟩", ["service \"db\" opens 5432/tcp, the port of PostgreSQL, to any: \(answer)"]),
        (
            "2370-2380", "⟨any⟩",
            [
                "service \"db\" opens 2375/tcp, the port of Docker's API, which gives root to its clients, to any: \(answer)"
            ]
        ),
        ("11211/udp", "⟨any⟩", ["service \"db\" opens 11211/udp, the port of memcached, to any: \(answer)"]),
        ("5432", "[0.0.0.0/0, \"::/0\"]", []), ("5432", "any, interfaces: wg0", []), ("5432/udp", "any", []),
        ("1000-6000", "any", []), ("443", "any", []),
    ])
    func ofPrivatePorts(ports: String, sources: String, messages: [String]) throws {
        try expectWarnings("services:\n  db: {ports: \(ports), why: x, from: \(sources)}", messages)
    }

    @Test func ofReasonsThatWereNeverFilledIn() throws {
        try expectWarnings(
            "services:\n  web: {ports: 80, from: any, why: ⟨to be filled in⟩}",
            ["\"why\" of service \"web\" was never filled in: write why it is open, or delete the service"])
    }

    @Test(arguments: [
        ("interfaces: eth1", "any", "interfaces: eth1, ", true),
        ("interfaces: \"eth*\"", "any", "interfaces: eth1, ", true),
        ("interfaces: eth1", "any", "", false), ("interfaces: eth1", "any", "interfaces: [eth0, eth1], ", false),
        ("interfaces: eth1", "any", "interfaces: eth1, process: sshd, ", false),
        ("interfaces: eth1, from: 10.0.0.0/8", "any", "interfaces: eth1, ", false),
        ("interfaces: eth1, expires: 2099-01-01", "any", "interfaces: eth1, ", false),
    ])
    func ofServicesThatTrustedCovers(trusted: String, from: String, keys: String, isWarned: Bool) throws {
        let mark = isWarned ? ("⟨", "⟩") : ("", "")
        let message =
            "service \"ssh\" adds nothing: \"trusted\" \"lan\" lets all its sources in; delete it, or write \"process\" or "
            + "\"unit\" to say what listens"
        try expectWarnings(
            "trusted: {lan: {\(trusted), why: x}}\nservices:\n  \(mark.0)ssh\(mark.1): {ports: 22, \(keys)from: \(from), why: x}",
            isWarned ? [message] : [])
    }

    @Test(
        arguments: [
            (
                "enp0s3",
                "interface \"enp0s3\" is another name of \"eth0\", and rules match that one only; did you mean \"eth0\"?"
            ),
            ("eht0", "no interface is named \"eht0\"; write \"eht0*\" if it comes later; did you mean \"eth0\"?"),
            ("eth1", nil), ("\"eht0*\"", nil), ("wg0", nil), ("eth0", nil),
        ] as [(String, String?)])
    func ofInterfaces(name: String, message: String?) throws {
        let folder = try PolicyFolder()
        let text = "version: 1\nservices:\n  web: {ports: 80, from: any, why: x, interfaces: \(name)}\n"
        try folder.write(text, to: "policy.yaml")
        let options = {
            var options = ReadingOptions()
            options.interfaces = [InterfaceName("lo"), InterfaceName("eth0", otherNames: ["enp0s3"])]
            return options
        }()
        let reading = PolicyReader.read(path: folder.path + "/policy.yaml", options: options, files: TrustedFiles())
        let lines = reading.diagnostics.map { $0.rendered(color: false).split(separator: "\n")[0] }
        let place = text.split(separator: "\n")[2].firstRange(of: "interfaces: ")?.upperBound
        let column = place.map {
            text.split(separator: "\n")[2].distance(from: text.split(separator: "\n")[2].startIndex, to: $0) + 1
        }
        #expect(
            lines.map { $0.replacing(folder.path + "/", with: "") }
                == (message.map { ["policy.yaml:3:\(column ?? 0): warning: \($0)"] } ?? []))
    }
}
