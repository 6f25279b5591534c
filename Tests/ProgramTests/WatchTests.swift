import Foundation
import TestSupport
import Testing

@Suite("portreeve sessions --watch", .privileged, .networkNamespace)
struct SessionWatchTests {
    private static let (entry, exit) = (
        "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l", "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l"
    )

    private let portreeve: Portreeve
    private let policy: String

    init() throws {
        portreeve = try Portreeve()
        policy = try portreeve.write("version: 1\nservices:\n  web: {ports: 80, from: 10.0.0.0/8, why: Web}\n")
    }

    /// Watches on a terminal, with these keys pressed after half a second, and prints the exit status and whether the settings
    /// of the terminal are as before.
    private func watch(keys: String = "", prefix: String = "") throws -> String {
        let command =
            "\(prefix) \(try Portreeve.executable) sessions \(policy) --watch --state-dir \(portreeve.stateDirectory)"
        let script = try portreeve.write(
            "before=$(stty -g)\n\(command)\necho status=$?\n[ \"$before\" = \"$(stty -g)\" ] && echo restored\n",
            to: "watch.sh")
        return try portreeve.shell(
            "(sleep 0.5; printf '\(keys)'; sleep 1.5) | TERM=xterm script -qec 'sh \(script)' /dev/null")
    }

    @Test("Paints in place, and q gives the terminal back")
    func quit() throws {
        let output = try watch(keys: "q")
        let parts = output.split(separator: Self.exit, omittingEmptySubsequences: false)
        try #require(parts.count == 2, "\(output.debugDescription)")
        #expect(parts[0].hasPrefix("\(Self.entry)\u{1b}[Hportreeve sessions, "), "\(output.debugDescription)")
        #expect(parts[0].contains(": 0 connections\u{1b}[K") && parts[0].contains("q quits\u{1b}[K\u{1b}[J"))
        #expect(parts[1].contains("status=0\r\nrestored"), "\(output.debugDescription)")
    }

    @Test(
        "A signal ends it, and the terminal is given back first",
        arguments: [("INT", 130), ("TERM", 143), ("HUP", 129)])
    func signals(name: String, status: Int) throws {
        let output = try watch(prefix: "timeout --preserve-status --foreground -s \(name) 0.5")
        let parts = output.split(separator: Self.exit, omittingEmptySubsequences: false)
        #expect(parts.count >= 2 && parts[0].hasPrefix(Self.entry), "\(output.debugDescription)")
        #expect(output.contains("status=\(status)\r\n") && output.contains("restored"), "\(output.debugDescription)")
    }

    @Test("Without a terminal it says so, and paints nothing")
    func pipe() throws {
        let result = try portreeve("sessions", policy, "--watch", "--state-dir", portreeve.stateDirectory)
        #expect(result.status == 1 && result.output.isEmpty)
        #expect(
            result.errors
                == "portreeve: painting the screen: standard input and output are no terminal that can be painted\n")
    }
}
