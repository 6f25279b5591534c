import Commands
import Foundation
import Listeners
import Testing

@Suite("portreeve verify, for Prometheus and a fleet")
struct FleetMetricsTests {
    private func applied(_ policy: String) throws -> (Terminal, String) {
        let terminal = try Terminal()
        let path = try terminal.write(policy)
        #expect(try terminal.run("apply", path, "--yes") == .success)
        return (terminal, path)
    }

    private func metrics(_ terminal: Terminal, _ path: String) throws -> Set<Substring> {
        _ = try terminal.run("verify", path, "--format", "prometheus")
        return Set(terminal.output.split(separator: "\n"))
    }

    @Test(
        "The hash is that of sha256sum, at every length around the size of a block",
        arguments: [0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 1000])
    func hash(length: Int) throws {
        let text = "version: 1\nservices: {}\n#" + String(repeating: "x", count: length)
        let (terminal, path) = try applied(text)
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/sha256sum")
        process.arguments = [path]
        process.standardOutput = pipe
        try process.run()
        let line = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let expected = try #require(line.split(separator: " ").first)
        #expect(try metrics(terminal, path).contains("portreeve_policy_info{hash=\"\(expected)\"} 1"))
    }

    @Test("The hash covers included files and no lists, and is that of the policy in force")
    func included() throws {
        let main = "version: 1\ninclude: [more.yaml]\nsources:\n  feed: {file: feed.txt}\nservices: {}\n"
        let terminal = try Terminal()
        _ = try terminal.write("services:\n  ssh: {ports: 22, from: any, why: Admin}\n", to: "more.yaml")
        _ = try terminal.write("192.0.2.1\n", to: "feed.txt")
        let path = try terminal.write(main)
        #expect(try terminal.run("apply", path, "--yes") == .success)
        let before = try info(terminal, path)
        _ = try terminal.write("192.0.2.2\n", to: "feed.txt")
        #expect(try info(terminal, path) == before)
        _ = try terminal.write("services:\n  ssh: {ports: 2222, from: any, why: Admin}\n", to: "more.yaml")
        #expect(try info(terminal, path) == before, "the edit is not applied")
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(try info(terminal, path) != before)
    }

    private func info(_ terminal: Terminal, _ path: String) throws -> Set<Substring> {
        try metrics(terminal, path).filter { $0.hasPrefix("portreeve_policy_info{") }
    }

    @Test("Expiry, generation, pending change, grants, and findings by service")
    func facts() throws {
        let (terminal, path) = try applied(
            """
            version: 1
            services:
              shop:
                ports: 443/tcp
                why: Shop
                allow:
                  - {from: 192.0.2.0/24, expires: 2027-06-30}
                  - {from: any, expires: 2027-03-31}
              web: {ports: 80, from: any, why: Site}
              db: {ports: 5432, from: 10.0.0.0/8, optional: true, why: Database}

            """)
        var found = try metrics(terminal, path)
        #expect(found.contains("portreeve_expiry_timestamp_seconds{service=\"shop\"} 1806537600"))
        #expect(
            found.contains("portreeve_service_findings{service=\"web\",id=\"missing-listener\",severity=\"warning\"} 1")
        )
        #expect(found.contains("portreeve_ruleset_generation 2"))
        #expect(found.contains("portreeve_pending_change 0"))
        #expect(found.contains("portreeve_grants 0"))
        #expect(
            try terminal.run("grant", "db", path, "--from", "192.0.2.9", "--for", "1h", "--why", "trial") == .success)
        let wider = try terminal.write("version: 1\nservices: {}\n", to: "wider.yaml")
        #expect(try terminal.run("apply", wider, "--yes", "--confirm", "2m") == .success)
        found = try metrics(terminal, path)
        #expect(found.contains("portreeve_pending_change 1"))
        #expect(found.contains("portreeve_pending_undo_timestamp_seconds 1800000120"))
        #expect(!found.contains { $0.hasPrefix("portreeve_expiry_timestamp_seconds{") }, "the policy in force has none")
    }
}
