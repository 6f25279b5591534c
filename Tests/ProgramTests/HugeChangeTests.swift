import Foundation
import Kernel
import System
import TestSupport
import Testing

@Suite("A change of a hundred thousand prefixes", .privileged, .networkNamespace)
struct HugeChangeTests {
    private let portreeve: Portreeve
    private let huge: String
    private let small: String

    init() throws {
        portreeve = try Portreeve()
        let list = (0..<100_000).map { "\(20 + $0 / 64000).\($0 / 256 % 250).\($0 % 256).64/26" }
        _ = try portreeve.write(list.joined(separator: "\n"), to: "list.txt")
        huge = try portreeve.write(
            "version: 1\nsources: {all: {file: list.txt}}\nservices: {web: {ports: 80, from: all, why: x}}\n",
            to: "huge.yaml")
        small = try portreeve.write("version: 1\nservices: {web: {ports: 80, from: any, why: x}}\n", to: "small.yaml")
    }

    /// The peak memory of a process, in kilobytes.
    private func peak(_ process: pid_t) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        return Int(status.firstMatch(of: #/VmHWM:\s+(\d+)/#)?.1 ?? "") ?? .max
    }

    @Test("Is undone soon after its deadline, in little memory")
    func undoing() throws {
        #expect(try portreeve("apply", huge, "--yes", "--quiet").status == 0)
        #expect(try portreeve("apply", small, "--yes", "--quiet", "--confirm", "1s").status == 0)
        let limit = Uptime.milliseconds + 11_000
        let trial = Trial(portreeve, old: huge, new: small)
        for watcher in try trial.watchers() { #expect(try peak(watcher) < 64 << 10) }
        let outcome = portreeve.stateDirectory + "/change-2.timed-out"
        while !FileManager.default.fileExists(atPath: outcome) {
            try #require(Uptime.milliseconds < limit, "it takes ten seconds more")
            usleep(20_000)
        }
        #expect(try trial.isLive(huge))
        #expect(try eventually { try trial.watchers().isEmpty })
    }
}
