import Addressing
import Auditing
import Kernel
import Reachability
import Rulesets
import TestSupport
import Testing

/// What chains of a device do with packets of the interfaces above it was seen on Linux 6.12: those of a VLAN have the EtherType and
/// the addresses inside of the tag there, and the name of the device.
@Suite("Chains of the device below an interface", .privileged, .networkNamespace)
struct LowerDeviceTests {
    private static let circumstances: Circumstances = {
        let kinds = ["eth0.10": "vlan", "eth0.10.20": "vlan", "mac0": "macvlan", "eth1": "veth", "vrf0": "vrf"]
        let names = ["lo", "eth0", "eth2"] + kinds.keys.sorted()
        var routes = Routes(
            indices: Dictionary(uniqueKeysWithValues: zip(names, 1...)), kinds: kinds, output: { _ in nil })
        routes.lowerInterfaces = ["eth0.10": "eth0", "eth0.10.20": "eth0.10", "mac0": "eth0"]
        routes.masters = ["eth2": "vrf0"]
        return Circumstances(now: 0, routes: routes)
    }()

    private func tables(_ chain: String, family: String = "netdev") throws -> [Table] {
        for name in ["eth0", "eth2"] {
            _ = try Program.run(["ip", "link", "add", name, "type", "veth", "peer", "name", "p\(name)"])
        }
        try NftProgram.load("table \(family) t {\nchain c { \(chain)\n}\n}")
        return try Nftables().tableNames().map { try #require(try Nftables().snapshot(of: $0).table) }
    }

    /// `accept`, `refuse` or `unknown`, by the evaluator and by the algebra.
    private func verdicts(_ port: UInt16, on interface: String, _ tables: [Table]) throws -> [String] {
        let packet = Packet(transport: .tcp, port: port, family: .ipv4, source: 0x0a00_0009, interface: interface)
        let verdict = PacketEvaluation.conclude(packet, through: tables, in: Self.circumstances).verdict
        let regions = AccessRegions(tables, in: Self.circumstances)
        let key = try #require(
            regions.keys.first { $0.family == .ipv4 && $0.transport == .tcp && $0.interface.pattern == interface }
                ?? regions.keys.first { $0.family == .ipv4 && $0.transport == .tcp && $0.interface.pattern == nil })
        return [verdict, regions.verdict(key, port: port, source: packet.source)].map {
            "\($0)".prefix { $0 != "(" }.description
        }
    }

    @Test("See the packets of a VLAN, with another interface, and perhaps those of a macvlan")
    func ingress() throws {
        let tables = try tables(
            "type filter hook ingress device eth0 priority 0; tcp dport 22 drop; iifname eth0 tcp dport 23 drop; meta protocol 8021q drop;"
        )
        let expected: [String: [String]] = [
            "eth0": ["refuse", "refuse", "accept"], "eth0.10": ["refuse", "unknown", "accept"],
            "eth0.10.20": ["unknown", "unknown", "unknown"], "mac0": ["unknown", "unknown", "unknown"],
            "eth1": ["accept", "accept", "accept"],
        ]
        for (interface, outcomes) in expected {
            for (port, outcome) in zip([22, 23, 24] as [UInt16], outcomes) {
                #expect(try verdicts(port, on: interface, tables) == [outcome, outcome], "\(interface) \(port)")
            }
        }
    }

    @Test("Of a VRF, packets of its links come by the link and by the VRF before they are routed")
    func vrf() throws {
        let tables = try tables(
            "type filter hook prerouting priority 0; iifname eth2 tcp dport 22 drop;\n}\nchain d { type filter hook input priority 0; iifname vrf0 tcp dport 23 drop; iifname eth2 tcp dport 24 drop;",
            family: "inet")
        for (port, outcome) in [(22, "unknown"), (23, "refuse"), (24, "accept")] as [(UInt16, String)] {
            #expect(try verdicts(port, on: "vrf0", tables) == [outcome, outcome], "\(port)")
        }
    }
    @Test("A question about a link of a VRF is about the VRF, whose name the rules at input see")
    func questionAboutLink() throws {
        let tables = try tables("type filter hook input priority 0; iifname vrf0 tcp dport 22 drop;", family: "inet")
        func verdict(_ interface: String) -> String {
            var question = Explanation.Question(
                source: .ipv4(0x0a00_0009), transport: .tcp, port: 22, interface: interface)
            question.setting = Self.circumstances
            return "\(question.conclusion(through: tables, now: 0).0.verdict)"
        }
        let verdicts = ["eth2", "vrf0", "eth0"].map(verdict)
        #expect(verdicts == ["refuse", "refuse", "accept"])
    }
}
