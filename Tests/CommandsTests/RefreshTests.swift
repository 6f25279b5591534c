import Addressing
import Commands
import Compiler
import Foundation
import Glibc
import Rulesets
import System
import Testing

@Suite("portreeve refresh")
struct RefreshTests {
    private let terminal: Terminal
    private let path: String
    private static let policy = """
        version: 1
        sources:
          feed: {file: feed.txt, at-least: 4, at-most: 50, shrink: 50%}
          office: {file: office.txt}
        deny: feed
        services: {ssh: {ports: 22, from: office, why: Admin}}

        """

    init() throws {
        terminal = try Terminal()
        _ = try terminal.write(Self.list(10), to: "feed.txt")
        _ = try terminal.write("198.51.100.0/24\n", to: "office.txt")
        path = try terminal.write(Self.policy)
        try #require(try terminal.run("apply", path, "--yes") == .success, "\(terminal.errors)")
    }

    private static func list(_ count: Int) -> String { (0..<count).map { "192.0.2.\($0 * 2)\n" }.joined() }

    /// The ranges in the set of `deny`.
    private var denied: Int {
        guard case .ranges32(let ranges)? = terminal.store.table?.set("deny-ipv4")?.elements else { return 0 }
        return ranges.count
    }

    private func isClean() throws {
        #expect(try terminal.run("verify", path, "--only", "ruleset", "--quiet") == .success, "\(terminal.output)")
        let commits = terminal.store.commits
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(terminal.output == "in sync: nothing to do\n" && terminal.store.commits == commits)
    }

    @Test("Loads a changed list, and nothing that was edited; prints only what is new")
    func changed() throws {
        #expect(try terminal.run("refresh") == .success)
        #expect(terminal.output == "" && terminal.errors == "" && terminal.store.commits == 1)
        terminal.outputColumns = 80
        #expect(try terminal.run("refresh") == .success)
        #expect(terminal.output.hasSuffix("read: no entry changed\n"), "\(terminal.output)")
        terminal.outputColumns = nil
        _ = try terminal.write(Self.list(12), to: "feed.txt")
        _ = try terminal.write(Self.policy.replacing("ports: 22", with: "ports: [22, 23]"))
        #expect(try terminal.run("refresh") == .success)
        #expect(terminal.output == "feed: 10 -> 12 entries\n" && terminal.errors == "")
        #expect(denied == 12)
        #expect(terminal.store.table?.set("services")?.elements.count == 2)
        #expect(try terminal.run("refresh") == .success)
        #expect(terminal.output == "" && terminal.store.commits == 2)
        _ = try terminal.write(Self.policy)
        try isClean()
        #expect(try terminal.run("history", "--format", "json") == .success)
        let change = try #require((try terminal.json()["changes"] as? [[String: Any]])?.first)
        #expect(change["kind"] as? String == "refresh" && change["outcome"] as? String == "renewed")
        #expect(change["summary"] as? String == "lists: feed 10 -> 12")
        // A list that means the same is no change.
        _ = try terminal.write("# new\n" + Self.list(12), to: "feed.txt")
        #expect(try terminal.run("refresh") == .success)
        #expect(terminal.output == "" && terminal.store.commits == 2)
        try isClean()
        // A short list is no set: its rules change.
        _ = try terminal.write("198.51.100.0/24\n203.0.113.9\n", to: "office.txt")
        #expect(try terminal.run("refresh", "--format", "json") == .success)
        let json = try terminal.json()
        #expect(json["changed"] as? Bool == true)
        let sources = try #require(json["sources"] as? [[String: Any]])
        #expect(sources.map { $0["name"] as? String } == ["feed", "office"])
        #expect(sources[1]["before"] as? Int == 1 && sources[1]["after"] as? Int == 2)
        #expect((sources[1]["oldest"] as? String)?.hasSuffix("Z") == true)
        try isClean()
    }

