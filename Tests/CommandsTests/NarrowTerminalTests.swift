import Addressing
import Commands
import Foundation
import Listeners
import System
import Testing

@Suite("Tables on a narrow terminal")
struct NarrowTerminalTests {
    private let terminal: Terminal
    private let policy: String
    private static let sources = [
        "2001:db8:1234:5678:9abc:def0:1234:5678", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff",
        "2001:db8:1111:2222:3333:4444:5555:6666",
    ]

    init() throws {
        terminal = try Terminal()
        terminal.forbidsColor = true
        let list = Self.sources.map { "\"\($0)\"" }.joined(separator: ", ")
        policy = try terminal.write(
            """
            version: 1
            services:
              ssh: {ports: 22, from: [\(list)], why: Admin}
              web: {ports: 80, from: any, why: Site, expires: 2027-12-31}
            """)
        let server = SocketProcess(
            pid: 29451, name: "python3.11", executable: "/usr/bin/python3.11", unit: "a.service", user: "root")
        let ports: [UInt16] = [22, 8080, 8081]
        terminal.sockets.listeners = ports.map { port in
            Listener(
                transport: .tcp, address: .ipv6(0), port: port, isDualStack: true, inode: UInt64(port),
                owners: .processes([server]))
        }
    }

    private func lines(_ words: String..., columns: Int) throws -> [String] {
        terminal.outputColumns = columns
        #expect(try terminal.run(words) == .success)
        return terminal.output.split(separator: "\n").map(String.init)
    }

    @Test("Long addresses stand below their row, whose short cells and counts of ports stay in one line")
    func addresses() throws {
        _ = try terminal.run("apply", policy, "--yes")
        let shown = try lines("status", policy, columns: 80)
        let indent = String(repeating: " ", count: 28)
        let rows = """
            PORT               SERVICE  FROM         OPEN TO  LOADED  LISTENER    UNTIL
            tcp/22             ssh                   same     yes     python3.11  -
            \(Self.sources.map { indent + $0 }.joined(separator: ",\n"))
            tcp/80             web      any          same     yes     -           2027-12-31
            tcp/8080-8081 (2)  -        -            no one   -       python3.11  -
            """
        #expect(shown.joined(separator: "\n").contains(rows), "\(terminal.output)")
    }

    @Test("Where no columns fit, a row is a list of headings and values, and no word is broken")
    func lists() throws {
        let plan = try lines("plan", policy, columns: 40)
        let list = """
            PORT: tcp/8080-8081 (2)
              PROCESS: python3.11 (pid 29451)
              OPEN TODAY TO: anyone
              AFTER THIS: closed: not in the
                policy
            """
        #expect(plan.first == "PORT: tcp/22" && plan.joined(separator: "\n").contains(list), "\(terminal.output)")
        _ = try terminal.run("apply", policy, "--yes")
        let status = try lines("status", policy, columns: 40)
        #expect(status.joined(separator: "\n").contains("PORT: tcp/80\n  SERVICE: web\n  FROM: any\n  OPEN TO: same\n"))
        #expect(
            try lines("history", columns: 40) == [
                "CHANGE: 1", "  TIME: 2027-01-15T08:00:00Z", "  BY: alice as root from 198.51.100.7",
                "  HAPPENED: applied", "  WHAT: policy.yaml: services: 2 added",
            ])
        let isWithin = (plan + status).allSatisfy { $0.count <= 40 || !$0.dropFirst(2).contains(" ") }
        #expect(isWithin, "\(plan + status)")
    }

    @Test("No value is broken within", arguments: [30, 40, 60, 80, 100])
    func words(columns: Int) throws {
        _ = try terminal.run("apply", policy, "--yes")
        for command in [["status", policy], ["history"]] {
            terminal.outputColumns = nil
            #expect(try terminal.run(command) == .success)
            let known = Set(terminal.output.split { $0 == " " || $0 == "\n" })
            terminal.outputColumns = columns
            #expect(try terminal.run(command) == .success)
            let end = terminal.output.range(of: "\nthe rules are in sync")?.lowerBound ?? terminal.output.endIndex
            let values = terminal.output[..<end].split { $0 == " " || $0 == "\n" }.filter {
                $0.contains(where: \.isNumber)
            }
            #expect(!values.isEmpty && values.allSatisfy(known.contains), "\(terminal.output)")
        }
    }

    @Test("A mail address is never broken", arguments: [80, 90, 100, 110, 120, 140])
    func owners(columns: Int) throws {
        let owners = ["ops@example.org", "operations-on-call@example.org", "db-team@infrastructure.example.org"]
        let services = owners.enumerated().map { index, owner in
            "  s\(index): {ports: \(index + 1), from: any, why: x, owner: \(owner)}\n"
        }
        let path = try terminal.write("version: 1\nservices:\n" + services.joined(), to: "owners.yaml")
        _ = try terminal.run("apply", path, "--yes")
        let shown = try lines("status", path, columns: columns).joined(separator: "\n")
        let isLeftOut = shown.contains("a wider terminal also shows") && !shown.contains("@")
        #expect(isLeftOut || owners.allSatisfy(shown.contains), "\(shown)")
    }
}
