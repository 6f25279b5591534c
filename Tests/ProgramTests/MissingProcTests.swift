import Foundation
import TestSupport
import Testing

@Suite("Without /proc", .privileged, .networkNamespace)
struct MissingProcTests {
    private let trial: Trial
    private static let covered = ["unshare", "-m", "sh", "-c", "mount -t tmpfs none /proc && exec \"$@\"", "-"]

    init() throws { trial = try Trial() }

    @Test(
        "Every command succeeds, or says why not and leaves nothing behind",
        arguments: CommandLines.all + CommandLines.idle)
    func commands(line: CommandLines) throws {
        let files = try trial.files()
        let result = try line.run(trial, "exec \"$@\"", under: Self.covered)
        if line.needsProc {
            #expect(result.status == 1 && result.output.isEmpty, "\(result)")
            let last = try #require(result.errors.split(separator: "\n").last)
            let cures = ["mount /proc", "mount /proc; nothing was changed"]
            // No table of another program is there, which needs no file of /proc to know.
            let isTold = line.description == "import" || cures.contains(where: last.hasSuffix)
            #expect(isSentence(last + "\n") && isTold, "\(result.errors)")
        } else {
            #expect(result.status == 0, "\(result)")
            #expect(result.output.contains("OVERVIEW") == line.description.contains("help"))
        }
        #expect(try trial.isLive(trial.old))
        #expect(try trial.files() == files)
        #expect(try trial.watchers().isEmpty)
    }

    @Test("A wrong command line is still reported as one")
    func usage() throws {
        #expect(try Program.run(Self.covered + [try Portreeve.executable, "nonsense"]).status == 64)
        #expect(try Program.run(Self.covered + [try Portreeve.executable, "plan", "--no-such"]).status == 64)
    }

    /// Boots without a ruleset, and lists the ruleset afterwards.
    private func start(after preparation: String = "") throws -> Program.Result {
        let state = trial.portreeve.stateDirectory
        let boot = "\(try Portreeve.executable) apply --boot --state-dir \(state); echo $?; nft list ruleset"
        return try Program.run([
            "unshare", "-m", "-n", "sh", "-c", "\(preparation)\nmount -t tmpfs none /proc\n\(boot)",
        ])
    }

    @Test("A boot loads the last confirmed table, although a change was pending")
    func boot() throws {
        #expect(try trial.portreeve("apply", trial.new, "--yes", "--quiet", "--confirm", "1h").status == 0)
        let result = try start()
        #expect(result.output.contains(#/^loaded change 1 of [^\n]+\n0\n/#), "\(result)")
        #expect(result.output.contains("tcp . 80 : goto service-web") && !result.output.contains("service-ssh"))
        // The change stays pending: without /proc the boot cannot be recognized.
        #expect(try trial.portreeve("rollback").output.hasPrefix("change 2 was undone\n"))
    }

    @Test(
        "A boot from a directory that is no good loads the floor",
        arguments: [
            "rm -r STATE", "rm -r STATE; : > STATE", "chown -R 1 STATE", "rm STATE/change-*", "chmod 777 STATE",
        ])
    func floor(damage: String) throws {
        let result = try start(after: damage.replacing("STATE", with: trial.portreeve.stateDirectory))
        #expect(result.output.hasPrefix("1\n") && result.output.contains("tcp . 22 : goto service-ssh"), "\(result)")
        #expect(
            result.errors.hasPrefix("portreeve: ")
                && result.errors.hasSuffix("; loaded the floor instead: only tcp/22 is open\n"))
    }

    @Test(
        "A boot loads it though its messages cannot be written",
        arguments: ["> /dev/full", "2> /dev/full", ">&-", "2>&-"])
    func messages(redirection: String) throws {
        #expect(try trial.portreeve("apply", trial.new, "--yes", "--quiet", "--confirm", "1h").status == 0)
        let state = trial.portreeve.stateDirectory
        let command = "\(try Portreeve.executable) apply --boot --state-dir \(state) \(redirection)"
        // The boot ended the pending change, and a message says so.
        let result = try Program.run(["unshare", "-n", "sh", "-c", "\(command); echo $?; nft list ruleset"])
        #expect(result.output.hasPrefix("1\n") && result.output.contains("tcp . 80 : goto service-web"), "\(result)")
    }
}
