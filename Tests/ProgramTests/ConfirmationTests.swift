import Compiler
import Foundation
import Glibc
import Kernel
import TestSupport
import Testing

/// A host with one applied policy, and another one to try.
struct Trial {
    let portreeve: Portreeve
    let old: String
    let new: String

    init(_ portreeve: Portreeve, old: String, new: String) {
        (self.portreeve, self.old, self.new) = (portreeve, old, new)
    }

    init() throws {
        portreeve = try Portreeve()
        let text = "version: 1\nservices:\n  web: {ports: 80, from: 10.0.0.0/8, why: Web}\n"
        old = try portreeve.write(text, to: "old.yaml")
        new = try portreeve.write(everything, to: "new.yaml")
        #expect(try portreeve("apply", old, "--yes", "--quiet").status == 0)
    }

    /// Whether the whole table of a policy is live.
    func isLive(_ policy: String) throws -> Bool {
        try portreeve("plan", policy, "--detailed-exitcode", "--quiet").status == 0
    }

    /// Whether a change waits to be confirmed.
    func isPending() throws -> Bool {
        try portreeve("history", "--format", "json").output.contains("\"prepared\"")
            && FileManager.default.fileExists(atPath: portreeve.stateDirectory + "/pending")
    }

    /// The background processes of the change, the oldest first.
    func watchers() throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(pid_t.init).sorted().filter { number in
            let line = (try? Data(contentsOf: URL(filePath: "/proc/\(number)/cmdline"))) ?? Data()
            return String(decoding: line, as: UTF8.self)
                == "portreeve\0undo\0--state-dir\0\(portreeve.stateDirectory)\0"
        }
    }

    /// A prefix that makes the command's system call of this kind and number fail.
    func fault(_ call: String, _ fault: String, at occurrence: Int) -> [String] {
        [
            "strace", "-qq", "-e", "signal=none", "-e", "trace=\(call)", "-e",
            "inject=\(call):\(fault):when=\(occurrence)",
        ]
    }
}

@Suite("A change that undoes itself", .privileged, .networkNamespace)
struct ConfirmationTests {
    /// The exit status after SIGKILL.
    private static let killed: Int32 = 128 + 9

