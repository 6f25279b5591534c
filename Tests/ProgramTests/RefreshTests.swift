import Compiler
import Foundation
import Kernel
import Rulesets
import TestSupport
import Testing

@Suite("Lists that are read again, in the kernel", .privileged, .networkNamespace)
struct RefreshTests {
    private let portreeve: Portreeve
    private let policy: String
    private let feed: String
    /// The exit status after SIGKILL.
    private static let killed: Int32 = 128 + 9

    init() throws {
        portreeve = try Portreeve()
        feed = try portreeve.write(Self.list(20), to: "feed.txt")
        policy = try portreeve.write(
            "version: 1\nsources: {feed: {file: feed.txt, at-least: 5, shrink: 50%}}\ndeny: feed\n"
                + "services: {ssh: {ports: 22, from: any, why: Admin}}\n")
        try #require(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
    }

    private static func list(_ count: Int) -> String { (0..<count).map { "192.0.2.\($0 * 2)\n" }.joined() }

    private func denied() throws -> Int {
        guard case .ranges32(let ranges)? = try Nftables().snapshot(of: Names.table).table?.set("deny-ipv4")?.elements
        else { return 0 }
        return ranges.count
    }

    @Test("A command killed at any step leaves a list that was good, and the next one continues")
    func killed() throws {
        var counts = [20, 30]
        for (call, step) in [("sendto", 3), ("fsync", 1), ("rename", 1)] {
            var (occurrence, isKilled) = (1, true)
            while isKilled {
                _ = try portreeve.write(Self.list(counts[1]), to: "feed.txt")
                let prefix = [
                    "strace", "-qq", "-e", "signal=none", "-e", "trace=\(call)", "-e",
                    "inject=\(call):signal=KILL:when=\(occurrence)",
                ]
                let result = try portreeve("refresh", prefix: prefix)
                isKilled = result.status == Self.killed
                #expect(isKilled || result.status == 0, "\(result.errors)")
                #expect(try counts.contains(denied()), "\(call) \(occurrence)")
                #expect(try portreeve("refresh").status == 0)
                #expect(try denied() == counts[1], "\(call) \(occurrence)")
                let verdict = try portreeve("verify", policy, "--only", "ruleset")
                #expect(verdict.status == 0, "\(call) \(occurrence): \(verdict.output)")
                counts.reverse()
                occurrence += step
            }
            #expect(occurrence > 2, "\(call)")
        }
    }

    @Test("Another program's commits do not keep it from its work")
    func busy() throws {
        for count in 21..<27 {
            _ = try portreeve.write(Self.list(count), to: "feed.txt")
            try portreeve.shell(
                "for i in 1 2 3 4 5 6 7 8; do nft add table inet other; nft delete table inet other; done & "
                    + "'\(try Portreeve.executable)' refresh --quiet --state-dir '\(portreeve.stateDirectory)'; s=$?; wait; exit $s"
            )
            #expect(try denied() == count)
        }
    }

    /// Lists that are moved into place or written over the old one, cut off in the middle of a line; commits of another program;
    /// commands that are killed; and the number of denied addresses, again and again.
    private static let storm = """
        cd "$1"; count=$2
        going() { [ $(date +%s) -lt $end ]; }
        end=$(($(date +%s) + count))
        while going; do
          for list in a b; do cp $list.txt new; mv new feed.txt; sleep 0.2; head -c 150 b.txt > feed.txt; sleep 0.05; done
        done &
        while going; do nft add table inet other; nft delete table inet other; done &
        while going; do
          for time in 0.02 0.05 0.1 0.3 5; do timeout -s KILL $time "$PORTREEVE" refresh --state-dir "$STATE" || :; done
        done >/dev/null 2>&1 &
        while going; do
          for time in 0.05 0.2 5; do
            timeout -s KILL $time "$PORTREEVE" apply policy.yaml --yes --quiet --keep-lists --state-dir "$STATE" || :
          done
        done >/dev/null 2>&1 &
        while going; do
          listed=$(nft list set inet portreeve deny-ipv4 2>/dev/null) && printf '%s\\n' "$listed" | grep -o '192\\.0\\.2\\.' | wc -l
        done
        wait
        """

    @Test("A good list is in force at any time of a storm of lists, commands, kills and commits of others")
    func storm() throws {
        let folder = URL(filePath: policy).deletingLastPathComponent().path
        for (name, count) in [("a", 20), ("b", 30)] { _ = try portreeve.write(Self.list(count), to: "\(name).txt") }
        let script = try portreeve.write(Self.storm, to: "storm.sh")
        let seconds = ProcessInfo.processInfo.environment["STORM_SECONDS"].flatMap { Int($0) } ?? 3
        let seen = try portreeve.shell(
            "PORTREEVE='\(try Portreeve.executable)' STATE='\(portreeve.stateDirectory)' sh '\(script)' '\(folder)' \(seconds) 2>/dev/null"
        ).split(separator: "\n").map(String.init)
        #expect(seen.count > 3)
        #expect(Set(seen).isSubset(of: ["20", "30"]), "\(Set(seen))")
        _ = try portreeve.write(Self.list(25), to: "feed.txt")
        let last = try portreeve("refresh")
        #expect(last.status == 0, "\(last)")
        #expect(try denied() == 25)
        let verdict = try portreeve("verify", policy, "--only", "ruleset")
        #expect(verdict.status == 0, "\(verdict.output)")
        #expect(try portreeve("history").status == 0)
    }

    @Test("Finds its lists from any directory, and refuses one that another user can write")
    func ownership() throws {
        let folder = URL(filePath: policy).deletingLastPathComponent().path
        let executable = try Portreeve.executable
        let options = "--state-dir '\(portreeve.stateDirectory)'"
        try portreeve.shell("cd '\(folder)' && '\(executable)' apply policy.yaml --yes --quiet \(options)")
        _ = try portreeve.write(Self.list(22), to: "feed.txt")
        try portreeve.shell("cd / && '\(executable)' refresh --quiet \(options)")
        #expect(try denied() == 22)
        _ = try portreeve.write(Self.list(23), to: "feed.txt")
        try portreeve.shell("chmod 666 '\(feed)'")
        let result = try portreeve("refresh")
        #expect(result.status == 2 && result.errors.contains("writable by everyone"), "\(result.errors)")
        #expect(try denied() == 22)
    }
}
