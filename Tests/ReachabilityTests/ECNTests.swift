import Addressing
import Kernel
import Reachability
import Rulesets
import TestSupport
import Testing

@Suite("Rules that match the flags of TCP", .privileged, .networkNamespace)
struct ECNTests {
    static let rules: [(String, String, String)] = [
        ("tcp flags != syn drop", "accept", "accept"),
        ("tcp flags != syn tcp dport 22 drop; tcp dport 22", "accept", "accept"),
        ("tcp flags & (ecn | cwr) != 0 drop", "accept", "accept"),
        ("tcp flags & (ecn | cwr) == 0 drop", "accept", "unknown"),
        ("tcp flags & (fin | syn) == syn drop", "accept", "refuse"), ("tcp flags == syn accept", "drop", "accept"),
        ("tcp flags == syn ip saddr 10.0.0.0/8 accept", "drop", "accept"),
        ("tcp flags == syn | ecn | cwr accept", "drop", "unknown"), ("tcp flags == fin accept", "drop", "refuse"),
    ]

    @Test("Let in a client that repeats its attempt without ECN", arguments: rules)
    func rule(rule: String, policy: String, expected: String) throws {
        try NftProgram.load(
            "table inet t {\nchain c {\ntype filter hook input priority 0; policy \(policy)\n\(rule)\n}\n}")
        let table = try #require(try Nftables().snapshot(of: TableName(family: .inet, name: "t")).table)
        let packet = Packet(transport: .tcp, port: 22, family: .ipv4, source: 0x0a00_0009, interface: "eth0")
        let verdict = PacketEvaluation.conclude(packet, through: [table], in: Circumstances(now: 0)).verdict
        #expect("\(verdict)".hasPrefix(expected), "\(verdict)")
        let exposure = AccessRegions([table], in: Circumstances(now: 0)).exposure(.tcp, 22...22, .ipv4)
        #expect(exposure.isOpen == (expected == "accept") && exposure.isUnknown == (expected == "unknown"))
    }
}
