import Foundation
import Testing

@testable import Commands

@Suite("portreeve edit")
struct EditTests {
    private let terminal: Terminal
    private let policy: String

    init() throws {
        terminal = try Terminal()
        policy = try terminal.write(web)
        terminal.memory[policy] = web
        terminal.editor = { [unowned terminal] copy in
            terminal.memory[copy] = "version: 9\n"
            try? "version: 9\n".write(toFile: copy, atomically: false, encoding: .utf8)
        }
    }

    @Test("While a change waits, the editor is not started")
    func waiting() throws {
        #expect(try terminal.run("apply", policy, "--yes", "--confirm", "2m") == .success)
        terminal.editor = { _ in Issue.record("the editor was started") }
        #expect(try terminal.run("edit", policy) == .refused)
        #expect(
            terminal.errors == """
                portreeve: change 1 is not confirmed and will be undone in 2m: your edit cannot be applied before \
                "portreeve confirm" or "portreeve rollback"

                """)
    }

    @Test("An edit that is not kept leaves no directory that it made, and one that is kept has it")
    func directories() throws {
        let parent = terminal.folder.appending(path: "new").path
        terminal.editor = { _ in }
        terminal.answers = ["d"]
        #expect(try terminal.run("edit", policy, "--state-dir", "\(parent)/state") == .invalidPolicy)
        #expect(!FileManager.default.fileExists(atPath: parent))
        terminal.editor = { [unowned terminal] copy in terminal.memory[copy] = "version: 9\n" }
        terminal.answers = ["q"]
        #expect(try terminal.run("edit", policy, "--state-dir", "\(parent)/state") == .invalidPolicy)
        #expect(FileManager.default.fileExists(atPath: "\(parent)/state"))
    }

    @Test("Where a table is loaded, a directory that does not exist is a mistyped one, and the editor is not started")
    func mistyped() throws {
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        terminal.editor = { _ in Issue.record("the editor was started") }
        let path = terminal.folder.appending(path: "staet").path
        #expect(try terminal.run("edit", policy, "--state-dir", path) == .refused)
        let start = "portreeve: the state directory \(path) has no record of the loaded table: check --state-dir"
        #expect(terminal.errors.hasPrefix(start), "\(terminal.errors)")
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("Standard input cannot be edited")
    func input() throws {
        #expect(try terminal.run("edit", "-") == .usage)
        #expect(terminal.errors == "portreeve: edit needs a file: standard input cannot be written back\n")
    }

    @Test(
        "With an invalid policy, an answer that is not offered is asked for again",
        arguments: [["x", "yes", "q"], ["no", "Q"], ["d"], ["edit", "E", "", "quit"]])
    func answers(answers: [String]) throws {
        terminal.answers = answers
        #expect(try terminal.run("edit", policy) == .invalidPolicy)
        #expect(terminal.questions == answers.count)
        let others = answers.filter { !["", "e", "edit", "d", "q", "quit"].contains($0.lowercased()) }
        #expect(terminal.errors.components(separatedBy: "answer e, d or q\n").count == others.count + 1)
        let end = answers.last == "d" ? "the edit is discarded" : "the edit is invalid"
        #expect(terminal.errors.contains("portreeve: \(end); nothing was changed\n"))
    }

    @Test("An edit of a comment alone replaces the file, and is said to be recorded")
    func comment() throws {
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        terminal.editor = { [unowned terminal] copy in
            terminal.memory[copy] = web + "# a comment\n"
            try? (web + "# a comment\n").write(toFile: copy, atomically: false, encoding: .utf8)
        }
        #expect(try terminal.run("edit", policy) == .success)
        #expect(
            terminal.output == "in sync: the rules stay the same; \(policy) is recorded as change 2\n",
            "\(terminal.output)")
    }
}
