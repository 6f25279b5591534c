import Addressing
import Commands
import Foundation
import FoundationXML
import Listeners
import Policies
import System
import Testing

@Suite("portreeve report")
struct HostReportTests {
    private static let policy = """
        version: 1
        defaults: {review-every: 180d}
        sources: {office: [192.0.2.0/24], home: [198.51.100.77]}
        services:
          ssh:
            {ports: 22, reviewed: 2026-12-01, allow: [{from: office, why: Admin, owner: ops@example.org, ticket: OPS-1},
              {from: home, limit: 3/minute, why: Night, owner: ops@example.org}]}
          web: {ports: 443, from: any, why: "<b>Site</b> & shop", owner: web@example.org}

        """

    private let nginx = SocketProcess(pid: 900, name: "ng<i>nx", executable: "/usr/sbin/nginx", user: "www-data")

    /// A host with the policy in force, two changes in the history, and listeners on tcp/443 and tcp/9999.
    private func terminal() throws -> (Terminal, path: String) {
        let terminal = try Terminal()
        let path = try terminal.write(Self.policy)
        terminal.sockets.listeners = [443, 9999].map {
            Listener(transport: .tcp, address: .ipv4(0), port: $0, inode: UInt64($0), owners: .processes([nginx]))
        }
        #expect(try terminal.run("apply", path, "--yes") == .success)
        _ = try terminal.write(Self.policy.replacing("from: any", with: "from: office"))
        #expect(try terminal.run("apply", path, "--yes") == .success, "\(terminal.errors)")
        return (terminal, path)
    }

    private func page(_ arguments: String...) throws -> String {
        let (terminal, path) = try terminal()
        #expect(try terminal.run(["report", path] + arguments) == .success, "\(terminal.errors)")
        return terminal.output
    }

    @Test("The page has every port with its reason, owner, sources, clients and listener, and no markup of others")
    func html() throws {
        let page = try page()
        for text in [
            "<!DOCTYPE html>", "tcp/22", "office", "home, at most 3/minute", "Admin", "ops@example.org, OPS-1",
            "&lt;b&gt;Site&lt;/b&gt; &amp; shop", "ng&lt;i&gt;nx", "tcp/9999", "in no policy", "undeclared listener",
            "<div>2026-12-01</div><div>due 2027-05-31</div>", "never", "What was not examined", "outgoing connections",
            "PCI DSS 4.0.1 1.2.5",
            "tcp/443 (web) for anyone but 192.0.2.0/24",
        ] {
            #expect(page.contains(text), "\(text)")
        }
        #expect(!page.contains("<script") && !page.contains("http") && !page.contains("<b>") && !page.contains("<i>"))
    }

    @Test("Many findings of one kind are one row that a click opens")
    func folded() throws {
        let (terminal, path) = try terminal()
        terminal.sockets.listeners = (0..<200).map {
            Listener(
                transport: .tcp, address: .ipv4(0), port: 2000 + 2 * $0, inode: UInt64($0),
                owners: .processes([nginx]))
        }
        #expect(try terminal.run("report", path) == .success, "\(terminal.errors)")
        let folds = terminal.output.components(
            separatedBy: "<details><summary>200 of this kind, the first: ng&lt;i&gt;nx")
        #expect(folds.count == 2)
        #expect(terminal.output.contains("listens on tcp/2398 "))
    }

    @Test("The page is well-formed")
    func wellFormed() throws {
        let page = try page().replacing("<!DOCTYPE html>", with: "").replacing(/<meta [^>]*>/, with: "")
        let parser = XMLParser(data: Data(page.utf8))
        #expect(parser.parse(), "\(String(describing: parser.parserError)) in line \(parser.lineNumber)")
    }

    @Test("Changes since the last review have the access that they gave and took")
    func changes() throws {
        let (terminal, path) = try terminal()
        #expect(try terminal.run("report", path, "--format", "json") == .success)
        let report = try terminal.json()
        let changes = try #require(report["changes"] as? [[String: Any]])
        #expect(changes.map { $0["change"] as? Int } == [2, 1])
        #expect(changes[0]["gained"] as? [String] == [])
        #expect(changes[0]["lost"] as? [String] == ["tcp/443 (web) for anyone but 192.0.2.0/24"])
        #expect(changes[1]["gained"] == nil)
        #expect(report["reviewed"] as? String == "2026-12-02T00:00:00Z")
        #expect((report["policy"] as? [String: String])?["sha256"]?.count == 64)
    }

