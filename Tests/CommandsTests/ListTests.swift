import Commands
import Foundation
import Rulesets
import Testing

@Suite("Lists that are missing or out of their bounds")
struct ListTests {
    private let policy = """
        version: 1
        sources: {feed: {file: feed.txt, at-least: 5, shrink: 50%}}
        deny: feed
        services: {web: {ports: 80, from: any, why: Site}}

        """

    private func list(_ count: Int) -> String { (0..<count).map { "192.0.2.\($0 * 2)\n" }.joined() }

    /// A terminal with the policy and a list of 20 addresses applied, and the policy's path.
    private func applied() throws -> (Terminal, String) {
        let terminal = try Terminal()
        _ = try terminal.write(list(20), to: "feed.txt")
        let path = try terminal.write(policy)
        #expect(try terminal.run("apply", path, "--yes") == .success, "\(terminal.errors)")
        return (terminal, path)
    }

    @Test("apply refuses the list and names the way out, which loads the rest of an edit")
    func apply() throws {
        let (terminal, path) = try applied()
        let before = terminal.store.table
        _ = try terminal.write(list(9), to: "feed.txt")
        #expect(try terminal.run("apply", path, "--yes") == .invalidPolicy)
        #expect(
            terminal.errors.contains(
                "has 9 entries, but had 20 when applied: it shrank more than \"shrink: 50%\" allows"))
        #expect(terminal.errors.hasSuffix("nothing was changed: --keep-lists uses the lists as they were applied\n"))
        #expect(try terminal.run("plan", path) == .invalidPolicy)
        #expect(terminal.store.table == before)
        _ = try terminal.write(policy.replacing("ports: 80", with: "ports: 81"))
        #expect(try terminal.run("apply", path, "--yes", "--keep-lists") == .success)
        #expect(terminal.errors.contains("the list as it was applied stays in force"))
        #expect(terminal.store.table != before)
        #expect(terminal.store.table?.set("deny-ipv4") == before?.set("deny-ipv4"))
        // A list that grew back is taken.
        _ = try terminal.write(list(21), to: "feed.txt")
        #expect(try terminal.run("apply", path, "--yes", "--keep-lists") == .success)
        #expect(terminal.errors == "")
        #expect(terminal.store.table?.set("deny-ipv4") != before?.set("deny-ipv4"))
    }

    @Test(
        "verify reports the list, and holds the host against the last good one",
        arguments: [
            (nil, "cannot be read: no such file or directory"), ("", "has 0 entries"),
            ("<html>\n", "\"<html>\" is not"),
            ("192.0.2.0\n192.0.", "\"192.0.\""),
        ] as [(String?, String)])
    func verify(list: String?, reason: String) throws {
        let (terminal, path) = try applied()
        if let list {
            _ = try terminal.write(list, to: "feed.txt")
        } else {
            try FileManager.default.removeItem(at: terminal.folder.appending(path: "feed.txt"))
        }
        #expect(try terminal.run("verify", path, "--only", "ruleset") == .difference)
        #expect(terminal.output.hasPrefix("\(path):2: warning: "), "\(terminal.output)")
        #expect(terminal.output.contains(reason), "\(terminal.output)")
        #expect(
            terminal.output.hasSuffix(
                "the list as it was applied stays in force: get the list again, or change its bounds "
                    + "[list-out-of-bounds]\nverify: 1 warning\n"))
        #expect(try terminal.run("status", path, "--format", "json") == .success)
        let findings = try #require(try terminal.json()["findings"] as? [[String: Any]])
        #expect(findings.map { $0["id"] as? String } == ["list-out-of-bounds"])
        // Other commands that need the policy go on.
        #expect(
            try terminal.run("grant", "web", path, "--from", "198.51.100.7", "--for", "1h", "--why", "x") == .success)
    }

    @Test("Changed bounds are an edit that is not applied")
    func edited() throws {
        let (terminal, path) = try applied()
        _ = try terminal.write(policy.replacing("at-least: 5", with: "at-least: 6"))
        #expect(try terminal.run("verify", path, "--only", "ruleset") == .difference)
        #expect(terminal.output.contains("\"sources\" changed"))
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(try terminal.run("verify", path, "--only", "ruleset") == .success)
    }
}
