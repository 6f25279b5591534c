import Addressing
import Rulesets
import TestSupport
import Testing

@testable import Reachability

@Suite("The region algebra and the packet evaluator agree")
struct AgreementTests {
    /// A protocol without ports, which random rulesets name; where they read ports of it, the verdict is unknown.
    static let esp = TransportProtocol(rawValue: 50)

    /// All packets of a reduced universe: addresses of 3 bits, ports of 3 bits and one more.
    static func packets(_ interface: String, _ transports: [TransportProtocol] = [.tcp, .udp]) -> [Packet] {
        let sources = (0..<UInt128(8)).flatMap { number in
            [(AddressFamily.ipv4, 0x0a00_0000 + number), (.ipv6, (0xfd << 120) + number)]
        }
        return transports.flatMap { transport in
            sources.flatMap { family, source in
                (0..<UInt16(transport.hasPorts ? 9 : 1)).map {
                    Packet(transport: transport, port: $0, family: family, source: source, interface: interface)
                }
            }
        }
    }

    @Test("On all packets of rulesets that are fully modelled", arguments: Seeds.range(8))
    func determined(seed: UInt64) {
        var rulesets = RandomRuleset(seed: seed, isDetermined: true)
        for _ in 0..<5 {
            let tally = compare(rulesets.next()) { Self.packets($0) }
            #expect(tally.unknown == 0)
        }
    }

    @Test(
        "On all packets of rulesets with chains so long that their rules are searched",
        arguments: Seeds.range(3))
    func long(seed: UInt64) {
        var rulesets = RandomRuleset(seed: seed + 3000, isDetermined: true, length: 12)
        let tally = compare(rulesets.next()) { Self.packets($0, [.tcp]) }
        #expect(tally.unknown == 0)
    }

    @Test(
        "With a budget that ends at any rule: less is known, and nothing else is said",
        arguments: Seeds.range(2))
    func budget(seed: UInt64) {
        var rulesets = RandomRuleset(seed: seed + 4000, isDetermined: true, length: 4)
        var unknown = 0
        let tables = rulesets.next()
        for steps in [0, 100] {
            unknown += compare(tables, WorkBudget(steps: steps)) { Self.packets($0, [.tcp]) }.unknown
            unknown += compare(tables, WorkBudget(ranges: steps / 20)) { Self.packets($0, [.tcp]) }.unknown
        }
        #expect(unknown > 0)
    }

    /// The most packets in a thousand on which the algebra may say unknown although the evaluator has a verdict.
    private static let mostLost = 0

    /// The most packets in a thousand on which the algebra may say unknown at all.
    private static let mostUnknown = 100

    @Test(
        "On random packets of rulesets with unknown parts, of which the algebra knows nearly as much as the evaluator")
    func undetermined() {
        var total = Tally()
        for seed in Seeds.range(16) {
            var rulesets = RandomRuleset(seed: seed + 1000, isDetermined: false)
            var generator = SeededGenerator(seed: seed)
            for _ in 0..<100 {
                total += compare(rulesets.next()) { interface in
                    let all = Self.packets(interface)
                    return (0..<12).map { _ in generator.pick(all) }
                }
            }
        }
        #expect(total.lost * 1000 <= total.packets * Self.mostLost, "\(total)")
        #expect(total.unknown * 1000 <= total.packets * Self.mostUnknown, "\(total)")
    }

    /// How often the algebra says unknown.
    private struct Tally {
        var packets = 0
        /// The packets on which the algebra says unknown.
        var unknown = 0
        /// Those of them on which the evaluator has a verdict.
        var lost = 0

        static func += (total: inout Tally, other: Tally) {
            total.packets += other.packets
            total.unknown += other.unknown
            total.lost += other.lost
        }
    }

    private func compare(
        _ tables: [Table], _ budget: WorkBudget = WorkBudget(), packets: (String) -> [Packet]
    ) -> Tally {
        let circumstances = Circumstances(now: 0)
        let transports = TransportProtocol.all(in: tables)
        let regions = AccessRegions(
            tables, in: circumstances, path: .arriving, transports: transports,
            interfaces: InterfaceClass.all(in: tables),
            destinations: PacketPath.arriving.destinations(in: tables, circumstances), spaces: SourceSpaces(),
            rules: RuleNumbers(), budget: budget)
        var tally = Tally()
        // In a fixed order, so that a generator gives each class the same packets in each run.
        for interface in InterfaceClass.all(in: tables) {
            for packet in packets(interface.witness) where transports.contains(packet.transport) {
                let expected = PacketEvaluation.conclude(packet, through: tables, in: circumstances).verdict
                let found = regions.verdict(
                    .init(family: packet.family, transport: packet.transport, interface: interface), port: packet.port,
                    source: packet.source)
                tally.packets += 1
                switch (expected, found) {
                case (.accept, .accept), (.refuse, .refuse): break
                // The algebra loses which doubts belong together: it may say unknown more often, never something else.
                case (_, .unknown):
                    tally.unknown += 1
                    if expected.isKnown { tally.lost += 1 }
                default:
                    Issue.record("\(packet): packet \(expected), regions \(found)\n\(tables.map(\.nftText).joined())")
                    return tally
                }
            }
        }
        return tally
    }

    @Test("Certain pieces are disjoint and complete", arguments: Seeds.range(16))
    func partition(seed: UInt64) {
        var rulesets = RandomRuleset(seed: seed + 2000, isDetermined: seed % 2 == 0)
        for _ in 0..<20 {
            let tables = rulesets.next()
            let spaces = SourceSpaces()
            let survey = Survey(
                tables, Circumstances(now: 0), TransportProtocol.all(in: tables), InterfaceClass.all(in: tables),
                DestinationClasses(), [nil], spaces, RuleNumbers(), keepsRefusals: true)
            for key in survey.keys where key.transport == .tcp {
                let outcome = survey.evaluate(key, .arriving)
                let pieces = outcome.accepted + outcome.refused.map(\.piece) + outcome.unknown
                for port in (0..<UInt16(9)) {
                    let space = spaces[key.family]
                    let here = pieces.filter { $0.ports.contains(port) }
                    let certain = here.filter(\.doubts.isEmpty).map { space.spans($0.sources) }
                    let doubted = here.filter { !$0.doubts.isEmpty }.map { space.spans($0.sources) }
                    let all = (certain + doubted).reduce(IntervalSet()) { $0.union($1) }
                    #expect(all == space.spans(space.all), "port \(port) of \(key)")
                    var seen = doubted.reduce(IntervalSet()) { $0.union($1) }
                    for spans in certain {
                        #expect(seen.intersection(spans).isEmpty)
                        seen = seen.union(spans)
                    }
                }
            }
        }
    }
}

extension PacketVerdict {
    var isKnown: Bool { if case .unknown = self { false } else { true } }
}
