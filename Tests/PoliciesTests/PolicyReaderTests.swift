import Addressing
import Foundation
import Policies
import Testing

@Suite struct PolicyReaderTests {
    static let example = """
        version: 1
        defaults:
          inbound: reject
          log: 5/minute
          ping: 10/second
          published: ignore
          require: [why, owner]
          grant-limit: 4h
        include: [policy.d/*.yaml]
        sources:
          office:   [203.0.113.0/24, "2001:db8:aa::/48"]
          admins:   [office, 10.8.0.0/16, 192.0.2.10-192.0.2.20]
          scanners: { file: lists/scanners.txt }
        deny: [scanners]
        services:
          ssh:
            ports: 22/tcp
            from: admins
            interfaces: [eth0, "wg*"]
            limit: {rate: 10/minute, burst: 20}
            log: true
            expires: 2027-01-31
            process: sshd
            unit: ssh.service
            user: root
            optional: true
            why: Admin access
            owner: ops@example.org
            ticket: OPS-112
        tests:
          - {from: 203.0.113.9, to: 22/tcp, expect: allow}
          - {from: any, except: admins, to: [ssh, 123/udp], expect: deny}
        """

    static let files = [
        "policy.yaml": example, "services": servicesDatabase,
        "policy.d/10-web.yaml":
            "services: {web: {ports: [80, 8000-8100/tcp, domain/udp], from: any, why: Web, owner: web}}\n",
        "policy.d/20-dns.yaml": "version: 1\nsources: {dns: 2001:db8::53}\ndeny: dns\n",
        "policy.d/ignored.txt": "not read",
        "lists/scanners.txt": "# scanners\r\n198.51.100.0/24   # a network\r\n\r\n  2001:db8:bad::/48\r\n",
    ]

