import Foundation
import TestSupport
import Testing

/// Whether the text is one sentence without control characters.
func isSentence(_ text: String) -> Bool {
    text.hasPrefix("portreeve: ") && text.hasSuffix("\n") && text.count { $0 == "\n" } == 1 && !text.contains("Error")
}

@Suite("A state directory that cannot be used", .privileged, .networkNamespace)
struct StateDirectoryTests {
    private let portreeve: Portreeve
    private let policy: String

    init() throws {
        portreeve = try Portreeve()
        policy = try portreeve.write("version: 1\nservices: {}\n")
    }

    private func run(_ line: String, in directory: String) throws -> Program.Result {
        try Program.run(
            [try Portreeve.executable] + line.split(separator: " ").map(String.init) + ["--state-dir", directory])
    }

    @Test(
        "A file in its place, or above it, and a place where none can be made are named; changes say that they were not made",
        arguments: [
            ("/file", "opening the state directory"), ("/file/state", "making the state directory"),
            ("proc", "making the state directory"),
        ])
    func wrongPlace(place: String, attempt: String) throws {
        let file = try portreeve.write("", to: "file")
        let directory = place == "proc" ? "/proc/state" : file + place.dropFirst("/file".count)
        // Without a table a ban makes no directory, so that it does not meet the place where none can be made.
        let ban = place == "proc" ? [] : ["ban 192.0.2.1 --for 1h --why x"]
        for line in ["apply \(policy) --yes --quiet"] + ban {
            let result = try run(line, in: directory)
            #expect(result.status == 1 && isSentence(result.errors), "\(result)")
            #expect(result.errors.contains("\(attempt) \(directory): "), "\(result)")
            #expect(
                result.errors.hasSuffix("; name another one with --state-dir; nothing was changed\n"), "\(result)")
        }
    }

    @Test("A path that does not exist is named, and not made by commands that need an earlier change")
    func missing() throws {
        let directory = portreeve.file("none")
        for (line, thing) in [("confirm", "pending change"), ("rollback --yes", "earlier change")] {
            let result = try run(line, in: directory)
            #expect(result.status == 1, "\(result)")
            #expect(
                result.errors == "portreeve: there is no \(thing): the state directory \(directory) does not exist\n")
        }
        let history = try run("history", in: directory)
        #expect(history.output == "there are no changes yet: the state directory \(directory) does not exist\n")
        #expect(!FileManager.default.fileExists(atPath: directory))
    }
}

@Suite("State on a disk that fails", .privileged, .networkNamespace)
struct DiskTests {
    private let trial: Trial
    private let disk: Disk

    init() throws {
        trial = try Trial()
        disk = try Disk(at: trial.portreeve.stateDirectory, trial.portreeve)
        // Files written before the disk was mounted are not on it.
        #expect(try run("apply", trial.old, "--yes", "--quiet").status == 0)
    }

    private func run(_ arguments: String...) throws -> Program.Result {
        try Program.run(
            disk.prefix + [try Portreeve.executable] + arguments + ["--state-dir", trial.portreeve.stateDirectory])
    }

    @Test("A full disk prevents changes, and the message says so", arguments: [[], ["--confirm", "1h"]])
    func full(options: [String]) throws {
        try disk.fill()
        let command = [try Portreeve.executable, "apply", trial.new, "--yes", "--quiet"] + options
        let result = try Program.run(disk.prefix + command + ["--state-dir", trial.portreeve.stateDirectory])
        #expect(result.status == 1)
        #expect(
            isSentence(result.errors) && result.errors.contains("no space left on device; make room"),
            "\(result.errors)")
        #expect(result.errors.contains("nothing was changed"))
        #expect(try trial.isLive(trial.old))
        #expect(try disk.names() == ["change-1.confirmed"])
        #expect(try trial.watchers().isEmpty)
    }

    @Test("A full disk prevents bans and grants, too, and the message says so")
    func fullForClients() throws {
        try disk.fill()
        for command in [["ban", "192.0.2.1"], ["grant", "web", trial.old, "--from", "198.51.100.99"]] {
            let words = command + ["--for", "1h", "--why", "x", "--state-dir", trial.portreeve.stateDirectory]
            let result = try Program.run(disk.prefix + [try Portreeve.executable] + words)
            #expect(result.status == 1 && isSentence(result.errors), "\(result)")
            #expect(result.errors.contains("no space left on device; make room"), "\(result)")
            #expect(result.errors.hasSuffix("; nothing was changed\n"), "\(result)")
        }
    }

    @Test("A disk that fills up meanwhile prevents neither the undo nor the confirmation")
    func filled() throws {
        #expect(try run("apply", trial.new, "--yes", "--quiet", "--confirm", "1s").status == 0)
        try disk.fill()
        #expect(try eventually { try trial.isLive(trial.old) && trial.watchers().isEmpty })
        #expect(try disk.names() == ["change-1.confirmed", "change-2.timed-out"])
    }

    @Test("A read-only disk prevents changes; a pending change is undone, and recorded later")
    func readOnly() throws {
        #expect(try run("apply", trial.new, "--yes", "--quiet", "--confirm", "2s").status == 0)
        try disk.remount("ro")
        let confirmation = try run("confirm")
        #expect(confirmation.status == 1 && isSentence(confirmation.errors))
        #expect(confirmation.errors.contains("read-only file system; remount"), "\(confirmation.errors)")
        #expect(try eventually { try trial.isLive(trial.old) })
        #expect(try run("history").status == 0)
        #expect(try trial.watchers().count == 2)
        try disk.remount("rw")
        #expect(try eventually { try trial.watchers().isEmpty })
        #expect(try disk.names() == ["change-1.confirmed", "change-2.timed-out"])
        try disk.remount("ro")
        let result = try run("apply", trial.new, "--yes", "--quiet", "--confirm", "1h")
        #expect(result.status == 1 && isSentence(result.errors) && result.errors.contains("nothing was changed"))
        #expect(try trial.isLive(trial.old))
        #expect(try run("apply", "--boot", "--quiet").status == 0)
    }
}

