import Addressing
import Auditing
import Listeners
import Policies
import Testing

@Suite("What the policy names and the host has not, and what it denies")
struct HostFindingsTests {
    @Test("Interfaces, each once with all that name it; patterns may match later")
    func interfaces() throws {
        let patterns = ["eth0", "enp0s3", "wg0"].map { InterfacePattern(name: $0, isPrefix: false) }
        let policy = try Policy(
            try Service("a", "22/tcp", line: 10, interfaces: patterns),
            try Service(
                "b", "80/tcp", line: 20, interfaces: [patterns[2], InterfacePattern(name: "tun", isPrefix: true)]))
        let host = [HostInterface(index: 1, name: "lo"), HostInterface(index: 2, name: "eth0", otherNames: ["enp0s3"])]
        let found = [Finding].unknownInterfaces(of: policy, among: host)
        #expect(
            found.map(\.message) == [
                "service \"a\" names the interface \"enp0s3\", which this host does not have: "
                    + "it is another name of \"eth0\", which rules do not match: write \"eth0\"",
                "service \"a\", service \"b\" name the interface \"wg0\", which this host does not have: "
                    + "correct the name, or write \"wg0*\" if it comes later",
            ])
        #expect(found.map(\.details.interface) == ["enp0s3", "wg0"] && found.allSatisfy { $0.policy == .line(10) })
        #expect(found[1].acceptanceEntry == "- {finding: unknown-interface, interface: wg0, why: REASON}")
        #expect([Finding].unknownInterfaces(of: policy, among: []) == [])
    }

    @Test("Interfaces of outbound lines, which would otherwise be cut off without a word")
    func outboundInterfaces() throws {
        var line = OutboundLine(
            name: "apt", location: .line(30), ports: [],
            to: SourceList(location: .line(30), entries: ["any"], addresses: .any))
        line.interfaces = [InterfacePattern(name: "ens3", isPrefix: false)]
        var policy = Policy(services: [])
        policy.outbound = [line]
        let found = [Finding].unknownInterfaces(of: policy, among: [HostInterface(index: 1, name: "lo")])
        #expect(
            found.map(\.message) == [
                "outbound \"apt\" names the interface \"ens3\", which this host does not have: "
                    + "correct the name, or write \"ens3*\" if it comes later"
            ])
        #expect(found.map(\.policy) == [.line(30)])
    }

    @Test("Addresses of the host, of its gateways and resolvers under deny")
    func denied() throws {
        let policy = try Policy(deny: ["192.0.2.0/24", "127.0.0.0/8", "2001:db8::53"])
        func address(_ text: String) throws -> IPAddress { try Endpoint(text, 0).address }
        let found = [Finding].deniedHost(
            of: policy,
            addresses: AddressSet([try address("192.0.2.1"), try address("127.0.0.1"), try address("10.0.0.1")]),
            gateways: [try address("192.0.2.254"), try address("10.0.0.254")],
            resolvers: [try address("2001:db8::53"), try address("127.0.0.53"), try address("10.0.0.53")])
        let advice = "remove it, or list it under \"never-deny\""
        #expect(
            found.map(\.message) == [
                "\"deny\" covers 192.0.2.1, an address of this host, by 192.0.2.0/24: \(advice)",
                "\"deny\" covers 192.0.2.254, a gateway of this host, by 192.0.2.0/24: \(advice)",
                "\"deny\" covers 2001:db8::53, a resolver of /etc/resolv.conf, whose answers are dropped, by 2001:db8::53: \(advice)",
            ])
        #expect(found.allSatisfy { $0.severity == .warning && $0.policy == .line(3) })
    }

    @Test("Of a group under deny, the range and the line of the group are named")
    func deniedByGroup() throws {
        var policy = try Policy(deny: ["192.0.2.0/28"])
        let feed = AddressSet(try AddressRange("198.51.100.0/24")).union(AddressSet(try AddressRange("192.0.2.0/28")))
        policy.groups = [SourceGroup(name: "feed", location: .line(2), addresses: feed)]
        policy.deny = SourceList(location: .line(3), entries: ["feed"], addresses: feed)
        let found = [Finding].deniedHost(
            of: policy, addresses: AddressSet([try Endpoint("192.0.2.1", 0).address]), gateways: [], resolvers: [])
        #expect(
            found.map(\.message) == [
                "\"deny\" covers 192.0.2.1, an address of this host, by 192.0.2.0/28 of \"feed\" (policy.yaml:2): "
                    + "remove it, or list it under \"never-deny\""
            ])
    }
}