    @Test func readsAWholePolicy() throws {
        let folder = try PolicyFolder(Self.files)
        let reading = folder.read()
        #expect(folder.rendered(reading) == [])
        let policy = try #require(reading.policy)
        #expect(policy.defaults.inbound == .reject)
        #expect(policy.defaults.log == Rate(count: 5, unit: .minute))
        #expect(policy.defaults.ping == .limited(Rate(count: 10, unit: .second)))
        #expect(policy.defaults.published == .ignore)
        #expect(policy.defaults.require == ["why", "owner"])
        #expect(policy.defaults.grantLimit?.longest == TimeSpan(seconds: 14400))
        #expect(policy.defaults.grantLimit?.location.line == 8)
        #expect(policy.groups.map(\.name) == ["admins", "dns", "office", "scanners"])
        #expect(
            policy.groups[0].addresses.ipv4.ranges.map(IPv4Address.text) == [
                "10.8.0.0/16", "192.0.2.10-192.0.2.20", "203.0.113.0/24",
            ])
        #expect(policy.groups[3].addresses.ipv6.ranges.map(IPv6Address.text) == ["2001:db8:bad::/48"])
        #expect(policy.deny?.entries == ["scanners", "dns"])
        #expect(policy.deny?.addresses.ipv6.ranges.count == 2)
        #expect(
            policy.files.map { $0.dropFirst(folder.path.count + 1) } == [
                "policy.yaml", "policy.d/10-web.yaml", "policy.d/20-dns.yaml", "lists/scanners.txt",
            ])
    }

    @Test func readsEveryKeyOfAService() throws {
        let folder = try PolicyFolder(Self.files)
        let services = try #require(folder.read().policy).services
        #expect(services.map(\.name) == ["ssh", "web"])
        let ssh = services[0]
        #expect(ssh.location.line == 16 && ssh.location.column == 3)
        #expect(ssh.ports.map(\.range) == [22...22] && ssh.ports.map(\.transport) == [.tcp])
        #expect(ssh.ports[0].location.line == 17)
        let entry = try #require(ssh.entries.first)
        #expect(ssh.entries.count == 1 && entry.sources.entries == ["admins"])
        #expect(entry.interfaces == [.init(name: "eth0", isPrefix: false), .init(name: "wg", isPrefix: true)])
        #expect(entry.limit == ConnectionLimit(rate: Rate(count: 10, unit: .minute), burst: 20))
        #expect(entry.log)
        #expect(entry.expires == Expiry(end: 1_801_440_000, written: "2027-01-31"))
        #expect(ssh.listener == .init(processes: ["sshd"], units: ["ssh.service"], users: ["root"], isOptional: true))
        #expect([ssh.why, ssh.owner, ssh.ticket] == ["Admin access", "ops@example.org", "OPS-112"])
        #expect(services[1].ports.map(\.range) == [80...80, 8000...8100, 53...53])
        #expect(services[1].ports.map(\.transport) == [.tcp, .tcp, .udp])
    }

    @Test func readsTests() throws {
        let folder = try PolicyFolder(Self.files)
        let assertions = try #require(folder.read().policy).assertions
        #expect(assertions.map(\.expect) == [.allow, .deny])
        #expect(assertions[0].from.entries == ["203.0.113.9"])
        #expect(assertions[1].except?.entries == ["admins"])
        #expect(assertions[1].ports.map(\.range) == [22...22, 123...123])
    }

    @Test func aPolicyMayHaveNoServices() throws {
        let folder = try PolicyFolder(["policy.yaml": "version: 1\nservices: {}\n"])
        let reading = folder.read()
        #expect(reading.policy?.services == [])
        #expect(reading.policy?.deny == nil)
        #expect(reading.diagnostics == [])
    }

    @Test func toleratesAByteOrderMark() throws {
        let folder = try PolicyFolder()
        try folder.write(bytes: [0xEF, 0xBB, 0xBF] + Array("version: 1\nservices: {a: 1}\n".utf8), to: "policy.yaml")
        #expect(
            folder.rendered(folder.read()) == [
                "policy.yaml:2:15: error: service \"a\" must be a mapping, not a single value\nservices: {a: 1}\n              ^"
            ])
    }

    @Test(
        arguments: [
            ("1970-01-01", 86400), ("2000-02-29", 951_868_800), ("2024-02-29T23:59:59Z", 1_709_251_199),
            ("2027-01-31T18:00:00Z", 1_801_418_400), ("2100-03-01", 4_107_628_800), ("2261-12-31", 9_214_646_400),
        ] as [(String, Int64)])
    func readsDates(text: String, end: Int64) throws {
        let folder = try PolicyFolder(["policy.yaml": service("expires: \(text)")])
        #expect(folder.read().policy?.services.first?.entries.first?.expires == Expiry(end: end, written: text))
    }

    @Test func groupsResolveAcrossFilesAndBeforeTheirDefinition() throws {
        let folder = try PolicyFolder([
            "policy.yaml": "version: 1\ninclude: more.yaml\nsources: {a: b}\nservices: {}\n",
            "more.yaml": "sources: {b: [c, 10.0.0.1], c: any}\n",
        ])
        #expect(folder.read().policy?.groups.allSatisfy { $0.addresses.isAny } == true)
    }

    @Test func nobodyIsAListWithoutAddressesUnlessItIsAGroup() throws {
        let service = "services: {ipmi: {ports: 623/udp, from: nobody, why: x}}\n"
        let closed = try PolicyFolder(["policy.yaml": "version: 1\n" + service]).read()
        let entry = try #require(closed.policy?.services.first?.entries.first)
        #expect(entry.isForNobody && closed.diagnostics == [])
        let named = try PolicyFolder(["policy.yaml": "version: 1\nsources: {nobody: any}\n" + service]).read()
        #expect(named.policy?.services.first?.addresses.isAny == true)
    }

    @Test func neverDenyIsSubtractedFromDeny() throws {
        let folder = try PolicyFolder([
            "policy.yaml":
                "version: 1\ninclude: more.yaml\nsources: {admins: [10.0.0.0/30]}\nnever-deny: admins\nservices: {}\n",
            "more.yaml": "deny: [10.0.0.0/29, \"2001:db8::/64\"]\n",
        ])
        let policy = try #require(folder.read().policy)
        #expect(policy.deny?.addresses.ipv4.ranges.map(IPv4Address.text) == ["10.0.0.4/30"])
        #expect(policy.deny?.addresses.ipv6.ranges.count == 1)
        try expectErrors(
            "version: 1\nservices: {}\ndeny: 10.0.0.1\nnever-deny: ⟨any⟩\n",
            ["\"never-deny\" covers every address: \"deny\" has no effect"])
    }
}
