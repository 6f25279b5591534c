import Addressing
import Kernel
import Reachability
import Rulesets
import TestSupport
import Testing

@Suite("Rules that match the destination", .privileged, .networkNamespace)
struct DestinationTests {
    /// 192.0.2.1, 172.17.0.1 and 2001:db8::1, beside loopback.
    private static let addresses = AddressSet(
        ipv4: [0x7f00_0001, 0xc000_0201, 0xac11_0001].map { $0...$0 }, ipv6: [1, 0x2001_0db8 << 96 | 1].map { $0...$0 })

    static let rules: [(String, String, String)] = [
        ("ip daddr 172.17.0.2 drop", "accept", "unknown"), ("ip daddr 172.17.0.1 drop", "unknown", "unknown"),
        ("ip daddr { 192.0.2.1, 172.16.0.0/12 } drop", "refuse", "unknown"),
        ("ip daddr != { 192.0.2.1, 172.16.0.0/12 } drop", "accept", "unknown"),
        ("ip daddr 10.0.0.0-192.0.2.1 drop", "refuse", "unknown"), ("ip daddr 127.0.0.1 drop", "accept", "unknown"),
        ("ip daddr & 0.0.0.1 == 1 drop", "refuse", "unknown"), ("ip daddr >= 193.0.0.0 drop", "accept", "unknown"),
        ("ip daddr . tcp dport { 192.0.2.1 . 23, 10.0.0.1 . 22 } drop", "accept", "unknown"),
        ("ip daddr . tcp dport { 192.0.2.1 . 22, 10.0.0.1 . 22 } drop", "unknown", "unknown"),
        ("ip daddr . tcp dport { 192.0.2.1 . 22, 172.17.0.1 . 22 } drop", "refuse", "unknown"),
        ("ip daddr vmap { 10.0.0.1 : drop, 10.0.0.2 : drop }", "accept", "unknown"),
        ("ip daddr vmap { 192.0.2.1 : drop, 172.17.0.1 : drop }", "refuse", "unknown"),
        ("ip daddr vmap { 192.0.2.1 : drop }", "unknown", "unknown"),
        ("ip6 daddr 2001:db8::1 drop", "accept", "accept"),
    ]

    @Test("Are certain if the result is the same for all addresses of this host", arguments: rules)
    func rule(rule: String, known: String, unknown: String) throws {
        try NftProgram.load("table inet t {\nchain c {\ntype filter hook input priority 0\n\(rule)\n}\n}")
        let table = try #require(try Nftables().snapshot(of: TableName(family: .inet, name: "t")).table)
        for (addresses, expected) in [(Self.addresses, known), (nil, unknown)] as [(AddressSet?, String)] {
            let circumstances = Circumstances(now: 0, addresses: addresses)
            let packet = Packet(transport: .tcp, port: 22, family: .ipv4, source: 0x0a00_0009, interface: "eth0")
            let verdict = PacketEvaluation.conclude(packet, through: [table], in: circumstances).verdict
            #expect("\(verdict)".hasPrefix(expected), "\(verdict)")
            let exposure = AccessRegions([table], in: circumstances).exposure(.tcp, 22...22, .ipv4)
            #expect(exposure.isOpen == (expected == "accept") && exposure.isUnknown == (expected == "unknown"))
        }
    }

    @Test("A port that is redirected to another address of this host is not forwarded")
    func own() throws {
        try NftProgram.load(
            "table ip t {\nchain c {\ntype nat hook prerouting priority -100\ntcp dport 22 dnat to 172.17.0.1\n}\n}")
        let table = try #require(try Nftables().snapshot(of: TableName(family: .ipv4, name: "t")).table)
        let packet = Packet(transport: .tcp, port: 22, family: .ipv4, source: 0x0a00_0009, interface: "eth0")
        for addresses in [Self.addresses, nil] {
            let circumstances = Circumstances(now: 0, addresses: addresses)
            let conclusion = PacketEvaluation.conclude(packet, through: [table], in: circumstances)
            #expect(conclusion.isForwarded == (addresses == nil))
        }
    }
}
