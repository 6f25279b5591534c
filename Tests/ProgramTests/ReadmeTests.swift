import Foundation
import TestSupport
import Testing

/// The README shows the actual output of the command.
@Suite("The README", .privileged, .networkNamespace)
struct ReadmeTests {
    private static let text: String = {
        let file = URL(filePath: #filePath).appending(path: "../../../README.md").standardized
        return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    }()

    /// The fenced blocks of a language before the first heading.
    private func blocks(_ language: String) -> [String] {
        let head = Self.text.split(separator: "\n## ", maxSplits: 1).first ?? ""
        return head.matches(of: #/```(\w+)\n((?s:.*?))```/#).filter { $0.1 == language }.map { String($0.2) }
    }

    /// The text without what differs between hosts: the state directory of the test, process ids, the version of Python, the width of columns, and the
    /// names of the servers, for which Python stands in.
    private func comparable(_ text: String) -> String {
        text.replacing(#/pid \d+/#, with: "pid").replacing(#/python3\.\d+|sshd|postgres/#, with: "python3")
            .replacing(#/ {2,}/#, with: "  ").replacing(#/ --state-dir [^ "]+/#, with: "")
    }

    @Test("Shows the output of the commands")
    func transcript() throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write(try #require(blocks("yaml").first))
        let sockets = Sockets(portreeve)
        try sockets.open("tcp :: 5432\ntcp :: 22\n")
        let shown = blocks("console").joined()
        // Prints each command as the README does, before its output.
        let commands = shown.split(separator: "\n").filter { $0.hasPrefix("# ") }.map { line in
            let command = line.dropFirst(2)
            guard command.hasSuffix("&") else { return "echo '\(line)'; \(command) || true" }
            return """
                echo '\(line)'; \(command.dropLast()) > server.log 2>&1 & server=$!
                for i in $(seq 200); do grep -q ':1F90 ' /proc/net/tcp && break; sleep 0.05; done
                """
        }
        #expect(commands.count >= 4)
        let printed = try portreeve.shell(
            """
            cd "$(dirname '\(policy)')"
            trap 'kill $server' EXIT
            portreeve() { '\(try Portreeve.executable)' "$@" --state-dir '\(portreeve.stateDirectory)'; }
            \(commands.joined(separator: "\n"))
            """)
        #expect(comparable(printed) == comparable(shown))
    }

    @Test("Refers to sources that exist")
    func sources() {
        let root = URL(filePath: #filePath).appending(path: "../../../Sources").standardized
        let named = Self.text.matches(of: #/`([\w\/+]+\.swift)`/#).map { String($0.1) }
        #expect(named.count > 10)
        #expect(named.filter { !FileManager.default.fileExists(atPath: root.appending(path: $0).path) } == [])
    }
}
