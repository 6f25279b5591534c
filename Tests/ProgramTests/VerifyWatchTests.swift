import Foundation
import Glibc
import TestSupport
import Testing

@Suite("verify --watch", .privileged, .networkNamespace)
struct VerifyWatchTests {
    private let portreeve: Portreeve
    private let policy: String
    private let output: String

    init() throws {
        portreeve = try Portreeve()
        policy = try portreeve.write(
            "version: 1\nservices:\n  ssh: {ports: 22, from: any, optional: true, why: Administration}\n")
        output = try portreeve.write("", to: "output")
        try portreeve.shell("ip link set lo up; ip addr add 10.9.0.1/24 dev lo")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
    }

    /// A watch of the namespace, which ends with the value.
    private final class Watch {
        let process: Int32

        init(_ process: Int32) { self.process = process }

        deinit { kill(process, SIGKILL) }

        /// The ticks of the clock that it has worked, and the times that it slept.
        func work() throws -> (ticks: Int, waits: Int) {
            let stat = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8).split(separator: " ")
            let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
            let waits = status.firstMatch(of: #/\nvoluntary_ctxt_switches:\s+(\d+)/#).flatMap { Int($0.1) }
            return ((Int(stat[13]) ?? 0) + (Int(stat[14]) ?? 0), waits ?? 0)
        }
    }

