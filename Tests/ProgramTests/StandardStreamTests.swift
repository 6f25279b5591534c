import Foundation
import TestSupport
import Testing

@Suite("Output that cannot be written", .privileged, .networkNamespace)
struct StandardStreamTests {
    /// Expects exit status 1, a message, and no change.
    private func expectFailure(_ line: CommandLines, _ script: String, saying answer: String) throws {
        let trial = try Trial()
        let files = try trial.files()
        let result = try line.run(trial, script)
        #expect(result.status == 1, "\(result)")
        let sentence = "portreeve: writing to standard output: \(answer)"
        // Before a change it says that there is none. The policy's warnings come first.
        let ends = ["\n", "; nothing was changed\n"].map { sentence + $0 }
        #expect(ends.contains(where: result.errors.hasSuffix) || result.errors.contains("warning"), "\(result.errors)")
        #expect(try trial.isLive(trial.old))
        #expect(try trial.files() == files)
    }

    @Test("Every command is in the list")
    func commands() throws {
        let help = try Portreeve()("--help").output
        let groups = help.split(separator: "SUBCOMMANDS:\n").dropFirst()
        let listed = groups.flatMap { $0.split(separator: "\n") }
        let names = listed.compactMap { $0.firstMatch(of: #/^  ([a-z]+) /#).map { String($0.1) } }
        let tried = (CommandLines.all + CommandLines.idle).compactMap { $0.description.split(separator: " ").first }
        #expect(names.count >= 19)
        // `edit` starts an editor, `probe` dials another host, and `refusals` needs packets: they have tests of their own.
        #expect(Set(names).subtracting(tried.map(String.init) + ["edit", "probe", "refusals"]).isEmpty)
    }

    @Test("A closed standard output, whose number no file gets", arguments: CommandLines.all)
    func closed(line: CommandLines) throws { try expectFailure(line, "\"$@\" >&-", saying: "bad file descriptor") }

    @Test("A full disk", arguments: CommandLines.all)
    func full(line: CommandLines) throws {
        try expectFailure(line, "\"$@\" > /dev/full", saying: "no space left on device")
    }

    /// A script whose output has no reader any more, with the exit status of the command.
    private static let unread = "{ { sleep 0.1; \"$@\"; echo $? >&3; } | true; } 3>&1 | { read status; exit $status; }"

    @Test(
        "A pipe whose reader has ended is no news to it, but for a command that makes a change",
        arguments: CommandLines.all)
    func pipe(line: CommandLines) throws {
        let changing = ["apply", "rollback", "remove", "grant", "ban"]
        if line.writes || changing.contains(where: line.description.hasPrefix), !line.description.hasSuffix("--help") {
            return try expectFailure(line, Self.unread, saying: "broken pipe")
        }
        let result = try line.run(try Trial(), Self.unread)
        #expect(result.status == 1, "\(result)")
        #expect(!result.errors.contains("broken pipe"), "\(result.errors)")
    }

    @Test("A closed or full standard error", arguments: ["2> /dev/full", "2>&-"])
    func messages(redirection: String) throws {
        let trial = try Trial()
        for words in ["nonsense", "plan --no-such-option", "check /no/such/policy", "confirm", "apply NEW"] {
            let line = CommandLines(description: words)
            #expect(try line.run(trial, "\"$@\" < /dev/null \(redirection)").status == 1, "\(words)")
        }
        #expect(try trial.isLive(trial.old))
        // A command without a message succeeds.
        #expect(try CommandLines(description: "verify OLD --only ruleset").run(trial, "\"$@\" 2>&-").status == 0)
    }

    @Test("With a closed standard input, no policy file is read as standard input")
    func input() throws {
        let trial = try Trial()
        let result = try CommandLines(description: "check -").run(trial, "\"$@\" <&-")
        #expect(result.status != 0)
        #expect(result.errors.contains("\"-\" cannot be read: bad file descriptor"), "\(result.errors)")
        let all = try CommandLines(description: "apply NEW --yes --quiet").run(trial, "\"$@\" <&- >&- 2>&-")
        #expect(all.status == 0)
        #expect(try trial.isLive(trial.new))
    }
}

@Suite("Files that cannot be written", .privileged, .networkNamespace)
struct FileLimitTests {
    private static let writing = CommandLines.all.filter(\.writes)

    @Test("Beyond the file size limit", arguments: writing)
    func limit(line: CommandLines) throws {
        let trial = try Trial()
        let files = try trial.files()
        // The limit applies to standard error as well if it is a file.
        let limited = "(ulimit -f 0; exec \"$@\" 2>&1 > /dev/null 3>&-)"
        let result = try line.run(trial, "{ { \(limited); echo $? >&3; } | cat >&2; } 3>&1")
        #expect(result.output == "1\n", "\(result)")
        let last = try #require(result.errors.split(separator: "\n").last)
        #expect(isSentence(last + "\n") && last.contains("file too large"), "\(result.errors)")
        #expect(try trial.isLive(trial.old))
        #expect(try trial.files() == files)
        #expect(try trial.watchers().isEmpty)
    }

    @Test("On a full or read-only disk", arguments: writing, [true, false])
    func disk(line: CommandLines, isFull: Bool) throws {
        let trial = try Trial()
        let folder = trial.portreeve.stateDirectory
        let disk = try Disk(at: folder, trial.portreeve)
        let apply = CommandLines(description: "apply OLD --yes --quiet")
        #expect(try apply.run(trial, "exec \"$@\"", under: disk.prefix).status == 0)
        let names = try disk.names()
        if isFull { try disk.fill() } else { try disk.remount("ro") }
        let there = CommandLines(description: line.description.replacing("DIR", with: folder))
        let result = try there.run(trial, "exec \"$@\"", under: disk.prefix)
        #expect(result.status == 1, "\(result)")
        let last = try #require(result.errors.split(separator: "\n").last)
        let answer = isFull ? "no space left on device" : "read-only file system"
        #expect(isSentence(last + "\n") && last.contains(answer), "\(result.errors)")
        #expect(try trial.isLive(trial.old))
        #expect(try disk.names() == names)
        #expect(try trial.watchers().isEmpty)
    }
}
