import Testing

@testable import Commands

@Suite("Lines broken for a terminal")
struct WrappingTests {
    @Test("A line is broken between words, but not within a command that a reader copies")
    func commands() {
        let line = "not loaded: \"portreeve apply p.yaml --state-dir /tmp/s\" loads it, as no other one does"
        #expect(
            line.wrapped(to: 50) == """
                not loaded:
                  "portreeve apply p.yaml --state-dir /tmp/s"
                  loads it, as no other one does
                """)
        #expect(line.wrapped(to: 120) == line)
    }

    @Test("A command that no line has room for or that has no end, and quotes of other words, are broken as any text")
    func others() {
        #expect("say \"two words\" or more".wrapped(to: 12) == "say \"two\n  words\" or\n  more")
        #expect("run \"portreeve apply\"".wrapped(to: 14) == "run \"portreeve\n  apply\"")
        #expect("run \"portreeve apply".wrapped(to: 14) == "run \"portreeve\n  apply")
    }
}
