import Addressing
import Rulesets
import Testing

@Suite("The matches connlimit and hashlimit of iptables")
struct CountingMatchTests {
    private static let (over, bySource, byBytes): (UInt32, UInt32, UInt32) = (1 << 4, 1 << 2, 1 << 5)

    private static func match(_ name: String, _ revision: UInt32, _ info: [UInt8]) -> CountingMatch? {
        XtablesExtension(.match, name: name, revision: revision, info: info).counting
    }

    /// `struct xt_connlimit_info` of `linux/netfilter/xt_connlimit.h`.
    private static func connections(_ limit: UInt32, flags: UInt32 = 0) -> CountingMatch? {
        let (mask, data) = ([UInt8](repeating: 0xff, count: 16), [UInt8](repeating: 0, count: 8))
        return match("connlimit", 1, mask + [limit, flags].flatMap(\.hostOrderBytes) + data)
    }

    /// `struct xt_hashlimit_mtinfo1` of `linux/netfilter/xt_hashlimit.h`.
    private static func old(_ mode: UInt32, _ average: UInt32, _ burst: UInt32, mask: UInt8 = 32) -> CountingMatch? {
        let name = [UInt8](repeating: 0x61, count: 16)
        return match("hashlimit", 1, name + [mode, average, burst, 0, 0, 0, 0].flatMap(\.hostOrderBytes) + [mask, 0])
    }

    /// `struct xt_hashlimit_mtinfo2` and `3`.
    private static func new(
        _ mode: UInt32, _ average: UInt64, _ burst: UInt64, mask: UInt8 = 32, revision: UInt32 = 3
    ) -> CountingMatch? {
        let name = [UInt8](repeating: 0x61, count: 256)
        let rest = [mode, 0, 0, 0, 0] + (revision == 2 ? [] : [0])
        let info = name + [average, burst].flatMap(\.hostOrderBytes) + rest.flatMap(\.hostOrderBytes) + [mask, 0]
        return match("hashlimit", revision, info)
    }

    @Test("Connections are counted up to a number or above it, and above none are all")
    func connectionCounts() {
        let above = Self.connections(20)
        #expect(above?.subject == .connections(20) && above?.isOver == true && above?.allowsNone == false)
        #expect(Self.connections(20, flags: 1)?.isOver == false)
        #expect(Self.connections(0)?.allowsNone == true)
    }

    @Test(
        "Packets are counted at a rate, of one source or of all",
        arguments: [
            (old(bySource, 60_000, 5), RateLimit(rate: 10, unit: 60, burst: 5), true, false),
            (new(bySource | over, 1_000_000 / 50, 100), RateLimit(rate: 50, unit: 1, burst: 100), true, true),
            (new(0, 3_600_000_000, 1, revision: 2), RateLimit(rate: 1, unit: 3600, burst: 1), false, false),
        ])
    func rates(match: CountingMatch?, rate: RateLimit, ofSource: Bool, isOver: Bool) {
        #expect(match?.subject == .packets(rate, ofSource: ofSource))
        #expect(match?.isOver == isOver)
    }

    @Test("Bytes, networks, other parts of packets and strange rates are some other limit")
    func others() {
        let ofNetworks = [
            Self.new(Self.bySource, 1_000_000, 1, mask: 24), Self.old(Self.bySource, 10_000, 1, mask: 24),
        ]
        let strange = [Self.new(Self.byBytes, 16, 1), Self.new(1, 1_000_000, 1), Self.new(0, 7, 1), Self.new(0, 0, 1)]
        for match in ofNetworks + strange {
            #expect(match?.subject == .other)
        }
    }

    @Test("A structure that is too short, and one of an unknown revision, is no known match")
    func unknown() {
        #expect(Self.match("connlimit", 1, [0, 0, 0]) == nil)
        #expect(Self.match("connlimit", 0, [UInt8](repeating: 0, count: 32)) == nil)
        #expect(Self.new(0, 1_000_000, 1, revision: 4) == nil)
        #expect(Self.match("hashlimit", 2, [UInt8](repeating: 0, count: 270)) == nil)
        #expect(Self.match("recent", 1, [UInt8](repeating: 0, count: 300)) == nil)
    }
}
