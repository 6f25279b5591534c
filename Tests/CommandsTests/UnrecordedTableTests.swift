import Foundation
import Testing

@testable import Commands

@Suite("A loaded table of which the state directory has no record")
struct UnrecordedTableTests: GrantTesting {
    let terminal: Terminal
    let policy: String

    init() throws { (terminal, policy) = try Self.loaded() }

    /// The same host with an empty directory of state, as after a mistyped path.
    private func mistype(granting: Bool = true) throws {
        if granting {
            #expect(try grant("ssh", "198.51.100.7") == .success)
            #expect(try terminal.run("ban", "198.51.100.66", "--for", "1h", "--why", "scans") == .success)
        }
        try terminal.forgetState()
    }

    private static let question = "has no record of the loaded table: is it the right one?"
    private static let end = "makes a new one, and ends 1 grant and 1 ban"

    @Test("Is told by status, verify and plan, with what a new record would end")
    func told() throws {
        try mistype()
        #expect(try terminal.run("status", policy) == .success)
        #expect(terminal.output.contains(Self.question) && terminal.output.contains(Self.end), "\(terminal.output)")
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .difference)
        #expect(terminal.output.contains(Self.question) && !terminal.output.contains("what the policy says"))
        #expect(try terminal.run("verify", policy, "--only", "ruleset", "--verbose") == .difference)
        #expect(terminal.output.contains(Self.question))
        #expect(try terminal.run("verify", policy, "--only", "ruleset", "--format", "json") == .difference)
        #expect(terminal.errors.contains(Self.question))
        #expect(try terminal.run("plan", policy) == .success)
        #expect(terminal.errors.contains(Self.question) && terminal.errors.contains(Self.end), "\(terminal.errors)")
        #expect(terminal.output.contains("- ban  198.51.100.66  ends: the state has no record of it\n"))
        #expect(terminal.output.contains("- grant  ssh from 198.51.100.7  ends: the state has no record of it\n"))
        #expect(!terminal.output.contains("banned for a time"), "\(terminal.output)")
    }

    @Test("Is told by status where the table is what the policy says, and apply says what it does about it")
    func unnoticed() throws {
        try mistype(granting: false)
        #expect(try terminal.run("status", policy) == .success)
        #expect(terminal.output.hasPrefix("state: in sync\n  the state directory "), "\(terminal.output)")
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(
            terminal.errors.hasSuffix("is it the right one? This change makes a new record\n"), "\(terminal.errors)")
    }

    @Test("Keeps apply --yes from ending its grants and bans; an answer or --force goes on")
    func applied() throws {
        try mistype()
        let commits = terminal.store.commits
        #expect(try terminal.run("apply", policy, "--yes") == .refused)
        #expect(
            terminal.errors.contains("would end 1 grant and 1 ban in it: check --state-dir and --netns"),
            "\(terminal.errors)")
        #expect(terminal.errors.hasSuffix("nothing was changed\n"))
        #expect(try terminal.run("remove", "--yes") == .refused)
        #expect(terminal.store.commits == commits)
        terminal.answer = "yes"
        #expect(try terminal.run("apply", policy) == .success)
        #expect(terminal.errors.contains(Self.question))
        #expect(terminal.store.commits == commits + 1 && live.isEmpty)
        #expect(try terminal.run("verify", policy, "--only", "ruleset") == .success)
    }

    @Test("Is ended with --force, for a host without a terminal that has lost its state")
    func forced() throws {
        try mistype()
        #expect(try terminal.run("apply", policy, "--yes", "--force") == .success)
        #expect(terminal.errors.contains(Self.question))
    }

    @Test("Keeps a grant and a ban from ending the others")
    func others() throws {
        try mistype()
        let commits = terminal.store.commits
        for command in [
            ["ban", "198.51.100.8", "--for", "1h", "--why", "x"], ["unban", "198.51.100.66"], ["revoke", "ssh"],
            ["grant", "ssh", policy, "--from", "198.51.100.8", "--for", "1h", "--why", "x"],
        ] {
            #expect(try terminal.run(command) == .refused, "\(command)")
            #expect(terminal.errors.contains("run \"portreeve apply"), "\(terminal.errors)")
        }
        #expect(terminal.store.commits == commits)
    }

    @Test("Needs no force where it has no grants and no bans, and no word where the table is the policy's")
    func plain() throws {
        try mistype(granting: false)
        #expect(try terminal.run("plan", policy) == .success)
        #expect(terminal.errors == "")
        let other = try terminal.write("version: 1\nservices: {}\n", to: "other.yaml")
        #expect(try terminal.run("apply", other, "--yes") == .success)
        #expect(terminal.errors.contains(Self.question), "\(terminal.errors)")
        #expect(try terminal.run("plan", policy) == .success)
        #expect(!terminal.errors.contains(Self.question))
    }

    @Test("Keeps grants and bans out where the table is the policy's, and makes no directory")
    func inSync() throws {
        try mistype(granting: false)
        let commits = terminal.store.commits
        let start = "portreeve: the state directory \(state) has no record of the loaded table: check --state-dir"
        for command in [
            ["ban", "198.51.100.8", "--for", "1h", "--why", "x"], ["unban", "198.51.100.66"], ["revoke", "ssh"],
            ["grant", "ssh", policy, "--from", "198.51.100.8", "--for", "1h", "--why", "x"], ["refresh"],
        ] {
            #expect(try terminal.run(command) == .refused, "\(command)")
            #expect(terminal.errors.hasPrefix(start), "\(terminal.errors)")
        }
        #expect(terminal.store.commits == commits && !FileManager.default.fileExists(atPath: state))
    }

    @Test("Is recorded by apply only after an answer or with --yes, also where nothing is to be loaded")
    func recorded() throws {
        try mistype(granting: false)
        #expect(try terminal.run("apply", policy) == .usage)
        #expect(terminal.errors.contains(Self.question), "\(terminal.errors)")
        terminal.answer = "no"
        #expect(try terminal.run("apply", policy) == .failure)
        #expect(!FileManager.default.fileExists(atPath: state))
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        #expect(
            terminal.errors.contains(Self.question)
                && terminal.output == "in sync: nothing to do; the loaded table is recorded as change 1\n")
        #expect(try terminal.run("apply", policy) == .success)
        #expect(terminal.errors == "")
        #expect(try terminal.run("ban", "198.51.100.8", "--for", "1h", "--why", "x") == .success)
    }

    @Test("A refused apply makes no directory, and one without a change is taken for a mistyped one")
    func refused() throws {
        try mistype(granting: false)
        let other = try terminal.write("version: 1\nservices: {}\n", to: "other.yaml")
        for answer in [nil, "no"] {
            terminal.answer = answer
            _ = try terminal.run("apply", other)
            #expect(terminal.errors.contains("nothing was changed") && !FileManager.default.fileExists(atPath: state))
        }
        try FileManager.default.createDirectory(
            atPath: state, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        #expect(try terminal.run("refresh") == .refused)
        #expect(terminal.errors.contains("has no record of the loaded table: check --state-dir"), "\(terminal.errors)")
        let start = "portreeve: the state directory \(state) has no record of the loaded table: check --state-dir"
        for command in ["rollback", "confirm"] {
            for words in [[command], [command, "--state-dir", state]] {
                #expect(try terminal.run(words) == .refused)
                #expect(terminal.errors.hasPrefix(start), "\(terminal.errors)")
            }
        }
        #expect(try terminal.run("history") == .success)
        let absence = "there are no changes yet"
        let loaded = "table inet portreeve is loaded and is not in this history; check --state-dir and --netns"
        #expect(terminal.output == "\(absence): \(loaded)\n")
        let live = terminal.store.table
        terminal.store.put(nil)
        for command in ["rollback", "confirm"] {
            #expect(try terminal.run(command, "--state-dir", state) == .failure)
            #expect(terminal.errors.hasSuffix(": the state directory \(state) has no record of a change\n"))
        }
        #expect(try terminal.run("history") == .success)
        #expect(terminal.output == "\(absence)\n")
        terminal.store.put(live)
        terminal.answer = "yes"
        #expect(try terminal.run("apply", other) == .success)
    }

    @Test("Without a table and without a directory, there is nothing to end, and no directory is made")
    func unloaded() throws {
        try mistype(granting: false)
        terminal.store.put(nil)
        #expect(try terminal.run("unban", "198.51.100.8") == .success)
        #expect(try terminal.run("revoke", "ssh") == .success)
        #expect(try terminal.run("remove", "--yes") == .success)
        #expect(try terminal.run("ban", "198.51.100.8", "--for", "1h", "--why", "x") == .failure)
        #expect(terminal.errors.contains("is not loaded: run \"portreeve apply"))
        #expect(!FileManager.default.fileExists(atPath: state))
    }

    private var state: String { terminal.folder.appending(path: "state").path }
}
