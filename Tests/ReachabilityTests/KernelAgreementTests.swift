import Addressing
import Kernel
import Rulesets
import TestSupport
import Testing

@testable import Reachability

@Suite("The evaluator, the algebra and the kernel agree", .privileged, .networkNamespace)
struct KernelAgreementTests {
    /// Records the source port of each accepted packet.
    private static let probe = """
        table inet probe {
          set seen { type inet_service; flags dynamic; size 65535; }
          chain input { type filter hook input priority 2147483647; update @seen { th sport }; }
          chain forward { type filter hook forward priority 2147483647; update @seen { th sport }; }
        }
        """

    @Test("On all packets that are sent", arguments: Seeds.range(6))
    func packets(seed: UInt64) throws {
        let wire = try Wire(interfaces: RandomRuleset.interfaces)
        try NftProgram.load(Self.probe)
        let arrivals = try Arrivals(by: RandomRuleset.interfaces)
        var rulesets = RandomRuleset(seed: seed + 5000, isDetermined: true)
        var sourcePort: UInt16 = 1024
        for _ in 0..<12 {
            let loaded = try load(rulesets.next())
            var sent: [(UInt16, Packet)] = []
            for interface in RandomRuleset.interfaces {
                for packet in AgreementTests.packets(interface) {
                    try wire.send(packet, sourcePort: sourcePort)
                    sent.append((sourcePort, packet))
                    sourcePort += 1
                }
            }
            try arrivals.wait(for: sent.map(\.0))
            try compare(sent, loaded, try wire.circumstances())
            for table in loaded {
                try NftProgram.run(["delete", "table"] + "\(table.name)".split(separator: " ").map(String.init))
            }
            try NftProgram.run(["flush", "set", "inet", "probe", "seen"])
        }
    }

    /// Commits the tables and returns them as the kernel reports them.
    private func load(_ tables: [Table]) throws -> [Table] {
        let nftables = try Nftables()
        return try tables.map { table in
            let before = try nftables.snapshot(of: table.name)
            _ = try nftables.commit(Transaction(from: nil, to: table, named: table.name), onto: before)
            return try #require(try nftables.snapshot(of: table.name).table)
        }
    }

    private func compare(_ sent: [(UInt16, Packet)], _ tables: [Table], _ circumstances: Circumstances) throws {
        let listing = try NftProgram.run(["-n", "list", "set", "inet", "probe", "seen"])
        let numbers = listing.split(whereSeparator: { !$0.isNumber }).compactMap { UInt16($0) }
        let seen = Set(numbers)
        let regions = AccessRegions(tables, in: circumstances)
        let classes = Dictionary(
            uniqueKeysWithValues: Set(regions.keys.map(\.interface)).map { ($0.pattern ?? "", $0) })
        for (sourcePort, packet) in sent {
            let interface = try #require(
                classes[packet.interface] ?? classes["wg*"].flatMap { packet.interface == "wg1" ? $0 : nil }
                    ?? classes[""])
            let key = AccessRegions.Key(family: packet.family, transport: packet.transport, interface: interface)
            let evaluated = PacketEvaluation.conclude(packet, through: tables, in: circumstances).verdict
            let region = regions.verdict(key, port: packet.port, source: packet.source)
            let kernel: PacketVerdict = seen.contains(sourcePort) ? .accept : .refuse
            guard evaluated == kernel, region == kernel else {
                Issue.record(
                    "\(packet): kernel \(kernel), packet \(evaluated), region \(region)\n\(tables.map(\.nftText).joined())"
                )
                return
            }
        }
    }
}
