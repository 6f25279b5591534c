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

    /// Elements of maps whose keys overlap: the kernel finds the one that was inserted first.
    private static let overlapping = [
        "10.0.0.2 . 3 : drop, 10.0.0.0/29 . 2-6 : accept",
        "10.0.0.2 . 3 : accept, 10.0.0.0-10.0.0.5 . 2-6 : drop",
        "10.0.0.3 . 4 : accept, 10.0.0.2-10.0.0.3 . 3-5 : drop, 10.0.0.0/29 . 2-6 : accept",
        "10.0.0.1-10.0.0.2 . 3 : accept, 10.0.0.5 . 4-5 : drop, 10.0.0.0/29 . 2-6 : goto other",
        "10.0.0.2 . 2-5 : accept, 10.0.0.0/29 . 4 : accept",
    ]

    @Test("On packets that elements of a map have in common", arguments: overlapping)
    func overlaps(elements: String) throws {
        let wire = try Wire(interfaces: RandomRuleset.interfaces)
        try NftProgram.load(Self.probe)
        let arrivals = try Arrivals(by: RandomRuleset.interfaces)
        try NftProgram.load(
            """
            table inet t {
              chain other { udp dport 3 accept; drop; }
              chain input {
                type filter hook input priority 0;
                ip saddr . th dport vmap { \(elements) }
                ip saddr 10.0.0.6-10.0.0.7 drop
              }
            }
            """)
        let table = try #require(try Nftables().snapshot(of: TableName(family: .inet, name: "t")).table)
        let packets = AgreementTests.packets("eth0")
        let sent = zip(1024..., packets).map { (UInt16($0), $1) }
        for (sourcePort, packet) in sent { try wire.send(packet, sourcePort: sourcePort) }
        try arrivals.wait(for: sent.map(\.0))
        try compare(sent, [table], try wire.circumstances())
    }

    @Test("It is not known which of two elements that cross is found")
    func crossing() throws {
        try NftProgram.load(
            """
            table inet t {
              chain input {
                type filter hook input priority 0;
                ip saddr . tcp dport vmap { 10.0.0.2 . 2-5 : accept, 10.0.0.0/29 . 4 : drop }
              }
            }
            """)
        let table = try #require(try Nftables().snapshot(of: TableName(family: .inet, name: "t")).table)
        func verdict(_ port: UInt16, _ source: UInt32) -> PacketVerdict {
            let packet = Packet(transport: .tcp, port: port, from: .ipv4(source), interface: "eth0")
            return PacketEvaluation.conclude(packet, through: [table], in: Circumstances(now: 0)).verdict
        }
        if case .unknown = verdict(4, 0x0a00_0002) {} else { Issue.record("one of them is taken to be found") }
        #expect(verdict(4, 0x0a00_0001) == .refuse)
        #expect(verdict(3, 0x0a00_0002) == .accept)
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
