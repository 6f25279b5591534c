import Foundation
import TestSupport
import Testing

/// Boots: a fresh network namespace acts as a restarted host, with the old state and no ruleset.
@Suite("A boot", .privileged, .networkNamespace)
struct BootTests {
    private let trial: Trial
    private var state: String { trial.portreeve.stateDirectory }

    init() throws { trial = try Trial() }

    /// Makes a change that is not confirmed before the shutdown.
    private func crash() throws {
        #expect(try trial.portreeve("apply", trial.new, "--yes", "--quiet", "--confirm", "1h").status == 0)
        for watcher in try trial.watchers().reversed() { kill(watcher, SIGSTOP) }
        for watcher in try trial.watchers() { kill(watcher, SIGKILL) }
        #expect(try eventually { try trial.watchers().isEmpty })
    }

    /// Boots, then runs a script on the host; `others` run at the same time.
    private func boot(
        beside others: String = "", under tracer: String = "", _ options: String = "", then script: String
    ) throws -> Program.Result {
        let command = "\(tracer) \(try Portreeve.executable) apply --boot --state-dir \(state) \(options)"
        return try Program.run(["unshare", "-n", "sh", "-c", "\(others)\n\(command); echo $?\n\(script)"])
    }

    private func isLive(_ policy: String) throws -> String {
        "\(try Portreeve.executable) verify \(policy) --only ruleset --quiet; echo $?"
    }

    @Test("Loads the last confirmed table, not the pending one, without a policy file")
    func pending() throws {
        try crash()
        try FileManager.default.moveItem(atPath: trial.old, toPath: trial.old + ".away")
        try FileManager.default.removeItem(atPath: trial.new)
        let result = try boot(then: "mv \(trial.old).away \(trial.old); \(try isLive(trial.old))")
        #expect(result.output.contains(#/^loaded change 1 of \S+ by [^\n]+\n0\n0\n$/#), "\(result)")
        #expect(
            result.errors
                == "portreeve: change 2 was lost in a reboot before it was confirmed\n")
        #expect(try !trial.isPending())
    }

    @Test("Does not wait until other processes stop committing")
    func foreign() throws {
        let others = "while :; do nft add table ip other; nft delete table ip other; done & other=$!"
        let result = try boot(beside: others, "--quiet", then: "kill $other; wait; \(try isLive(trial.old))")
        #expect(result.output == "0\n0\n", "\(result)")
    }

    @Test("Loads the floor and fails if the newest record is corrupt")
    func corrupt() throws {
        let file = URL(filePath: "\(state)/change-1.confirmed")
        try Data(Data(contentsOf: file).dropLast(7)).write(to: file)
        let result = try boot("--floor ssh", then: "nft list table inet portreeve")
        #expect(result.output.hasPrefix("1\n") && result.output.contains("tcp . 22 : goto service-ssh"))
        #expect(
            result.errors.hasSuffix(
                "change-1.confirmed is incomplete or was changed, and is not used; "
                    + "loaded the floor instead: only tcp/22 is open\n"), "\(result.errors)")
    }

    @Test("Opens its state, libraries and files of the kernel, and no other file")
    func files() throws {
        try crash()
        let trace = try trial.portreeve.write("", to: "trace")
        _ = try boot(under: "strace -f -o \(trace) -e trace=file,network,execve", then: "true")
        let lines = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
        let paths = lines.compactMap { $0.firstMatch(of: #/^\d+ +(?:open|openat|openat2|creat)\([^"]*"([^"]*)"/#)?.1 }
        let others = Set(paths).filter { path in
            !path.contains(".so") && ![state, "/proc/", "/sys/"].contains(where: path.hasPrefix)
        }
        #expect(paths.contains { $0 == state + "/change-1.confirmed" })
        #expect(others.isEmpty, "\(others)")
        #expect(lines.count { $0.contains(" execve(") } == 1)
        #expect(!lines.contains { $0.contains("connect(") || $0.contains("AF_INET") })
    }
}