@Suite("State that cannot be read", .privileged, .networkNamespace)
struct StateReadingTests {
    private func fault(_ call: String, _ fault: String) -> [String] {
        ["strace", "-qq", "-o", "/dev/null", "-e", "signal=none", "-e", "inject=\(call):\(fault)"]
    }

    @Test("A directory that cannot be listed is not empty")
    func listing() throws {
        let trial = try Trial()
        let result = try trial.portreeve(
            "apply", trial.new, "--yes", "--quiet", prefix: fault("getdents64", "error=EIO"))
        #expect(result.status == 1 && isSentence(result.errors), "\(result.errors)")
        #expect(try trial.isLive(trial.old))
        // Else a change would get a number that is already used.
        #expect(try trial.portreeve("apply", trial.new, "--yes", "--quiet").status == 0)
        #expect(try trial.portreeve("rollback", "1", "--yes", "--quiet").status == 0)
        #expect(try trial.isLive(trial.old))
    }

    @Test("A pending change is undone although its files are lost", arguments: ["pending", "previous"])
    func corrupt(name: String) throws {
        let trial = try Trial()
        #expect(try trial.portreeve("apply", trial.new, "--yes", "--quiet", "--confirm", "1s").status == 0)
        try Data("corrupt".utf8).write(to: URL(filePath: "\(trial.portreeve.stateDirectory)/\(name)"))
        #expect(try eventually { try trial.isLive(trial.old) && trial.watchers().isEmpty })
        #expect(try !trial.isPending())
        #expect(try trial.portreeve("apply", trial.new, "--yes", "--quiet").status == 0)
    }

    @Test("The next writer deletes the temporary file of a killed one, and leaves that of a live one alone")
    func abandoned() throws {
        let trial = try Trial()
        let directory = trial.portreeve.stateDirectory
        func temporary() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".tmp") }
        }
        let killed = try trial.portreeve(
            "apply", trial.new, "--yes", "--quiet", prefix: fault("fsync", "signal=KILL:when=1"))
        #expect(killed.status != 0)
        #expect(try temporary().count == 1)
        let ours = "change-9.prepared.\(getpid()).tmp"
        try Data().write(to: URL(filePath: "\(directory)/\(ours)"))
        #expect(try trial.portreeve("apply", trial.new, "--yes", "--quiet").status == 0)
        #expect(try temporary() == [ours])
        #expect(try trial.isLive(trial.new))
    }

    @Test("A signal during a system call is not an error", arguments: ["fsync", "write", "poll"])
    func signals(call: String) throws {
        let trial = try Trial()
        for occurrence in [1, 2, 4, 7] {
            let prefix = fault(call, "error=EINTR:when=\(occurrence)")
            let result = try trial.portreeve(
                "apply", trial.new, "--yes", "--quiet", "--confirm", "1h", prefix: prefix)
            #expect(result.status == 0, "\(occurrence): \(result.errors)")
            #expect(try trial.portreeve("rollback", prefix: prefix).status == 0)
            #expect(try trial.isLive(trial.old))
        }
        #expect(try eventually { try trial.watchers().isEmpty })
    }

    @Test(
        "The undo is repeated if the kernel does not answer", arguments: ["sendto", "recvfrom"], ["ENOBUFS", "EINTR"])
    func undo(call: String, error: String) throws {
        let trial = try Trial()
        for occurrence in [1, 6] {
            #expect(try trial.portreeve("apply", trial.new, "--yes", "--quiet", "--confirm", "1h").status == 0)
            for watcher in try trial.watchers().reversed() { kill(watcher, SIGSTOP) }
            for watcher in try trial.watchers() { kill(watcher, SIGKILL) }
            #expect(try eventually { try trial.watchers().isEmpty })
            // Two hours later by the boot clock.
            let late = ["unshare", "--time", "--boottime", "7200"]
            let command =
                late + fault(call, "error=\(error):when=\(occurrence)") + [
                    try Portreeve.executable, "undo", "--state-dir", trial.portreeve.stateDirectory,
                ]
            #expect(try Program.run(["sh", "-c", "exec 3> /dev/null; exec \"$@\"", "-"] + command).status == 0)
            #expect(try trial.isLive(trial.old), "\(occurrence)")
            #expect(try !trial.isPending())
        }
        #expect(try eventually { try trial.watchers().isEmpty })
    }

    @Test("Only the boot clock counts, which cannot be set")
    func clocks() throws {
        let trial = try Trial()
        #expect(try trial.portreeve("apply", trial.new, "--yes", "--quiet", "--confirm", "1h").status == 0)
        func pending(_ clock: String) throws -> String {
            try trial.portreeve("history", prefix: ["unshare", "--time", "--\(clock)", "7200"]).output
        }
        #expect(try pending("monotonic").contains("pending, 59m"))
        #expect(try pending("boottime").contains("pending, overdue"))
        #expect(try trial.portreeve("confirm").status == 0)
    }
}
