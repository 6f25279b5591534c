import Addressing
import Rulesets
import Testing

@Suite("The match recent of iptables")
struct RecentMatchTests {
    private static let (check, set, update, remove): (UInt8, UInt8, UInt8, UInt8) = (1, 2, 4, 8)
    private static let timeToLive: UInt8 = 16

    /// `struct xt_recent_mtinfo` of `linux/netfilter/xt_recent.h`.
    private static func structure(
        seconds: UInt32 = 0, hits: UInt32 = 0, _ bits: UInt8, isInverted: Bool = false, name: String = "DEFAULT",
        isOfDestination: Bool = false
    ) -> [UInt8] {
        let numbers = [seconds, hits].flatMap(\.hostOrderBytes)
        let bytes = Array(name.utf8)
        return numbers + [bits, isInverted ? 1 : 0] + bytes + Array(repeating: 0, count: 200 - bytes.count)
            + [isOfDestination ? 1 : 0, 0]
    }

    private static func match(_ info: [UInt8], revision: UInt32 = 0) -> RecentMatch? {
        XtablesExtension(.match, name: "recent", revision: revision, info: info).recent
    }

    @Test(
        "It reads as iptables lists it",
        arguments: [
            (structure(set, name: "SSH"), "SET name: SSH side: source"),
            (
                structure(seconds: 300, hits: 10, update, name: "SSH"),
                "UPDATE seconds: 300 hit_count: 10 name: SSH side: source"
            ),
            (
                structure(seconds: 60, check | timeToLive, isInverted: true, isOfDestination: true),
                "! CHECK seconds: 60 TTL-Match name: DEFAULT side: dest"
            ),
            (structure(remove), "REMOVE name: DEFAULT side: source"),
            (structure(0), "name: DEFAULT side: source"),
        ])
    func text(info: [UInt8], expected: String) throws {
        let match = try #require(Self.match(info))
        #expect(match.description == expected)
    }

    @Test("The mask of revision 1 stands behind the rest, and a later revision is not known")
    func revisions() throws {
        let info = Self.structure(seconds: 30, hits: 4, Self.update)
        let masked = try #require(Self.match(info + Array(repeating: 0xff, count: 16), revision: 1))
        #expect(masked.seconds == 30 && masked.hits == 4 && masked.isUpdate)
        #expect(Self.match(info, revision: 2) == nil)
        #expect(Self.match(Self.structure(Self.check))?.isUpdate == false)
    }

    @Test("A structure that is too short is none", arguments: [0, 4, 9, 12, 210])
    func short(length: Int) {
        #expect(Self.match(Array(Self.structure(Self.set).prefix(length))) == nil)
    }

    @Test("A name without an end, or with bytes that are no text, does no harm")
    func names() throws {
        let long = try #require(Self.match(Self.structure(Self.set, name: String(repeating: "x", count: 200))))
        #expect(long.description.contains(String(repeating: "x", count: 200)))
        var info = Self.structure(Self.set)
        info[10] = 0xff
        #expect(Self.match(info)?.description == "SET name: \u{fffd}EFAULT side: source")
    }
}
