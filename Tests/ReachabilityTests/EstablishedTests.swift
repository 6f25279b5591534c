import Addressing
import Kernel
import Rulesets
import TestSupport
import Testing

@testable import Reachability

@Suite("Packets of established connections", .privileged, .networkNamespace)
struct EstablishedTests {
    /// The verdicts of rules in `input` on the first and on a later packet from 198.51.100.7 to port 22 of 192.0.2.1.
    private func verdicts(
        _ rules: String, type: String = "filter", policy: String = "drop", destination: UInt128? = 0xc000_0201
    ) throws -> [PacketVerdict] {
        try NftProgram.load(
            "table ip t\ndelete table ip t\ntable ip t { chain input { type \(type) hook input priority 0; policy \(policy); \(rules); }; }"
        )
        let name = TableName(family: .ipv4, name: "t")
        let table = try #require(try Nftables().snapshot(of: name).table)
        return [false, true].map { isEstablished in
            var packet = Packet(
                transport: .tcp, port: 22, family: .ipv4, source: 0xc633_6407, interface: "eth0")
            (packet.isEstablished, packet.destination) = (isEstablished, destination)
            return PacketEvaluation.conclude(packet, through: [table], in: Circumstances(now: 0)).verdict
        }
    }

    @Test(
        "Have their own state and flags",
        arguments: [
            ("ct state established,related accept", [.refuse, .accept]), ("ct state new accept", [.accept, .refuse]),
            ("ct state vmap { established : accept, new : drop }", [.refuse, .accept]),
            ("tcp flags & (syn | ack) == syn accept", [.accept, .refuse]),
            ("tcp flags & (fin | syn | rst | ack) == ack accept", [.refuse, .accept]),
            ("ip saddr 198.51.100.7 tcp dport 22 accept", [.accept, .accept]),
            ("ct state untracked accept", [.refuse, .refuse]),
        ] as [(String, [PacketVerdict])])
    func states(rule: String, expected: [PacketVerdict]) throws { #expect(try verdicts(rule) == expected) }

    @Test("Have an unknown direction and an unknown mark")
    func unknown() throws {
        for rule in ["ct direction original accept", "ct mark 7 accept", "ct original saddr 198.51.100.7 accept"] {
            let later = try verdicts(rule)[1]
            guard case .unknown = later else {
                Issue.record("\(rule): \(later)")
                continue
            }
        }
    }

    @Test("Skip nat chains")
    func translation() throws {
        #expect(
            try verdicts("ct mark 1 accept; tcp dport 22 drop", type: "nat", policy: "accept") == [.refuse, .accept])
    }

    @Test("Have a destination if it is given")
    func destination() throws {
        #expect(try verdicts("ip daddr 192.0.2.1 accept") == [.accept, .accept])
        #expect(try verdicts("ip daddr 192.0.2.2 accept") == [.refuse, .refuse])
        for verdict in try verdicts("ip daddr 192.0.2.1 accept", destination: nil) {
            guard case .unknown = verdict else {
                Issue.record("\(verdict)")
                continue
            }
        }
    }
}
