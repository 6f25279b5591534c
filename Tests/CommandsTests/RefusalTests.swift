import Commands
import Foundation
import System
import Testing

@Suite("portreeve refusals")
struct RefusalTests {
    private let policy = """
        version: 1
        defaults: {log: 5/minute}
        sources: {office: [192.0.2.0/28]}
        deny: [192.0.2.66]
        services:
          ssh: {ports: 22, from: office, why: Admin}
          web: {ports: 443, from: any, limit: 10/minute, log: true, why: Site}

        """

    /// A host with the policy applied, and these messages in its log, seconds ago.
    private func terminal(_ messages: [(String, Int64)] = [], policy: String? = nil) throws -> (Terminal, String) {
        let terminal = try Terminal()
        let path = try terminal.write(policy ?? self.policy)
        #expect(try terminal.run("apply", path, "--yes") == .success, "\(terminal.errors)")
        terminal.log.messages = messages.map { ($0.0, terminal.now - $0.1) }
        return (terminal, path)
    }

    /// The lines with single spaces between the columns.
    private func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
    }

    @Test("Counts by source and port, with the reason, and the line that would let a source in")
    func reasons() throws {
        let (terminal, path) = try terminal([
            (MemoryLog.message(from: "192.0.2.77", 22), 7200), (MemoryLog.message(from: "192.0.2.77", 22), 60),
            (MemoryLog.message(from: "192.0.2.78", 22), 300),
            (MemoryLog.message(from: "192.0.2.7", 8080), 30), (MemoryLog.message(from: "192.0.2.5", 22), 20),
            (MemoryLog.message("portreeve denied: ", from: "192.0.2.66", 22), 10),
            (MemoryLog.message("portreeve limited web: ", from: "192.0.2.8", 443), 9),
            (MemoryLog.message("portreeve web: ", from: "192.0.2.9", 443), 8),
            (MemoryLog.message(from: "198.51.100.1", 40000, flags: "ACK RST"), 0),
        ])
        #expect(try terminal.run("refusals", path) == .success, "\(terminal.errors)")
        let file = (path as NSString).lastPathComponent
        let place = { (line: Int) in "(\((path as NSString).deletingLastPathComponent)/\(file):\(line))" }
        #expect(
            lines(terminal.output) == [
                "SOURCE PORT TIMES FIRST LAST SERVICE WHY",
                "198.51.100.1 tcp/40000 1 now now - no service; a late reply",
                "192.0.2.8 tcp/443 1 9s ago 9s ago web over the limit",
                "192.0.2.66 tcp/22 1 10s ago 10s ago ssh in \"deny\"",
                "192.0.2.5 tcp/22 1 20s ago 20s ago ssh let in now",
                "192.0.2.7 tcp/8080 1 30s ago 30s ago - no service",
                "192.0.2.77 tcp/22 2 2h ago 1m ago ssh not in \"from\"",
                "192.0.2.78 tcp/22 1 5m ago 5m ago ssh not in \"from\"",
                "to let 192.0.2.8 in on tcp/443: raise \"limit\" or \"connections\" of service \"web\" \(place(7))",
                "to let 192.0.2.66 in on tcp/22: remove 192.0.2.66 from \"deny\" \(place(4))",
                "to let 192.0.2.7 in on tcp/8080: write NAME: {ports: 8080/tcp, from: 192.0.2.7, why: …} under \"services\"",
                "to let 192.0.2.77 in on tcp/22 (and 1 other source): add 192.0.2.77 to \"from\" of service \"ssh\" \(place(6))",
                "8 refused packets of 7 sources logged, at most 5/minute: there may be more",
            ], "\(terminal.output)")
        #expect(terminal.logOpenings == ["kernel"])
    }

    @Test("JSON has what the text has, and more")
    func json() throws {
        let (terminal, path) = try terminal([
            (MemoryLog.message(from: "192.0.2.77", 22), 7200), (MemoryLog.message(from: "192.0.2.77", 22), 60),
        ])
        #expect(try terminal.run("refusals", path, "--format", "json", "--since", "1h") == .success)
        let json = try terminal.json()
        let row = try #require((json["refusals"] as? [[String: Any]])?.first)
        #expect(row["source"] as? String == "192.0.2.77" && row["count"] as? Int == 1 && row["port"] as? Int == 22)
        #expect(row["first"] as? String == "2027-01-15T07:59:00Z" && row["reason"] as? String == "not-in-from")
        #expect((row["policy"] as? [String: Any])?["line"] as? Int == 6)
        #expect((row["change"] as? String)?.hasPrefix("add 192.0.2.77 to \"from\"") == true)
        #expect(json["sampled"] as? Bool == true && json["rate"] as? String == "5/minute")
    }

    @Test("A source that knocks at many ports has one row, and no line is proposed for it")
    func scan() throws {
        let knocks = (20...60).map { (MemoryLog.message(from: "203.0.113.9", $0), Int64(100 - $0)) }
        let (terminal, path) = try terminal(knocks + [(MemoryLog.message(from: "192.0.2.7", 25), 500)])
        #expect(try terminal.run("refusals", path) == .success)
        let rows = lines(terminal.output)
        #expect(
            rows[1...2] == [
                "203.0.113.9 41 ports 41 1m20s ago 40s ago port scan",
                "192.0.2.7 tcp/25 1 8m20s ago 8m20s ago no service",
            ])
        #expect(rows.count { $0.hasPrefix("to let ") } == 1 && rows[3].hasPrefix("to let 192.0.2.7 "))
        terminal.log.messages = knocks
        _ = try terminal.run("refusals", path, "--format", "json")
        let found = try #require(try terminal.json()["refusals"] as? [[String: Any]])
        #expect(found.count == 41 && found.allSatisfy { $0["scan"] as? Bool == true && $0["change"] is NSNull })
    }

    @Test(
        "Messages that portreeve did not write, or that are cut short, are not counted",
        arguments: [
            "portreeve refused: IN=eth0 OUT= SRC=192.0.2.7", "portreeve refused: ", "portreeve refused: IN=",
            "portreeve refused: IN=eth0 OUT= SRC=192.0.2.7 DST=10.255.0.1 PROTO=",
            "portreeve refused: IN=eth0 OUT= SRC=192.0.2.7 DST=2001:db8::1 PROTO=TCP SPT=1 DPT=2 SYN ",
            "portreeve refused: IN=eth0 OUT= SRC=evil DST=10.255.0.1 PROTO=TCP SPT=1 DPT=2 SYN ",
            "portreeve refused: IN=eth0 OUT= SRC=192.0.2.7 DST=10.255.0.1 PROTO=TCP SPT=1 DPT=22 SYN IN=eth1 SRC=192.0.2.9",
            MemoryLog.message("portreeve refused: IN=eth9 OUT= SRC=192.0.2.9 PROTO=UDP DPT=53 ", from: "192.0.2.7", 22),
            MemoryLog.message("other refused: ", from: "192.0.2.7", 22),
            MemoryLog.message("portreeve denied things: ", from: "192.0.2.7", 22),
            MemoryLog.message("portreeve limited: ", from: "192.0.2.7", 22),
            "portreeve refused: IN=eth0 OUT= SRC=192.0.2.7 DST=10.255.0.1 PROTO=999 SPT=1 DPT=22 SYN ",
        ])
    func forged(message: String) throws {
        let (terminal, path) = try terminal([(message, 1)])
        #expect(try terminal.run("refusals", path) == .success)
        #expect(terminal.output == "no refused packet was logged (at most 5/minute are)\n", "\(terminal.output)")
    }

    @Test("Ports beyond their numbers are no ports")
    func numbers() throws {
        let text = MemoryLog.message(from: "192.0.2.7", 22).replacing("DPT=22", with: "DPT=65558")
        let (terminal, path) = try terminal([(text, 1)])
        #expect(try terminal.run("refusals", path) == .success)
        #expect(lines(terminal.output)[1] == "192.0.2.7 tcp, a fragment 1 1s ago 1s ago not known")
    }

    @Test("Names in messages are escaped")
    func escapes() throws {
        let (terminal, path) = try terminal([
            (MemoryLog.message(from: "192.0.2.7", 22, interface: "e\u{1b}[2J\u{202e}"), 1)
        ])
        for format in ["text", "json"] {
            #expect(try terminal.run("refusals", path, "--format", format) == .success)
            #expect(!terminal.output.contains("\u{1b}") && !terminal.output.contains("\u{202e}"))
        }
    }

    @Test("A flood of forged sources leaves the last ones, and says how many are not listed")
    func flood() throws {
        let messages = (0..<20000).map { number in
            (MemoryLog.message(from: "10.1.\(number / 256).\(number % 256)", 22), Int64(20000 - number))
        }
        let (terminal, path) = try terminal(messages)
        #expect(try terminal.run("refusals", path, "--format", "json") == .success)
        let json = try terminal.json()
        let rows = try #require(json["refusals"] as? [[String: Any]])
        #expect(rows.count <= 8192 && rows.count > 4000)
        #expect(rows[0]["source"] as? String == "10.1.78.31" && json["packets"] as? Int == 20000)
        #expect(json["not_listed"] as? Int == 20000 - rows.count)
    }

    @Test("Without a log it is exit status 1, with the line to write")
    func off() throws {
        let (terminal, path) = try terminal(policy: "version: 1\nservices: {}\n")
        #expect(try terminal.run("refusals", path) == .failure)
        #expect(
            terminal.errors
                == "portreeve: refused packets are not logged: write \"log: 5/minute\" under \"defaults\" in \(path), and run \"portreeve apply \(path)\"\n"
        )
        _ = try terminal.write("version: 1\ndefaults: {log: 5/minute}\nservices: {}\n")
        #expect(try terminal.run("refusals", path) == .failure)
        #expect(
            terminal.errors.hasPrefix("portreeve: refused packets are logged as soon as the edited policy is applied"))
        #expect(try terminal.run("remove", "--yes") == .success)
        #expect(try terminal.run("refusals", path) == .failure)
        #expect(terminal.errors.hasPrefix("portreeve: portreeve's table is not loaded"))
    }

    @Test("In a network namespace the first message has the line, the command and the reason")
    func namespace() throws {
        let (terminal, path) = try terminal(policy: "version: 1\nservices: {}\n")
        terminal.isKernelLogReadable = false
        #expect(try terminal.run("refusals", path) == .failure)
        let advice = """
            write "log: {rate: 5/minute, to: netlink, group: 5}" under "defaults" in \(path), run "portreeve apply \(path)", \
            then "portreeve refusals --watch \(path)": the kernel's log has only packets of the host, not of a network \
            namespace, and a netlink group does not store them

            """
        #expect(terminal.errors == "portreeve: refused packets are not logged: \(advice)")
        // A log that cannot be read here is of no more use, and is to be replaced.
        _ = try terminal.write("version: 1\ndefaults: {log: 7/minute}\nservices: {}\n")
        let repair = advice.replacing(
            "write \"log: {rate: 5/minute", with: "replace \"log: 7/minute\" by \"log: {rate: 7/minute")
        #expect(try terminal.run("refusals", path) == .failure)
        #expect(terminal.errors == "portreeve: refused packets are not logged: \(repair)")
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(try terminal.run("refusals", path) == .failure)
        #expect(
            terminal.errors
                == "portreeve: refused packets go to the kernel's log, and cannot be read there: \(repair)")
        #expect(try terminal.run("remove", "--yes") == .success)
        #expect(try terminal.run("refusals", path) == .failure)
        #expect(
            terminal.errors == "portreeve: portreeve's table is not loaded, so it refuses nothing: \(repair)")
    }

    @Test("A netlink group is watched: a line for each refusal, until a signal")
    func netlink() throws {
        let (terminal, path) = try terminal(
            [(MemoryLog.message(from: "192.0.2.77", 22), 3), (MemoryLog.message(from: "192.0.2.77", 22), 1)],
            policy: policy.replacing("log: 5/minute", with: "log: {rate: 5/minute, to: netlink, group: 5}"))
        #expect(try terminal.run("refusals", path) == .failure)
        #expect(terminal.errors.contains("\"portreeve refusals --watch \(path)\" shows them as they come"))
        terminal.wakenings = [.timeOver, .readable, .timeOver]
        #expect(try terminal.run("refusals", path, "--watch") == .success)
        #expect(
            terminal.output == "2027-01-15T07:59:59Z 192.0.2.77 tcp/22 2 times: not in \"from\", service \"ssh\"\n"
                + "  to let 192.0.2.77 in on tcp/22: add 192.0.2.77 to \"from\" of service \"ssh\" (\(path):6)\n",
            "\(terminal.output)")
        #expect(terminal.logOpenings == ["netlink(group: 5) from now"] && terminal.wakenings.isEmpty)
        #expect(throws: (any Error).self) { try terminal.run("refusals", path, "--watch", "--quiet") }
    }

    @Test("A retry within a minute is no line of its own; another source is, and JSON has each")
    func retries() throws {
        func watched(_ words: String...) throws -> [Substring] {
            let (terminal, path) = try terminal([(MemoryLog.message(from: "192.0.2.77", 22), 3)])
            terminal.log.laterMessages = ["77", "78", "77"].map {
                [(MemoryLog.message(from: "192.0.2.\($0)", 22), terminal.now)]
            }
            terminal.wakenings = Array(repeating: [.timeOver, .readable], count: 3).flatMap(\.self)
            #expect(try terminal.run(["refusals", path, "--watch"] + words) == .success)
            return terminal.output.split(separator: "\n")
        }
        let lines = try watched().filter { !$0.hasPrefix("  ") }
        #expect(lines.count == 2 && lines[0].contains("192.0.2.77") && lines[1].contains("192.0.2.78"), "\(lines)")
        #expect(try watched("--format", "json").count == 4)
    }

    @Test("The screen has as many sources as fit")
    func screen() throws {
        let messages = (1...30).map { (MemoryLog.message(from: "198.51.100.\($0)", 22), Int64($0)) }
        let (terminal, path) = try terminal(messages)
        (terminal.screen, terminal.outputColumns) = (.init(rows: 10, columns: 80), 80)
        #expect(try terminal.run("refusals", path, "--watch") == .success)
        let lines = terminal.output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 10 && lines[9].hasSuffix(" more; q quits"), "\(terminal.output)")
        #expect(lines.contains { $0.hasPrefix("to let 198.51.100.1 in on tcp/22 (and 29 other") }, "\(terminal.output)")
        // A path has no place to be broken.
        #expect(lines.allSatisfy { $0.count <= 80 || $0.contains(path) })
    }

    @Test("Another table that logs with portreeve's prefix is named")
    func otherTable() throws {
        let name =
            "version: 1\ndefaults: {log: 5/minute}\nservices:\n  refused: {ports: 80, from: any, log: true, why: x}\n"
        let (terminal, path) = try terminal(policy: name)
        #expect(try terminal.run("refusals", path) == .success)
        #expect(terminal.errors.contains("\"refused\" logs the connections that it lets in"))
    }
}
