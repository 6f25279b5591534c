import Foundation
import TestSupport
import Testing

@Suite("Concurrent writers", .privileged, .networkNamespace)
struct RaceTests {
    private func policy(_ number: Int) -> String {
        let ports = (0..<20).map { "\(1000 * number + $0)" }.joined(separator: ", ")
        let sources = (0..<20).map { "10.\(number).\($0 * 2).0/24" }.joined(separator: ", ")
        return "version: 1\nservices:\n  s\(number): {ports: [\(ports)], from: [\(sources)], why: Number \(number)}\n"
    }

    @Test("Each writer applies its whole table or reports that it lost; the ruleset is one of theirs")
    func concurrent() throws {
        let portreeve = try Portreeve()
        let paths = try (1...4).map { try portreeve.write(policy($0), to: "\($0).yaml") }
        let command = try Portreeve.executable
        // Another process commits all the time, so that the generation changes constantly.
        let script = """
            (i=0; while [ $i -lt 60 ]; do nft add table ip other; nft delete table ip other; i=$((i+1)); done) &
            for round in 1 2 3 4 5 6; do
              # Without other writers one apply must succeed.
              [ $round -lt 6 ] || wait
              pids=
              for policy in \(paths.joined(separator: " ")); do
                \(command) apply $policy --yes --quiet --state-dir \(portreeve.stateDirectory) 2>/dev/null & pids="$pids $!"
              done
              for pid in $pids; do wait $pid && echo 0 || echo $?; done
            done
            """
        let statuses = try portreeve.shell(script).split(separator: "\n").map(String.init)
        #expect(statuses.count == 24)
        #expect(statuses.suffix(4).contains("0"))
        #expect(Set(statuses).isSubset(of: ["0", "5"]), "\(statuses)")
        let verdicts = try paths.map { try portreeve("verify", $0, "--only", "ruleset") }
        #expect(verdicts.count { $0.status == 0 } == 1, "\(statuses) \(verdicts)")
    }

    @Test("After any concurrent commands the log ends with the live table, and nothing is left over")
    func everyone() throws {
        let portreeve = try Portreeve()
        let paths = try (1...4).map { try portreeve.write(policy($0), to: "\($0).yaml") }
        for path in paths.prefix(2) { #expect(try portreeve("apply", path, "--yes", "--quiet").status == 0) }
        let commands =
            paths.map { "apply \($0)" } + paths.suffix(2).map { "apply \($0) --confirm 1h" } + ["rollback", "confirm"]
        let script = """
            (while :; do nft add table ip other; nft delete table ip other; done) & other=$!
            try() {
              case $1 in confirm) yes=;; *) yes=--yes;; esac
              if said=$(\(try Portreeve.executable) "$@" $yes --quiet --state-dir \(portreeve.stateDirectory) 2>&1)
              then echo "0 $said"; else echo "$? $said"; fi
            }
            for round in 1 2 3 4 5 6; do
              # Without other writers one command must succeed.
              [ $round -lt 6 ] || { kill $other; wait $other || echo last; }
              pids=
              for command in \(commands.map { "'\($0)'" }.joined(separator: " ")); do try $command & pids="$pids $!"; done
              wait $pids
            done
            """
        let reports = try portreeve.shell(script).split(separator: "\n").map(String.init)
        let strangers = reports.filter { report in
            ![
                "0", "last", "5 ", "4 portreeve: change ", "4 portreeve: nothing was changed: change ",
                "portreeve: change ",
            ].contains { report.hasPrefix($0) }
                && !Self.losses.contains { report.contains($0) }
        }
        #expect(strangers.isEmpty, "\(strangers)")
        #expect(reports.drop { $0 != "last" }.contains { $0.hasPrefix("0") }, "\(reports)")
        let history = try portreeve("history", "--format", "json").output
        let isPending = FileManager.default.fileExists(atPath: portreeve.stateDirectory + "/pending")
        #expect(history.components(separatedBy: "\"prepared\"").count - 1 == (isPending ? 1 : 0), "\(reports)")
        // confirm accepts only the live table.
        if isPending { #expect(try portreeve("confirm").status == 0, "\(reports)") }
        let last = try #require(
            try FileManager.default.contentsOfDirectory(atPath: portreeve.stateDirectory)
                .filter { $0.hasSuffix(".confirmed") }.compactMap { Int($0.filter(\.isNumber)) }.max())
        let result = try portreeve("rollback", "\(last)", "--yes", "--format", "json")
        #expect(result.output.contains("\"changed\": false"), "\(result) \(reports)")
    }

    /// The messages of commands that came too late.
    private static let losses = [
        "there is no pending change", "there is no earlier change", "is no longer pending",
        "another portreeve is using",
    ]

    @Test("Commits by other processes are noticed, and the message says whether anything was written")
    func foreign() throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write(everything)
        // Every message takes a tenth of a second, so that other commits fall between reading and writing.
        let slowly = "strace -qq -o /dev/null -e trace=sendto -e inject=sendto:delay_enter=100000"
        let script = """
            (\(slowly) \(try Portreeve.executable) apply \(policy) --yes --quiet 2>\(policy).errors && echo 0 || echo $?) > \(policy).status &
            while [ ! -s \(policy).status ]; do nft add table ip other; nft delete table ip other; done
            cat \(policy).status \(policy).errors
            """
        let outcome = try portreeve.shell(script)
        #expect(outcome.hasPrefix("5\n"))
        let isApplied = outcome.contains("applied, but")
        #expect(try portreeve.shell("nft list ruleset").isEmpty == !isApplied, "\(outcome)")
        let verdict = try portreeve("verify", policy, "--only", "ruleset", "--quiet").status
        #expect(verdict == (isApplied ? 0 : 2))
    }

    @Test("Bans by another program while a change is made do not stop it")
    func overtaken() throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write(everything)
        // Every message takes a thirtieth of a second, so that some of the bans fall between reading and writing.
        let slowly = "strace -qq -o /dev/null -e trace=sendto -e inject=sendto:delay_enter=30000"
        let script = """
            nft 'table inet jail { set banned { type ipv4_addr; }; chain watch { type filter hook input priority -1; tcp dport 22 ip saddr @banned reject; }; }'
            (\(slowly) \(try Portreeve.executable) apply \(policy) --yes --quiet --state-dir \(portreeve.stateDirectory) \
                2>\(policy).errors && echo 0 || echo $?) > \(policy).status &
            for host in 1 2 3; do sleep 0.3; nft add element inet jail banned "{ 192.0.2.$host }"; done
            wait
            cat \(policy).status \(policy).errors
            """
        #expect(try portreeve.shell(script) == "0\n")
        #expect(try portreeve("verify", policy, "--only", "ruleset", "--quiet").errors.isEmpty)
        #expect(try portreeve("history", "--format", "json").output.contains("\"confirmed\""))
    }
}