    private func watch(_ options: String = "") throws -> Watch {
        let process = try portreeve.shell(
            """
            : > \(output)  # what another one wrote is not to be read
            \(try Portreeve.executable) verify \(policy) --watch --state-dir \(portreeve.stateDirectory) \(options) \
                > \(output) 2>&1 &
            echo $!
            """)
        let watch = Watch(try #require(Int32(process.trimmingCharacters(in: .whitespacesAndNewlines))))
        try #require(eventually { try text().contains(options.contains("json") ? "total" : "verify: watching") })
        return watch
    }

    private func text() throws -> String { try String(contentsOfFile: output, encoding: .utf8) }

    /// Waits for these words, and returns the seconds until they came, after `change` was made.
    private func delay(until words: String, _ change: () throws -> Void) throws -> Double {
        try change()
        let start = ContinuousClock.now
        let isThere = try eventually { try text().contains(words) }
        let said = try text()
        #expect(isThere, "\(said)")
        return (ContinuousClock.now - start) / .seconds(1)
    }

    /// A debug build on a busy machine needs more than the second of the release build.
    private static let longest = 2.5

    @Test("A tampering, a listener and a published port are named within a second, and what is gone")
    func news() throws {
        let watch = try watch()
        let tampering = try delay(until: "`ip saddr 192.0.2.66 accept` [ruleset-drift]") {
            try portreeve.shell("nft insert rule inet portreeve input ip saddr 192.0.2.66 accept")
        }
        let sockets = Sockets(portreeve)
        let listener = try delay(until: "listens on tcp/8080") { try sockets.open("tcp 0.0.0.0 8080") }
        let published = try delay(until: "[undeclared-published-port]") {
            try portreeve.shell(
                """
                nft -f - <<'END'
                table ip nat {
                    chain PREROUTING { type nat hook prerouting priority dstnat; tcp dport 9090 dnat to 172.17.0.2:80; }
                }
                END
                """)
        }
        #expect(max(tampering, listener, published) < Self.longest, "\(tampering) \(listener) \(published)")
        let gone = try delay(until: "gone: ") {
            let applied = try portreeve("apply", policy, "--yes", "--quiet")
            #expect(applied.status == 0)
        }
        #expect(gone < Self.longest)
        // One summary for each change.
        let said = try text()
        #expect(said.split(separator: "\n").count { $0.contains("verify: ") } == 5, "\(said)")
        #expect(said.contains(#/\n[-\d]+T[:\d]+Z error: chain "input" has a rule/#), "\(said)")
        #expect(said.contains(#/\n  the live table is not what was applied: "portreeve apply /#), "\(said)")
        #expect(said.contains(#/\n[-\d]+T[:\d]+Z gone: /#), "\(said)")
        kill(watch.process, SIGTERM)
        #expect(eventually { kill(watch.process, 0) != 0 })
    }

    @Test("Rules of others that change all the time neither starve it nor the host")
    func storm() throws {
        let watch = try watch()
        let storm = try portreeve.write(
            """
            import subprocess, sys
            nft = subprocess.Popen(["nft", "-i"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
            nft.stdin.write("add table ip storm\\nadd set ip storm s { type ipv4_addr; }\\n")
            while True:
                nft.stdin.write("add element ip storm s { 10.0.0.1 }\\ndelete element ip storm s { 10.0.0.1 }\\n")
                nft.stdin.flush()
            """, to: "storm.py")
        let process = try portreeve.shell("/usr/bin/python3 \(storm) > /dev/null 2>&1 & echo $!")
        let number = try #require(Int32(process.trimmingCharacters(in: .whitespacesAndNewlines)))
        defer { kill(number, SIGKILL) }
        try #require(eventually { try portreeve.shell("nft list tables").contains("storm") })
        let before = try watch.work().ticks
        let start = ContinuousClock.now
        let delay = try delay(until: "`ip saddr 192.0.2.66 accept` [ruleset-drift]") {
            try portreeve.shell("nft insert rule inet portreeve input ip saddr 192.0.2.66 accept")
        }
        usleep(1_500_000)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let work = Double(try watch.work().ticks - before) / Double(sysconf(Int32(_SC_CLK_TCK)))
        #expect(delay < 5, "\(delay)")
        #expect(work / seconds < 0.5, "\(work) of \(seconds) s")
    }

    @Test("Idle it sleeps; a signal ends it with exit status 0; known findings are kept in the file of --news")
    func idle() throws {
        try portreeve.shell("nft insert rule inet portreeve input ip saddr 192.0.2.66 accept")
        let news = output + ".news"
        // A shell has its programs in the background ignore SIGINT.
        for (round, signal) in [SIGTERM, SIGHUP].enumerated() {
            let watch = try watch("--news \(news)")
            #expect(try text().contains("[ruleset-drift]") == (round == 0))
            let before = try watch.work()
            usleep(1_000_000)
            let after = try watch.work()
            #expect(after.ticks - before.ticks <= 20 && after.waits - before.waits <= 12, "\(before) \(after)")
            kill(watch.process, signal)
            #expect(eventually { kill(watch.process, 0) != 0 })
        }
        let status = try portreeve.shell(
            """
            \(try Portreeve.executable) verify \(policy) --watch --quiet --state-dir \(portreeve.stateDirectory) > \(output) &
            sleep 1; kill -TERM $!; wait $! && echo status=$?
            """)
        #expect(status == "status=0\n")
    }

    @Test("News that cannot be saved is printed, said to be unsaved, and saved after the next verification")
    func unsaved() throws {
        let folder = portreeve.file("news")
        try portreeve.shell("mkdir \(folder)")
        let watch = try watch("--news \(folder)/file")
        try withExtendedLifetime(watch) {
            try portreeve.shell("mv \(folder) \(folder).moved")
            _ = try delay(until: "saved for the next watch") {
                try portreeve.shell("nft insert rule inet portreeve input ip saddr 192.0.2.66 accept")
            }
            let said = try text()
            #expect(said.contains("[ruleset-drift]"), "\(said)")
            #expect(said.contains("portreeve: the news was printed, but not saved for the next watch: "), "\(said)")
            #expect(said.contains("; the next verification tries again\n"), "\(said)")
            #expect(!said.contains("was not verified"), "\(said)")
            try portreeve.shell("mv \(folder).moved \(folder); nft add table ip other")
            #expect(
                eventually {
                    (try? String(contentsOfFile: "\(folder)/file", encoding: .utf8))?.contains("drift") == true
                })
        }
    }

    @Test("JSON is one line for each change, and other formats are refused")
    func json() throws {
        let watch = try watch("--format json")
        try withExtendedLifetime(watch) {
            _ = try delay(until: "ruleset-drift") {
                try portreeve.shell("nft insert rule inet portreeve input ip saddr 192.0.2.66 accept")
            }
        }
        for line in try text().split(separator: "\n") {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            #expect(object?["format_version"] as? Int == 1 && object?["findings"] is [Any] && object?["gone"] is [Any])
        }
        #expect(try portreeve("verify", policy, "--watch", "--format", "nagios").status == 64)
        #expect(try portreeve("verify", policy, "--watch", "--output", output).status == 64)
        #expect(try portreeve("verify", policy, "--watch", "--news", output, "--fail-on-news").status == 64)
    }

    @Test("On a terminal q ends it")
    func key() throws {
        let words = "\(try Portreeve.executable) verify \(policy) --watch --state-dir \(portreeve.stateDirectory)"
        // script(1) is the terminal.
        let result = try Program.run(["sh", "-c", "(sleep 3; printf xq; sleep 1) | script -qec '\(words)' /dev/null"])
        #expect(result.status == 0 && result.output.contains("verify: watching; q ends it"), "\(result)")
    }
}
