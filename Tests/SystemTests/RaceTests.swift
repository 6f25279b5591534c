import TestSupport
import Testing

@Suite("Racing writers", .privileged, .networkNamespace)
struct RaceTests {
    private func policy(_ number: Int) -> String {
        let ports = (0..<20).map { "\(1000 * number + $0)" }.joined(separator: ", ")
        let sources = (0..<20).map { "10.\(number).\($0 * 2).0/24" }.joined(separator: ", ")
        return "version: 1\nservices:\n  s\(number): {ports: [\(ports)], from: [\(sources)], why: Number \(number)}\n"
    }

    @Test("Each ends with its own table whole or says that it lost; the ruleset is one of theirs")
    func concurrent() throws {
        let portreeve = try Portreeve()
        let paths = try (1...4).map { try portreeve.write(policy($0), to: "\($0).yaml") }
        let command = try Portreeve.executable
        // A foreign writer commits all the while, so that generations move under everybody's feet.
        let script = """
            (i=0; while [ $i -lt 60 ]; do nft add table ip other; nft delete table ip other; i=$((i+1)); done) &
            for round in 1 2 3 4 5 6; do
              # Without the foreign writer somebody must win.
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

    @Test("Commits of others meanwhile are noticed, and the message says whether anything was written")
    func foreign() throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write(everything)
        // Every message takes a tenth of a second, so that the foreign commits fall between reading and writing.
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
}