    @Test("It is undone from a background session, which leaves nothing behind")
    func time() throws {
        let trial = try Trial()
        #expect(try trial.portreeve("apply", trial.new, "--yes", "--quiet", "--confirm", "4s").status == 0)
        #expect(try trial.isLive(trial.new))
        let watchers = try trial.watchers()
        #expect(watchers.count == 2)
        for watcher in watchers { #expect(getsid(watcher) != getsid(0)) }
        #expect(try eventually { try trial.isLive(trial.old) })
        #expect(try eventually { try trial.watchers().isEmpty })
        #expect(try !trial.isPending())
    }

    @Test("After confirm it is not undone, and the processes end")
    func confirmation() throws {
        let trial = try Trial()
        #expect(try trial.portreeve("apply", trial.new, "--yes", "--quiet", "--confirm", "1h").status == 0)
        #expect(try trial.portreeve("apply", trial.old, "--yes").status == 4)
        #expect(try trial.portreeve("confirm").output == "change 2 is confirmed\n")
        #expect(try eventually { try trial.watchers().isEmpty })
        #expect(try trial.isLive(trial.new))
    }

    @Test("The undo restores tampered rules too")
    func tampered() throws {
        let trial = try Trial()
        try NftProgram.load("add rule inet portreeve input meta cpu 0 quota 5 mbytes accept")
        try NftProgram.load("add chain inet portreeve extra; add counter inet portreeve c")
        let before = try Nftables().snapshot(of: Names.table).table
        #expect(try trial.portreeve("apply", trial.new, "--yes", "--quiet", "--confirm", "1h").status == 0)
        #expect(try trial.portreeve("rollback").output.hasPrefix("change 2 was undone\n"))
        #expect(try Nftables().snapshot(of: Names.table).table == before)
    }

    @Test("A table changed by another process since is not confirmed")
    func changedSince() throws {
        let trial = try Trial()
        #expect(try trial.portreeve("apply", trial.new, "--yes", "--quiet", "--confirm", "1h").status == 0)
        try NftProgram.run(["flush", "chain", "inet", "portreeve", "input"])
        #expect(try trial.portreeve("confirm").status == 5)
        #expect(try trial.portreeve("rollback").status == 0)
        #expect(try trial.isLive(trial.old))
    }

    @Test("A command killed at any system call leaves the old table, or the new one with its undo pending")
    func killedCommand() throws {
        let trial = try Trial()
        for (call, step) in [("sendto", 3), ("fsync", 1), ("rename", 1), ("openat", 6), ("flock", 1), ("recvfrom", 25)]
        {
            var (occurrence, isFaulty) = (1, true)
            while isFaulty {
                let prefix = trial.fault(call, "signal=KILL", at: occurrence)
                let result = try trial.portreeve(
                    "apply", trial.new, "--yes", "--quiet", "--confirm", "1h", prefix: prefix)
                isFaulty = result.status == Self.killed
                let isNew = try trial.isLive(trial.new)
                let isOld = try trial.isLive(trial.old)
                #expect(isNew != isOld, "\(call) \(occurrence)")
                if isNew {
                    // The processes of the round before take a moment to end.
                    let isArmed = try eventually { try trial.isPending() && trial.watchers().count == 2 }
                    #expect(isArmed, "\(call) \(occurrence)")
                }
                if try trial.isPending() {
                    #expect(try trial.portreeve("rollback").status == 0, "\(call) \(occurrence)")
                }
                #expect(try trial.isLive(trial.old), "\(call) \(occurrence)")
                occurrence += step
            }
        }
        #expect(try eventually { try trial.watchers().isEmpty })
    }

    @Test("An undo killed at any system call is finished by the next one")
    func killedUndo() throws {
        let trial = try Trial()
        for call in ["sendto", "fsync", "rename", "unlink"] {
            var (occurrence, isFaulty) = (1, true)
            while isFaulty {
                #expect(
                    try trial.portreeve("apply", trial.new, "--yes", "--quiet", "--confirm", "1h").status == 0)
                let prefix = trial.fault(call, "signal=KILL", at: occurrence)
                isFaulty = try trial.portreeve("rollback", prefix: prefix).status == Self.killed
                if try trial.isPending() { #expect(try trial.portreeve("rollback").status == 0) }
                #expect(try trial.isLive(trial.old), "\(call) \(occurrence)")
                occurrence += call == "sendto" ? 3 : 1
            }
        }
        #expect(try eventually { try trial.watchers().isEmpty })
    }

    @Test("It is undone although the background process is killed twice")
    func killedWatchers() throws {
        let trial = try Trial()
        #expect(try trial.portreeve("apply", trial.new, "--yes", "--quiet", "--confirm", "3s").status == 0)
        for _ in 0..<3 {
            let watchers = try trial.watchers()
            kill(try #require(watchers.first), SIGKILL)
            #expect(try eventually { try trial.watchers().filter { $0 != watchers[0] }.count == 2 })
        }
        for watcher in try trial.watchers() { kill(watcher, SIGHUP) }
        #expect(try trial.isLive(trial.new))
        #expect(try eventually { try trial.isLive(trial.old) })
    }

    @Test("If both processes are killed at once, the next command undoes the overdue change")
    func killedAll() throws {
        let trial = try Trial()
        #expect(try trial.portreeve("apply", trial.new, "--yes", "--quiet", "--confirm", "1s").status == 0)
        let watchers = try trial.watchers()
        for watcher in watchers.reversed() { kill(watcher, SIGSTOP) }
        for watcher in watchers { kill(watcher, SIGKILL) }
        #expect(try eventually { try trial.portreeve("history").output.contains("pending, overdue") })
        // A verification would undo it, too.
        #expect(try trial.portreeve("plan", trial.new, "--detailed-exitcode").status == 0)
        let result = try trial.portreeve("confirm")
        #expect(result.status == 1)
        #expect(result.errors == "portreeve: change 2 was not confirmed in time, and was undone\n")
        #expect(try trial.isLive(trial.old))
    }

    @Test("Closing the session undoes it at once")
    func terminated() throws {
        let trial = try Trial()
        #expect(try trial.portreeve("apply", trial.new, "--yes", "--quiet", "--confirm", "1h").status == 0)
        for watcher in try trial.watchers() { kill(watcher, SIGTERM) }
        #expect(try eventually { try trial.isLive(trial.old) })
    }

    @Test("If the undo state cannot be saved, nothing is changed", arguments: ["write", "fsync", "rename"])
    func fullDisk(call: String) throws {
        let trial = try Trial()
        let prefix = ["strace", "-qq", "-o", "/dev/null", "-e", "signal=none", "-e", "inject=\(call):error=ENOSPC"]
        for options in [[], ["--confirm", "1h"]] {
            let result = try Program.run(
                prefix + [
                    try Portreeve.executable, "apply", trial.new, "--yes", "--quiet", "--state-dir",
                    trial.portreeve.stateDirectory,
                ] + options)
            #expect(result.status == 1)
            #expect(try trial.isLive(trial.old))
            #expect(try !trial.isPending())
        }
        #expect(try trial.watchers().isEmpty)
        #expect(try trial.portreeve("apply", trial.new, "--yes", "--quiet").status == 0)
    }

    @Test("Ctrl-C at the question, and output that cannot be written before it, say that nothing was changed")
    func interrupted() throws {
        let trial = try Trial()
        let words = "\(try Portreeve.executable) apply \(trial.new) --state-dir \(trial.portreeve.stateDirectory)"
        // script(1) is the terminal; a job in the background may ignore the signal of its key.
        func ask(_ command: String, _ key: String) throws -> Program.Result {
            try Program.run([
                "sh", "-c",
                "(sleep 3; printf '\(key)'; sleep 1) | env --default-signal=INT script -qec \"$0\" /dev/null", command,
            ])
        }
        let interrupted = try ask(words, "\\003")
        #expect(interrupted.output.contains("portreeve: interrupted; nothing was changed"), "\(interrupted)")
        #expect(interrupted.status == 128 + SIGINT, "\(interrupted)")
        let full = try ask("\(words) > /dev/full", "y\\n")
        #expect(full.output.contains("no space left on device; nothing was changed"), "\(full)")
        #expect(full.status == 1 && !full.output.contains("[y/N]"), "\(full)")
        #expect(try trial.isLive(trial.old))
        let hidden = try ask("\(words) > /dev/null", "y\\n")
        #expect(hidden.status == 0 && hidden.output.contains(" ruleset changes in one step"), "\(hidden)")
        #expect(try trial.isLive(trial.new))
    }

    @Test("A result that is lost after the change says that the change was made")
    func lostResult() throws {
        let trial = try Trial()
        let words = "\(try Portreeve.executable) apply \(trial.new) --yes --state-dir \(trial.portreeve.stateDirectory)"
        let shown = try Program.run(["sh", "-c", words]).output
        let plan = try #require(shown.range(of: "applied and read back")).lowerBound
        #expect(try trial.portreeve("apply", trial.old, "--yes", "--quiet").status == 0)
        // The plan fits into the file, and what comes after it does not.
        let room = shown[..<plan].utf8.count + 4
        let file = try trial.portreeve.write(String(repeating: " ", count: 1 << 20 - room), to: "result")
        let lost = try Program.run(["sh", "-c", "prlimit --fsize=1048576 \(words) >> \(file)"])
        #expect(lost.errors.hasSuffix("file too large; the change was made\n") && lost.status == 1, "\(lost)")
        #expect(try trial.isLive(trial.new))
    }
}