    @Test(
        "A list that cannot be used stays as it was applied, is told once, and comes back",
        arguments: [
            nil, "", "<html>\n", "192.0.2.0\n192.0.", list(3), list(4), list(100), "0.0.0.0/0\n" + list(9),
        ] as [String?])
    func refused(text: String?) throws {
        let before = terminal.store.table
        if let text {
            _ = try terminal.write(text, to: "feed.txt")
        } else {
            try FileManager.default.removeItem(at: terminal.folder.appending(path: "feed.txt"))
        }
        #expect(try terminal.run("refresh") == .difference)
        #expect(terminal.output == "")
        #expect(terminal.errors.hasSuffix("the list as it was applied stays in force\n"), "\(terminal.errors)")
        #expect(try terminal.run("refresh") == .difference)
        #expect(terminal.output == "" && terminal.errors == "")
        // A person asks again to see it.
        terminal.outputColumns = 80
        #expect(try terminal.run("refresh") == .difference)
        #expect(terminal.errors.hasSuffix("the list as it was applied stays in force\n"), "\(terminal.errors)")
        terminal.outputColumns = nil
        #expect(terminal.store.table == before && terminal.store.commits == 1)
        // Others are loaded all the same.
        _ = try terminal.write("198.51.100.0/24\n203.0.113.9\n", to: "office.txt")
        #expect(try terminal.run("refresh", "--format", "json") == .difference)
        #expect((try terminal.json()["refused"] as? [[String: Any]])?.count == 1)
        #expect(terminal.store.commits == 2 && denied == 10)
        _ = try terminal.write(Self.list(11), to: "feed.txt")
        #expect(try terminal.run("refresh") == .success)
        #expect(
            terminal.output
                == "list \"\(terminal.folder.path)/feed.txt\" can be used again\nfeed: 10 -> 11 entries\n")
        try isClean()
    }

    @Test(
        "What stands in the place of a list and is no file with a list leaves it as it was applied",
        arguments: [
            ("directory", "is a directory"), ("loop", "cannot be read"), ("pipe", "is not a regular file"),
            ("bytes", "is not UTF-8"),
        ])
    func noList(kind: String, reason: String) throws {
        let before = terminal.store.table
        let place = terminal.folder.appending(path: "feed.txt")
        try FileManager.default.removeItem(at: place)
        switch kind {
        case "directory": try FileManager.default.createDirectory(at: place, withIntermediateDirectories: false)
        case "loop": try FileManager.default.createSymbolicLink(at: place, withDestinationURL: place)
        case "pipe": try #require(unsafe mkfifo(place.path, 0o600) == 0)
        default: try Data(Self.list(10).utf8 + [0xC0, 0x0A]).write(to: place)
        }
        #expect(try terminal.run("refresh") == .difference)
        #expect(terminal.errors.contains(reason), "\(terminal.errors)")
        #expect(terminal.store.table == before && terminal.store.commits == 1)
        #expect(try terminal.run("apply", path, "--yes") == .invalidPolicy)
        #expect(terminal.store.table == before && terminal.store.commits == 1)
    }

    @Test("Waits for a change that is not confirmed, and needs a policy that was applied")
    func waiting() throws {
        _ = try terminal.write(Self.policy.replacing("Admin", with: "Others"))
        #expect(try terminal.run("apply", path, "--yes", "--confirm", "1h") == .success)
        _ = try terminal.write(Self.list(12), to: "feed.txt")
        #expect(try terminal.run("refresh") == .refused)
        #expect(terminal.errors.contains("is not confirmed"))
        #expect(try terminal.run("confirm") == .success)
        #expect(try terminal.run("refresh") == .success)
        #expect(denied == 12)
        let other = try Terminal()
        #expect(try other.run("refresh") == .failure)
        #expect(
            other.errors == "portreeve: no policy was applied: run \"portreeve apply\" first; nothing was changed\n")
    }

    @Test("Does not lock out the person who made the last change, and is no change of a person")
    func guarded() throws {
        // The author is connected from 198.51.100.7.
        _ = try terminal.write("203.0.113.9\n", to: "office.txt")
        #expect(try terminal.run("refresh") == .refused)
        #expect(terminal.errors.contains("this would lock you out"), "\(terminal.errors)")
        #expect(terminal.store.commits == 1)
        _ = try terminal.write("198.51.100.0/24\n203.0.113.9\n", to: "office.txt")
        #expect(try terminal.run("refresh") == .success)
        #expect(try terminal.run("rollback", "--yes") == .failure)
        #expect(terminal.errors.contains("there is no earlier change"))
    }

    @Test("Many leave the changes of people in the history, and the last one is loaded at boot")
    func many() throws {
        for count in 11..<31 {
            _ = try terminal.write(Self.list(count), to: "feed.txt")
            #expect(try terminal.run("refresh", "--quiet") == .success)
        }
        #expect(try terminal.run("history", "--format", "json") == .success)
        let kinds = try #require(try terminal.json()["changes"] as? [[String: Any]]).map { $0["kind"] as? String }
        #expect(kinds == ["refresh", "refresh", "refresh", "apply"])
        terminal.store.put(nil)
        #expect(try terminal.run("apply", "--boot") == .success)
        #expect(denied == 30)
        try isClean()
    }

    @Test("Leaves drift elsewhere alone, and bans and grants in force")
    func drift() throws {
        #expect(try terminal.run("ban", "203.0.113.9", "--for", "1h", "--why", "x") == .success)
        let grant = ["grant", "ssh", path, "--from", "203.0.113.8", "--for", "1h", "--why", "x"]
        #expect(try terminal.run(grant) == .success)
        let table = try #require(terminal.store.table)
        terminal.store.put(
            Table(
                name: table.name, userdata: table.userdata, chains: table.chains + [Chain(name: "extra", rules: [])],
                sets: table.sets))
        _ = try terminal.write(Self.list(12), to: "feed.txt")
        #expect(try terminal.run("refresh") == .success, "\(terminal.errors)")
        #expect(denied == 12 && terminal.store.table?.chain("extra") != nil)
        #expect(terminal.store.table?.bannedSources.count == 1 && terminal.store.table?.grantedSources.count == 1)
        #expect(try terminal.run("verify", path, "--only", "ruleset") == .difference)
        #expect(terminal.output.contains("\"extra\""), "\(terminal.output)")
        #expect(terminal.output.hasSuffix("verify: 1 error\n"))
        #expect(try terminal.run("apply", path, "--yes") == .success)
        try isClean()
    }

    @Test("Of a list whose length stays the same, what is new and what is gone are counted, also in the history")
    func replaced() throws {
        let list = Self.list(10).replacing("192.0.2.0\n", with: "198.18.0.1\n")
        _ = try terminal.write(list, to: "feed.txt")
        #expect(try terminal.run("refresh") == .success)
        #expect(terminal.output == "feed: 10 -> 10 entries (1 added, 1 removed)\n", "\(terminal.output)")
        #expect(try terminal.run("history") == .success)
        #expect(terminal.output.contains("  lists: feed 10 -> 10 (1 added, 1 removed)\n"), "\(terminal.output)")
    }

    @Test("After a removal there is nothing to refresh")
    func removed() throws {
        #expect(try terminal.run("remove", "--yes") == .success)
        #expect(try terminal.run("refresh") == .failure)
        #expect(terminal.errors == "portreeve: the table was removed by change 2: nothing to refresh\n")
    }

    @Test("Where the table was flushed, it says so: silence would pass for lists in force")
    func flushed() throws {
        terminal.store.put(nil)
        #expect(try terminal.run("refresh") == .failure)
        #expect(
            terminal.errors
                == "portreeve: table inet portreeve is not loaded: run \"portreeve apply \(path)\" first; nothing was changed\n",
            "\(terminal.errors)")
    }
}
