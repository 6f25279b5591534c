import Rulesets
import TestSupport
import Testing

@Suite("The alignment of two chains")
struct RuleAlignmentTests {
    private static func rules(_ letters: String) -> [Rule] {
        letters.utf8.map { Rule([.meta(.transportProtocol, into: .first), .compare(Comparison([$0]))]) }
    }

    /// The rules to delete, and the rules to add, each with the old rule that it precedes.
    private static func text(_ alignment: RuleAlignment) -> String {
        let deleted = alignment.deleted.map { "-\($0)" }
        return (deleted + alignment.added.map { "+\($0.index)<\($0.successor.map(String.init) ?? "end")" }).joined(
            separator: " ")
    }

    static let chains: [(old: String, new: String, text: String)] = [
        ("", "", ""), ("abc", "abc", ""), ("", "ab", "+0<end +1<end"), ("ab", "", "-0 -1"), ("abc", "ac", "-1"),
        ("ac", "abc", "+1<1"), ("bc", "abc", "+0<0"), ("ab", "abc", "+2<end"), ("abc", "axc", "-1 +1<2"),
        ("abc", "xbc", "-0 +0<1"), ("abc", "abx", "-2 +2<end"), ("abcd", "axyd", "-1 -2 +1<3 +2<3"),
        ("abc", "xaybzc", "+0<0 +2<1 +4<2"), ("ab", "xy", "-0 -1 +0<end +1<end"),
    ]

    @Test("Keeps each common rule", arguments: chains)
    func alignment(old: String, new: String, text: String) {
        #expect(Self.text(RuleAlignment(from: Self.rules(old), to: Self.rules(new))) == text)
    }

    @Test("A rule that may not be kept is deleted and added again")
    func keepable() {
        let (rules, b) = (Self.rules("abc"), Self.rules("b")[0])
        #expect(Self.text(RuleAlignment(from: rules, to: rules) { $0 != b }) == "-1 +1<2")
        #expect(Self.text(RuleAlignment(from: rules, to: rules) { _ in false }) == "-0 -1 -2 +0<end +1<end +2<end")
    }

    @Test(
        "Turns the old chain into the new one, and keeps a longest common subsequence",
        arguments: 0..<300 as Range<UInt64>)
    func applied(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        func random() -> String {
            String((0..<Int.random(in: 0..<8, using: &generator)).map { _ in generator.pick("abcd") })
        }
        let (old, new) = (random(), random())
        let alignment = RuleAlignment(from: Self.rules(old), to: Self.rules(new))
        var result: [(index: Int?, letter: Character)] = old.enumerated().map { ($0.offset, $0.element) }
        result.removeAll { $0.index.map(alignment.deleted.contains) == true }
        for added in alignment.added {
            let letter = Array(new)[added.index]
            let place = added.successor.flatMap { index in result.firstIndex { $0.index == index } } ?? result.endIndex
            #expect(added.successor == nil || place < result.endIndex)
            result.insert((nil, letter), at: place)
        }
        #expect(String(result.map(\.letter)) == new)
        #expect(old.count - alignment.deleted.count == Self.commonLength(Array(old), Array(new)))
    }

    /// The length of a longest common subsequence, by its definition.
    private static func commonLength(_ old: [Character], _ new: [Character]) -> Int {
        var row = Array(repeating: 0, count: new.count + 1)
        for letter in old {
            var diagonal = 0
            for index in new.indices {
                let above = row[index + 1]
                row[index + 1] = letter == new[index] ? diagonal + 1 : max(above, row[index])
                diagonal = above
            }
        }
        return row[new.count]
    }

    @Test("Replaces all rules in the middle of chains too long to compare")
    func long() {
        let (old, new) = (
            Self.rules(String(repeating: "ab", count: 1100)), Self.rules(String(repeating: "bc", count: 1100))
        )
        let alignment = RuleAlignment(from: Self.rules("x") + old, to: Self.rules("x") + new)
        #expect(alignment.deleted == Array(1...2200) && alignment.added.map(\.index) == Array(1...2200))
    }
}
