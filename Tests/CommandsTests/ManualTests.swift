import ArgumentParser
import Auditing
import Commands
import Foundation
import Testing

@Suite("The manual")
struct ManualTests {
    private static let page = text("portreeve.8")

    private static func text(_ name: String) -> String {
        let file = URL(filePath: #filePath).appending(path: "../../../man/\(name)").standardized
        return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    }

    /// The commands for users; portreeve calls the others itself.
    static let commands: [String] = Portreeve.configuration.subcommands.filter { $0.configuration.shouldDisplay }
        .map { $0._commandName }

    /// The long options in a command's help.
    private func options(of command: any ParsableCommand.Type) -> Set<String> {
        let help = Portreeve.helpMessage(for: command, columns: 1000)
        let listed = help.split(separator: "\n").filter { $0.hasPrefix("  -") }
        let options = listed.compactMap { $0.firstMatch(of: #/--([a-z][a-z-]*)/#)?.1 }
        return Set(options.map(String.init))
    }

    @Test("Describes every command", arguments: commands)
    func command(name: String) { #expect(Self.page.contains(".It Cm \(name)")) }

    @Test("Describes every option of every command", arguments: commands)
    func options(name: String) throws {
        let command = try #require(Portreeve.configuration.subcommands.first { $0._commandName == name })
        let options = options(of: command)
        #expect(options.count >= 4)
        let described = Set(Self.page.matches(of: #/Fl -([a-z][a-z-]+)/#).map { String($0.1) })
        #expect(options.subtracting(described).isEmpty, "of \(name)")
    }

    @Test("Describes every finding, with its id as an entry")
    func findings() {
        let page = Self.text("portreeve-findings.7")
        let entries = page.split(separator: "\n").filter { $0.hasPrefix(".It Li ") }.joined(separator: " ")
        let described = Set(entries.matches(of: #/[a-z]+(?:-[a-z]+)*/#).map { String($0.output) })
        let missing = Finding.Identifier.allCases.map(\.rawValue).filter { !described.contains($0) }
        #expect(missing.isEmpty)
    }

    @Test("Every command sets its name, so that none is derived at every start")
    func names() {
        #expect(Portreeve.configuration.subcommands.allSatisfy { $0.configuration.commandName != nil })
    }

    @Test("Names no option that does not exist")
    func nothingElse() {
        var known: Set<String> = ["help", "version", "generate-completion-script"]
        for command in Portreeve.configuration.subcommands { known.formUnion(options(of: command)) }
        let others = ["json.5", "findings.7", "import.7", "ruleset.7", "screens.7"]
        let pages = Self.page + others.map { Self.text("portreeve-\($0)") }.joined()
        let named = Set(pages.matches(of: #/Fl -([a-z][a-z-]+)/#).map { String($0.1) })
        #expect(named.subtracting(known).isEmpty)
    }
}
