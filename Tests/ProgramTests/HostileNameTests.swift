import Foundation
import TestSupport
import Testing

/// Names of other programs that try to write to the terminal, the mail or the log of the one who reads the report.
@Suite("Hostile names", .privileged, .networkNamespace)
struct HostileNameTests {
    /// A line end and a forged line, an escape sequence, a C1 control and a bidirectional override.
    private static let name = "evil\nFORGED\u{1b}[2J\u{9b}31m\u{202e}x"

    private let portreeve: Portreeve

    init() throws { portreeve = try Portreeve() }

    /// The characters of the output that could control a terminal, and forged lines.
    private func faults(_ text: String) -> [String] {
        let controls = text.unicodeScalars.filter { scalar in
            scalar != "\n"
                && (scalar.properties.generalCategory == .control || (0x2028...0x202e).contains(scalar.value))
        }
        let forged = text.split(separator: "\n").filter { $0.hasPrefix("FORGED") }
        return controls.map { "U+\(String($0.value, radix: 16))" } + forged.map(String.init)
    }

    @Test("They are escaped in every format, in messages, in the record of news and in a first policy")
    func everywhere() throws {
        let folder = (try portreeve.write("") as NSString).deletingLastPathComponent + "/" + Self.name
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let (policy, program) = ("\(folder)/policy.yaml", "\(folder)/\(Self.name)")
        try Data(
            "version: 1\nservices:\n  ssh: {ports: [22, 80], from: any, process: sshd, why: Administration}\n".utf8
        )
        .write(to: URL(filePath: policy))
        try Data(
            "table inet jail { chain watch { type filter hook input priority -1; tcp dport 22 drop comment \"\(Self.name)\"; }; }"
                .utf8
        )
        .write(to: URL(filePath: folder + "/jail.nft"))
        try FileManager.default.copyItem(
            atPath: URL(filePath: "/usr/bin/python3").resolvingSymlinksInPath().path, toPath: program)
        try portreeve.shell(
            """
            ip link set lo up
            nft -f '\(folder)/jail.nft'
            ip link add 'e\u{1b}[2Jx' type veth peer name peer
            ip addr add 10.9.0.1/24 dev 'e\u{1b}[2Jx'
            """)
        let sockets = Sockets(portreeve)
        try sockets.open(
            "tcp 0.0.0.0 80\ntcp 0.0.0.0 8080\nudp 127.0.0.1 5000 to 127.0.0.1 5000", executable: "'\(program)'")
        let news = folder + "/news"
        let commands = [
            ["plan", policy], ["apply", policy, "--yes"], ["verify", policy], ["verify", policy, "--verbose"],
            ["verify", policy, "--news", news], ["verify", policy, "--format", "json"],
            ["verify", policy, "--format", "nagios"],
            ["verify", policy, "--format", "prometheus"], ["status", policy], ["status", policy, "--format", "json"],
            ["sessions", policy], ["sessions", policy, "--format", "json"],
            ["explain", "192.0.2.1", "22", policy], ["explain", "192.0.2.1", "8080", policy], ["history"],
            ["history", "--show", "1"],
            ["check", policy], ["check", folder + "/none.yaml"], ["verify", policy, "--output", "\(folder)/no/file"],
            ["init", "-"],
            ["plan", policy, "--out", folder + "/plan"], ["rollback", "7", "--yes"],
        ]
        var seen = ""
        for command in commands {
            let result = try portreeve(command)
            #expect(faults(result.output + result.errors).isEmpty, "\(command)")
            seen += result.output
        }
        #expect(seen.contains("evil\\nFORGED\\x1b[2J\\x9b31m\\u202ex"))
        #expect(faults(try String(contentsOfFile: news, encoding: .utf8).replacing("\t", with: "")).isEmpty)
        let first = try portreeve.write(try portreeve("init", "-").output, to: "first.yaml")
        #expect(try portreeve("check", first).status == 0)
    }
}
