import Policies
import Testing

@Suite struct DiagnosticTests {
    private func render(_ text: String, offset: Int, length: Int) -> String {
        Diagnostic(
            severity: .error, message: "m", location: SourceLocation(file: "f", line: 1, column: offset + 1),
            excerpt: Excerpt(text: text, offset: offset, length: length)
        ).rendered(color: false)
    }

    @Test func theCaretIsBelowTheSpan() {
        #expect(render("a bc d", offset: 2, length: 2) == "f:1:3: error: m\na bc d\n  ^~")
        #expect(render("a", offset: 1, length: 1) == "f:1:2: error: m\na\n ^")
        #expect(render("a", offset: 99, length: 99) == "f:1:100: error: m\na\n ^")
    }

    @Test func tabsAreOneSpaceAndWideCharactersTwo() {
        #expect(render("\tab", offset: 1, length: 2) == "f:1:2: error: m\n ab\n ^~")
        #expect(render("日本: x", offset: 4, length: 1) == "f:1:5: error: m\n日本: x\n      ^")
        #expect(render("日本", offset: 1, length: 1) == "f:1:2: error: m\n日本\n  ^~")
        #expect(render("e\u{301}x", offset: 2, length: 1) == "f:1:3: error: m\ne\u{301}x\n ^")
    }

    @Test func replacesControlCharacters() {
        let diagnostic = Diagnostic(
            severity: .warning, message: "a\u{1B}[2Jb\n", location: SourceLocation(file: "\u{7}f", line: 1, column: 1),
            excerpt: Excerpt(text: "\u{9B}x\u{202E}", offset: 0, length: 1))
        #expect(
            diagnostic.rendered(color: false)
                == "\u{FFFD}f:1:1: warning: a\u{FFFD}[2Jb\u{FFFD}\n\u{FFFD}x\u{FFFD}\n^")
    }

    @Test func coloursOnlyWhenAsked() {
        let diagnostic = Diagnostic(severity: .note, message: "m", location: nil)
        #expect(diagnostic.rendered(color: false) == "note: m")
        #expect(diagnostic.rendered(color: true) == "\u{1B}[1;36mnote:\u{1B}[0m \u{1B}[1mm\u{1B}[0m")
    }

    @Test func longLinesAreCutAroundTheSpan() throws {
        let folder = try PolicyFolder()
        let padding = String(repeating: "10.0.0.1, ", count: 500)
        try folder.write("version: 1\nservices: {}\ndeny: [\(padding)10.1, \(padding)any]\n", to: "policy.yaml")
        let rendered = folder.rendered(folder.read())
        #expect(rendered.count == 1)
        let lines = rendered[0].split(separator: "\n")
        #expect(lines[0] == "policy.yaml:3:5008: error: \"10.1\" has 2 numbers, but an IPv4 address has four")
        #expect(lines[1].count == 122 && lines[1].hasPrefix("…") && lines[1].hasSuffix("…"))
        #expect(lines[2] == String(repeating: " ", count: 61) + "^~~~")
        #expect(lines[1].dropFirst(61).hasPrefix("10.1, "))
    }
}
