import TestSupport
import Testing

@Suite("The version")
struct VersionTests {
    @Test("Is one line, however it is asked for", arguments: ["--version", "-V", "-v", "version"])
    func words(word: String) throws {
        let result = try Program.run([Portreeve.executable, word])
        #expect(result.status == 0 && result.errors == "")
        #expect(result.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil, "\(result)")
    }
}
