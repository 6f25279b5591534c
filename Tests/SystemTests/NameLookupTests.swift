import Addressing
import Foundation
import TestSupport
import Testing

@testable import System

@Suite("Look-ups of names by processes")
struct NameLookupTests {
    @Test("An answer is read back as it was written")
    func roundTrip() throws {
        let outcomes: [NameAnswer.Outcome] = [
            .addresses([.ipv4(1), .ipv4(0xC000_0207)]), .absent, .unknownName, .failure("no answer"),
        ]
        for outcome in outcomes { #expect(NameAnswer.Outcome(outcome.text, of: .ipv4) == outcome) }
        #expect(NameAnswer.Outcome(NameAnswer.Outcome.addresses([.ipv6(1)]).text, of: .ipv6) == .addresses([.ipv6(1)]))
    }

    @Test(
        "A text that a look-up cannot have written is no answer",
        arguments: [
            "", "done\n", "addresses\ndone\n", "addresses\n192.0.2.1\n", "addresses\n192.0.2.1\ndone", "absent\n",
            "addresses\n192.0.2.0/24\ndone\n", "addresses\n192.0.2.1-192.0.2.9\ndone\n", "addresses\n::1\ndone\n",
            "addresses\n192.0.2.1\n\ndone\n", "absent\nmore\ndone\n", "failed\ndone\n", "failed\na\nb\ndone\n",
            "failed\n\u{1b}[2J\ndone\n", "failed\n\(String(repeating: "a", count: 201))\ndone\n", "other\ndone\n",
            "addresses\n\(String(repeating: "192.0.2.1\n", count: 8193))done\n",
        ])
    func hostile(text: String) { #expect(NameAnswer.Outcome(text, of: .ipv4) == nil) }

    /// Looks up a name by a script instead of this program, whose descriptor 3 gets the answer.
    private func answers(_ script: String, within milliseconds: Int64 = 5_000) throws -> [NameAnswer] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "portreeve-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "look-up")
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        return NameLookup(by: file.path, within: milliseconds).answers(for: ["vpn.example.net"])
    }

    @Test("Each family of each name has a process, without an environment")
    func processes() throws {
        let script = """
            [ "$1" = look-up-name ] && [ "$3" = vpn.example.net ] && [ -z "${HOME-}" ] || exit 1
            case $2 in ipv4) printf 'addresses\\n192.0.2.7\\ndone\\n' >&3;; ipv6) printf 'absent\\ndone\\n' >&3;; esac
            """
        let found = try answers(script)
        #expect(found.map(\.family) == [.ipv4, .ipv6])
        #expect(found.map(\.outcome) == [.addresses([.ipv4(0xC000_0207)]), .absent])
    }

    @Test("A process that hangs, floods or dies is a failure in time")
    func faults() throws {
        let start = Date()
        let hanging = try answers("exec sleep 60", within: 300)
        #expect(hanging.allSatisfy { $0.outcome == .failure("no answer within 0 seconds") }, "\(hanging)")
        #expect(Date().timeIntervalSince(start) < 10)
        for script in ["exit 7", "kill -9 $$", "echo nonsense >&3", "exec cat /dev/zero >&3"] {
            for answer in try answers(script) {
                guard case .failure(let reason) = answer.outcome else {
                    Issue.record("\(script): \(answer)")
                    continue
                }
                #expect(reason.hasPrefix("the process that looks it up ended with status "), "\(script): \(reason)")
            }
        }
        let closed = try answers("exec 3>&-; exec sleep 60", within: 300)
        #expect(closed.allSatisfy { $0.outcome == .failure("no answer within 0 seconds") }, "\(closed)")
        #expect(Date().timeIntervalSince(start) < 30)
        let missing = NameLookup(by: "/nonexistent").answers(for: ["a.example"])
        #expect(missing.count == 2)
        #expect(missing.allSatisfy { $0.outcome == .failure("cannot start a process: no such file or directory") })
    }
}