    @Test("Grants and bans have the access that they gave or took, and what ended them")
    func temporary() throws {
        let (terminal, path) = try terminal()
        for words in [
            ["grant", "ssh", path, "--from", "203.0.113.7", "--for", "2h", "--why", "repair: db"], ["revoke", "ssh"],
            ["ban", "203.0.113.9", "--for", "2m", "--why", "x"], ["unban", "203.0.113.9"],
        ] { #expect(try terminal.run(words) == .success, "\(terminal.errors)") }
        #expect(try terminal.run("report", path, "--format", "json") == .success)
        let changes = try #require(try terminal.json()["changes"] as? [[String: Any]])
        #expect(
            changes.prefix(4).map { $0["gained"] as? [String] }
                == [["ban of 203.0.113.9 ended"], [], [], ["ssh to 203.0.113.7 for 2h"]])
        #expect(
            changes.prefix(4).map { $0["lost"] as? [String] }
                == [[], ["203.0.113.9 banned for 2m"], ["ssh: grant of 203.0.113.7 ended"], []])
        #expect(try terminal.run("report", path) == .success)
        for text in [
            "banned, unbanned by change 6: 203.0.113.9 banned for 2m: x", "− 203.0.113.9 banned for 2m", "not known",
        ] {
            #expect(terminal.output.contains(text), "\(text)")
        }
    }

    @Test("No mark of the chart lies outside of its picture", arguments: [1, 2, 4, 5, 6, 30, 400])
    func chart(count: Int) throws {
        let (terminal, path) = try terminal()
        #expect(try terminal.run("report", path, "--format", "json") == .success)
        let change = "{\"change\": 1, \"time\": \"2027-01-15T08:00:00Z\", \"gained\": [], \"lost\": []}"
        let late = change.replacing("2027-01-15", with: "2027-03-01")
        let all = Array(repeating: change, count: count) + [late, change.replacing("2027", with: "2026")]
        let start = try #require(terminal.output.firstRange(of: "\"changes\": ["))
        let end = try #require(terminal.output[start.upperBound...].firstRange(of: "\n  ]"))
        terminal.memory["/a.json"] =
            terminal.output[..<start.upperBound] + all.joined(separator: ",") + terminal.output[end.lowerBound...]
        #expect(try terminal.run("report", "/a.json") == .success, "\(terminal.errors)")
        let marks = terminal.output.matches(of: /<circle class="[a-z]+" cx="(-?[0-9]+)" cy="(-?[0-9]+)" r="4">/)
        #expect(marks.count == count + 2)
        for mark in marks {
            let (x, y) = (try #require(Int(mark.1)), try #require(Int(mark.2)))
            #expect((4...716).contains(x) && (4...36).contains(y), "\(x) \(y)")
        }
    }

    @Test("Only changes after the last review are listed")
    func reviewed() throws {
        let (terminal, path) = try terminal()
        terminal.now += 10 * 86400
        _ = try terminal.write(
            Self.policy.replacing("from: any", with: "from: office").replacing("2026-12-01", with: "2027-01-20"))
        #expect(try terminal.run("report", path, "--format", "json") == .success)
        // The file was edited: what was applied counts.
        #expect((try terminal.json()["changes"] as? [Any])?.count == 2)
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(try terminal.run("report", path, "--format", "json") == .success)
        #expect((try terminal.json()["changes"] as? [[String: Any]])?.map { $0["change"] as? Int } == [3])
    }

    @Test("Connections are counted by the day on which the counters were read")
    func use() throws {
        let (terminal, path) = try terminal()
        terminal.store.hits = ["service-web": 3]
        #expect(try terminal.run("verify", path) == .difference)
        terminal.store.hits = ["service-web": 10]
        terminal.uptime += 86_400_000
        terminal.now += 86400
        #expect(try terminal.run("verify", path) == .difference)
        terminal.store.hits = ["service-web": 15]
        terminal.uptime += 3_600_000
        terminal.now += 3600
        #expect(try terminal.run("report", path, "--format", "json") == .success)
        let ports = try #require(try terminal.json()["ports"] as? [[String: Any]])
        let use = try #require(ports.first { $0["service"] as? String == "web" }?["use"] as? [[String: Any]])
        #expect(use.map { $0["day"] as? String } == ["2027-01-16"])
        #expect(use.map { $0["connections"] as? Int } == [12])
        #expect(try terminal.run("report", path) == .success)
        #expect(terminal.output.contains("connections on 1 day, at most 12 on one"))
    }

    @Test("A reset of one counter counts no connection of another service again")
    func reset() throws {
        let (terminal, path) = try terminal()
        terminal.store.hits = ["service-web": 3, "service-ssh": 8]
        #expect(try terminal.run("verify", path) == .difference)
        terminal.store.hits = ["service-web": 10, "service-ssh": 1]
        terminal.uptime += 86_400_000
        terminal.now += 86400
        #expect(try terminal.run("verify", path) == .difference)
        #expect(try terminal.run("report", path, "--format", "json") == .success)
        let ports = try #require(try terminal.json()["ports"] as? [[String: Any]])
        let use = try #require(ports.first { $0["service"] as? String == "web" }?["use"] as? [[String: Any]])
        #expect(use.map { $0["connections"] as? Int } == [7])
    }

    @Test("The table has a row for each port and entry, and no formula")
    func csv() throws {
        let rows = try page("--format", "csv").split(separator: "\r\n").map(String.init)
        #expect(rows.count == 1 + 2 + 1 + 1)
        #expect(rows[1].contains("tcp,22,ssh,office") && rows[1].contains("OPS-1"))
        #expect(rows[2].contains("tcp,22,ssh,home") && rows[2].contains("3/minute"))
        let policy = "version: 1\nservices: {s: {ports: 1, from: any, why: \"=cmd, \\\"x\\\"\"}}\n"
        let terminal = try Terminal()
        #expect(try terminal.run("report", try terminal.write(policy), "--format", "csv") == .success)
        #expect(terminal.output.contains(#","'=cmd, ""x""","#))
    }

    @Test("Redacted: no person, no address of a client, and what the policy says of networks stays")
    func redacted() throws {
        let page = try page("--redact", "--format", "json")
        #expect(page.contains("person 1") && page.contains("192.0.2.0/24") && page.contains("198.51.100.x"))
        for text in ["alice", "198.51.100.7\"", "198.51.100.77"] { #expect(!page.contains(text), "\(text)") }
        #expect(page.contains("\"redacted\": true") && page.contains("ops@example.org"))
    }

    @Test("Several reports become one page, the host that deviates first")
    func fleet() throws {
        let (terminal, path) = try terminal()
        var files: [String] = []
        for number in 1...5 {
            #expect(try terminal.run("report", path, "--format", "json") == .success)
            let name = "/reports/web\(number).json"
            var text = terminal.output.replacing("\"localhost\"", with: "\"web\(number)\"")
            if number == 4 { text = text.replacing("3/minute", with: "9/minute") }
            terminal.memory[name] = text
            files.append(name)
        }
        #expect(try terminal.run(["report"] + files) == .success, "\(terminal.errors)")
        let page = terminal.output
        let hosts = page.matches(of: /<tr[^>]*><td>(web[0-9])</).map { String($0.1) }
        #expect(hosts == ["web4", "web1", "web2", "web3", "web5"])
        #expect(page.contains("9/minute: web4"))
        #expect(try terminal.run(["report"] + files + ["--format", "csv"]) == .success)
        #expect(terminal.output.split(separator: "\r\n").count == 1 + 5 * 4)
        #expect(try terminal.run(["report"] + files + ["--format", "json"]) == .success)
        #expect((try terminal.json()["hosts"] as? [Any])?.count == 5)
    }

    @Test("Files that are no reports, and a terminal, are an error with the way out")
    func errors() throws {
        let (terminal, path) = try terminal()
        terminal.memory["/a.json"] = "{\"format_version\": 1}"
        terminal.memory["/b.json"] = "{\"format_version\": "
        for (words, message) in [
            (["/a.json"], "not a portreeve report"), (["/b.json"], "not valid JSON at byte 19"),
            (["/c.json"], "there is no file"),
        ] {
            #expect(try terminal.run(["report"] + words) == .failure)
            #expect(terminal.errors.contains(message), "\(terminal.errors)")
        }
        #expect(throws: (any Error).self) { try terminal.run("report", path, "/a.json") }
        terminal.outputColumns = 80
        #expect(try terminal.run("report", path) == .usage)
        #expect(terminal.errors.contains("--output"))
        #expect(try terminal.run("report", path, "--output", "/page.html") == .success)
        #expect(terminal.memory["/page.html"]?.hasPrefix("<!DOCTYPE html>") == true)
    }
}
