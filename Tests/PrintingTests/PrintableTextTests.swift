import Printing
import Testing

@Suite("Text from other sources")
struct PrintableTextTests {
    static let lines: [(String, String)] = [
        ("nginx", "nginx"), ("größe 漢字 🚪", "größe 漢字 🚪"), ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\u{1b}[31mred\u{1b}[0m", "\\x1b[31mred\\x1b[0m"), ("\u{1b}]0;title\u{7}", "\\x1b]0;title\\x07"),
        ("\u{9b}31m\u{7f}\u{0}", "\\x9b31m\\x7f\\x00"), ("x\u{202e}gpj.exe\u{2066}", "x\\u202egpj.exe\\u2066"),
        ("a\u{2028}b\u{feff}", "a\\u2028b\\ufeff"), ("a\\x2db", "a\\x2db"), ("\r\n", "\\r\\n"),
    ]

    @Test("Control characters, line ends and bidirectional overrides are escaped", arguments: lines)
    func line(text: String, expected: String) {
        #expect(text.printable == expected)
        #expect(expected.printable == expected)
    }

    @Test("Lines keep tabs and their ends, but no carriage return that overwrites a line")
    func layout() { #expect("a\tb\r\nc\rd\n".printableLines() == "a\tb\r\nc\\rd\n") }

    @Test("Lines keep their ends, and styles if they are asked for")
    func styles() {
        let text = "\u{1b}[1;31merror:\u{1b}[0m a\n\u{1b}[2Jb\u{1b}[8mc\u{1b}[\u{1b}[0"
        #expect(text.printableLines() == "\\x1b[1;31merror:\\x1b[0m a\n\\x1b[2Jb\\x1b[8mc\\x1b[\\x1b[0")
        #expect(
            text.printableLines(keepsStyles: true)
                == "\u{1b}[1;31merror:\u{1b}[0m a\n\\x1b[2Jb\\x1b[8mc\\x1b[\\x1b[0")
    }
}
