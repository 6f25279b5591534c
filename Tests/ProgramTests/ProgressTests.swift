import Foundation
import TestSupport
import Testing

@Suite("Progress on a terminal", .privileged, .networkNamespace)
struct ProgressTests {
    private let portreeve: Portreeve
    private let policy: String

    init() throws {
        portreeve = try Portreeve()
        policy = try portreeve.write("version: 1\nservices:\n  web: {ports: 80, from: 10.0.0.0/8, why: Web}\n")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
    }

    /// Removes the table while another process holds the lock of the state for this many seconds.
    private func remove(waiting seconds: Double, _ options: String, redirection: String = "") throws -> String {
        let command = "\(try Portreeve.executable) remove --yes \(options) --state-dir \(portreeve.stateDirectory)"
        let lock = "\(portreeve.stateDirectory)/lock"
        return try portreeve.shell(
            """
            flock \(lock) sleep \(seconds) &
            sleep 0.1
            TERM=xterm script -qec '\(command)\(redirection)' /dev/null < /dev/null
            """)
    }

    @Test("A line appears after a second, and is erased before the result")
    func slow() throws {
        let output = try remove(waiting: 1.4, "")
        #expect(output.contains("\rloading the table…\u{1b}[K\r\u{1b}[K"), "\(output.debugDescription)")
        #expect(output.hasSuffix("\r\u{1b}[Kremoved table inet portreeve\r\n"), "\(output.debugDescription)")
    }

    @Test("None appears within a second, with --quiet, in JSON, or where messages go to a file")
    func none() throws {
        #expect(try !remove(waiting: 0.2, "").contains("loading"))
        for (options, redirection) in [("--quiet", ""), ("--format json", ""), ("", " 2>/dev/null")] {
            #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
            let output = try remove(waiting: 1.3, options, redirection: redirection)
            #expect(!output.contains("loading") && !output.contains("\u{1b}[K"), "\(output.debugDescription)")
        }
    }
}
