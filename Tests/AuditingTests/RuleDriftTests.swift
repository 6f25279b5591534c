import Rulesets
import Testing

@testable import Auditing

@Suite("The differences between the rules of two chains")
struct RuleDriftTests {
    /// A rule for each letter; a capital is the rule of its small letter with a comment.
    private func rules(_ letters: String) -> [Rule] {
        letters.utf8.map { byte in
            Rule(
                [.meta(.transportProtocol, into: .first), .compare(Comparison([byte | 0x20])), .verdict(.accept)],
                comment: byte & 0x20 == 0 ? "why" : nil)
        }
    }

    private func letter(_ rule: Rule) -> String {
        guard case .compare(let comparison) = rule.expressions[1] else { return "?" }
        let letter = String(decoding: comparison.value, as: UTF8.self)
        return rule.comment == nil ? letter : letter.uppercased()
    }

    private func text(_ change: RuleDrift.Change) -> String {
        switch change {
        case .missing(let rule): "-\(letter(rule))"
        case .extra(let rule): "+\(letter(rule))"
        case .moved(let rule): "moved \(letter(rule))"
        case .changed(let expected, let live): "\(letter(expected))>\(letter(live))"
        case .comment(let expected, let live): "\(letter(expected))#\(letter(live))"
        }
    }

    static let chains: [(expected: String, live: String, changes: [String])] = [
        ("", "", []), ("abc", "abc", []), ("abc", "", ["-a", "-b", "-c"]), ("", "ab", ["+a", "+b"]),
        ("abc", "ac", ["-b"]), ("abc", "bc", ["-a"]), ("abc", "ab", ["-c"]),
        ("abc", "xabc", ["+x"]), ("abc", "abxc", ["+x"]), ("abc", "abcx", ["+x"]),
        ("abc", "xbc", ["a>x"]), ("abc", "axc", ["b>x"]), ("abc", "abx", ["c>x"]),
        ("abc", "aBc", ["b#B"]), ("ABC", "abc", ["A#a", "B#b", "C#c"]),
        ("abc", "acb", ["moved c"]), ("abcd", "dabc", ["moved d"]), ("aab", "aba", ["moved b"]),
        ("abc", "cab", ["moved c"]), ("abc", "xay", ["b>y", "-c", "+x"]), ("aa", "a", ["-a"]), ("a", "aa", ["+a"]),
    ]

    @Test("Each is told once, in the order of the expected rules", arguments: chains)
    func changes(expected: String, live: String, changes: [String]) {
        #expect(RuleDrift(expected: rules(expected), live: rules(live)).changes.map(text) == changes)
    }

    @Test("A comment is a notice, all else is an error")
    func severities() {
        let all = RuleDrift(expected: rules("abcde"), live: rules("Acbxe")).changes
        #expect(all.filter { $0.severity == .notice }.map(text) == ["a#A"])
        #expect(all.count > 1 && all.filter { $0.severity == .error }.count == all.count - 1)
    }
}
