import Addressing
import Rulesets
import TestSupport
import Testing

@testable import Reachability

@Suite("The region algebra and the packet evaluator agree")
struct AgreementTests {
    /// All packets of a reduced universe: addresses of 3 bits, ports of 3 bits and one more.
    static func packets(_ interface: String) -> [Packet] {
        let sources = (0..<UInt128(8)).flatMap { number in
            [(AddressFamily.ipv4, 0x0a00_0000 + number), (.ipv6, (0xfd << 120) + number)]
        }
        return [TransportProtocol.tcp, .udp].flatMap { transport in
            sources.flatMap { family, source in
                (0..<UInt16(9)).map {
                    Packet(transport: transport, port: $0, family: family, source: source, interface: interface)
                }
            }
        }
    }

    @Test("On all packets of rulesets that are fully modelled", arguments: 0..<8 as Range<UInt64>)
    func determined(seed: UInt64) {
        var rulesets = RandomRuleset(seed: seed, isDetermined: true)
        for _ in 0..<5 { compare(rulesets.next(), packets: Self.packets, mayBeUnknown: false) }
    }

    @Test("On random packets of rulesets with unknown parts", arguments: 0..<16 as Range<UInt64>)
    func undetermined(seed: UInt64) {
        var rulesets = RandomRuleset(seed: seed + 1000, isDetermined: false)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            compare(
                rulesets.next(),
                packets: { interface in
                    let all = Self.packets(interface)
                    return (0..<12).map { _ in generator.pick(all) }
                }, mayBeUnknown: true)
        }
    }

    private func compare(_ tables: [Table], packets: (String) -> [Packet], mayBeUnknown: Bool) {
        let circumstances = Circumstances(now: 0)
        let regions = AccessRegions(tables, in: circumstances)
        for key in Set(regions.keys.map(\.interface)) {
            for packet in packets(key.witness) {
                let expected = PacketEvaluation.conclude(packet, through: tables, in: circumstances).verdict
                let found = regions.verdict(
                    .init(family: packet.family, transport: packet.transport, interface: key), port: packet.port,
                    source: packet.source)
                switch (expected, found) {
                case (.accept, .accept), (.refuse, .refuse), (.unknown, .unknown):
                    #expect(mayBeUnknown || expected.isKnown, "\(packet)")
                // The algebra loses which doubts belong together: it may say unknown more often, never something else.
                case (_, .unknown) where mayBeUnknown: break
                default:
                    Issue.record("\(packet): packet \(expected), regions \(found)\n\(tables.map(\.nftText).joined())")
                    return
                }
            }
        }
    }

    @Test("Certain pieces are disjoint and complete", arguments: 0..<16 as Range<UInt64>)
    func partition(seed: UInt64) {
        var rulesets = RandomRuleset(seed: seed + 2000, isDetermined: seed % 2 == 0)
        for _ in 0..<20 {
            let tables = rulesets.next()
            let spaces = SourceSpaces()
            let survey = Survey(
                tables, Circumstances(now: 0), InterfaceClass.all(in: tables), spaces, RuleNumbers(),
                keepsRefusals: true)
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
