import Addressing
import Commands
import Foundation
import Listeners
import Policies
import System
import Testing

@testable import Commands

@Suite("Output on a terminal")
struct ScreenTests {
    private func server(_ port: UInt16, _ name: String = "python3.11") -> Listener {
        let process = SocketProcess(pid: 812, name: name, executable: "/usr/bin/\(name)", user: "root")
        return Listener(
            transport: .tcp, address: .ipv4(0), port: port, inode: UInt64(port), owners: .processes([process]))
    }

    /// A terminal with an applied policy of one service, and these listeners.
    private func terminal(_ listeners: [Listener], columns: Int? = nil) throws -> (Terminal, String) {
        let terminal = try Terminal()
        let path = try terminal.write("version: 1\nservices:\n  ssh: {ports: 22, from: any, why: Admin}\n")
        _ = try terminal.run("apply", path, "--yes")
        terminal.sockets.listeners = [server(22, "sshd")] + listeners
        terminal.outputColumns = columns
        terminal.forbidsColor = true
        return (terminal, path)
    }

    @Test("On a terminal, many ports that no client can reach are counted; --verbose, a pipe and JSON have each")
    func shutPorts() throws {
        let (terminal, path) = try terminal((0..<12).map { server(UInt16(3000 + 2 * $0), "s\($0)") }, columns: 80)
        #expect(try terminal.run("status", path) == .success)
        let line = "12 more ports have listeners, are not in the policy, and no client can reach them"
        #expect(terminal.output.replacing("\n  ", with: " ").contains(line), "\(terminal.output)")
        #expect(!terminal.output.contains("tcp/3000") && terminal.output.contains("tcp/22"))
        #expect(try terminal.run("status", path, "--verbose") == .success)
        #expect(terminal.output.contains("tcp/3022") && !terminal.output.contains("more ports"))
        terminal.outputColumns = nil
        #expect(try terminal.run("status", path) == .success)
        #expect(terminal.output.contains("tcp/3022"))
    }

    @Test("status --quiet prints nothing where all is well; else the state, and the ports that are amiss")
    func quietStatus() throws {
        let (terminal, path) = try terminal([server(3000)])
        #expect(try terminal.run("status", path, "--quiet") == .success)
        #expect(terminal.output == "" && terminal.errors == "")
        _ = try terminal.write("version: 1\nservices:\n  ssh: {ports: 2222, from: any, why: Admin}\n")
        #expect(try terminal.run("status", path, "--quiet") == .success)
        #expect(terminal.output.hasPrefix("state: the policy was edited\n"))
        #expect(terminal.output.contains("\ntcp/2222") && !terminal.output.contains("tcp/3000"), "\(terminal.output)")
    }

    @Test("In a pipe, a long list of ports is broken into lines, and nothing is left out")
    func pipedList() throws {
        let (terminal, path) = try terminal((0..<100).map { server(UInt16(3000 + 2 * $0)) })
        _ = try terminal.run("verify", path, "--only", "listeners")
        let lists = terminal.output.split(separator: "\n").filter { $0.hasPrefix("  tcp/") }
        #expect(lists.count > 5 && lists.allSatisfy { $0.count < 180 }, "\(lists)")
        #expect((0..<100).allSatisfy { terminal.output.contains("tcp/\(3000 + 2 * $0)") })
    }

    @Test("Three findings of a kind are one with their ports, errors first; --verbose and JSON list each")
    func groups() throws {
        let (terminal, path) = try terminal([server(3000), server(8080, "java"), server(9090)])
        #expect(try terminal.run("verify", path, "--only", "listeners") == .difference)
        let wrongFamily = terminal.output.split(separator: "\n").first.map(String.init) ?? ""
        #expect(wrongFamily.hasSuffix("[wrong-family]"))
        #expect(
            terminal.output.hasSuffix(
                """
                warning: 3 listeners are not in the policy, and blocked by the firewall [undeclared-listener]
                  tcp/3000, tcp/9090 (python3.11, pid 812), tcp/8080 (java, pid 812)
                  declare each, bind it to loopback, or stop it
                verify: 4 warnings; --verbose lists each

                """), "\(terminal.output)")
        _ = try terminal.run("verify", path, "--only", "listeners", "--verbose")
        #expect(terminal.output.split(separator: "\n").count { $0.hasSuffix("[undeclared-listener]") } == 3)
        _ = try terminal.run("verify", path, "--only", "listeners", "--format", "json")
        #expect((try terminal.json()["findings"] as? [Any])?.count == 4)
    }

    @Test("Ports in a row are a range; a terminal names the first twenty services, a pipe all of them")
    func many() throws {
        let terminal = try Terminal()
        let services = (10..<40).map { "  s\($0): {ports: \(9000 + 2 * $0), from: any, why: x}\n" }.joined()
        let path = try terminal.write("version: 1\nservices:\n" + services)
        _ = try terminal.run("apply", path, "--yes")
        terminal.sockets.listeners = (3000..<3200).map { server($0) }
        (terminal.outputColumns, terminal.forbidsColor) = (80, true)
        #expect(try terminal.run("verify", path, "--only", "listeners") == .difference)
        #expect(terminal.output.contains("\n  tcp/3000-3199 (python3.11, pid 812)\n"), "\(terminal.output)")
        #expect(terminal.output.contains("tcp/9020 (s10, policy.yaml:3), "))
        #expect(terminal.output.contains(" and 10 more\n"))
        #expect(terminal.output.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(terminal.output)")
        terminal.outputColumns = nil
        _ = try terminal.run("verify", path, "--only", "listeners")
        #expect(terminal.output.contains("(s39, policy.yaml:32)\n") && !terminal.output.contains(" more"))
    }

    @Test("A terminal names the first twenty ports of a process, a pipe all of them")
    func ports() throws {
        let (terminal, path) = try terminal((0..<40).map { server(UInt16(3000 + 2 * $0)) }, columns: 80)
        _ = try terminal.run("verify", path, "--only", "listeners")
        #expect(terminal.output.contains("tcp/3038 and 20 more"), "\(terminal.output)")
        terminal.outputColumns = nil
        _ = try terminal.run("verify", path, "--only", "listeners")
        #expect(terminal.output.contains("tcp/3076, tcp/3078 (python3.11, pid 812)\n"), "\(terminal.output)")
    }

    @Test("The line of a diagnostic is cut around the marked span", arguments: [20, 40, 79, 80, 200])
    func excerpt(columns: Int) {
        let text = "  name: {ports: 22, from: [10.0.0.0/8, nowhere, 192.0.2.0/24], why: \"データベース\", owner: ops}"
        for (word, length) in [("name", 4), ("nowhere", 7), ("データ", 6), ("ops", 3), ("{ports", 200)] {
            let offset = text.unicodeScalars.distance(
                from: text.startIndex, to: text.range(of: word)?.lowerBound ?? text.startIndex)
            let cut = Excerpt(text: text, offset: offset, length: length).cut(to: columns)
            #expect(TextWidth.columns(of: cut.text) <= columns)
            let marked = cut.text.unicodeScalars.dropFirst(cut.offset).prefix(cut.length)
            #expect(String(marked).hasPrefix(String(word.prefix(4))), "\(cut)")
            if columns == 200 { #expect(cut.text == text && cut.offset == offset) }
        }
    }

    @Test("Two findings of a kind are told one by one, and errors before warnings")
    func few() throws {
        let (terminal, path) = try terminal([server(3000), server(9090)])
        _ = try terminal.run("verify", path, "--only", "listeners")
        #expect(terminal.output.split(separator: "\n").count { $0.hasSuffix("[undeclared-listener]") } == 2)
        terminal.store.put(nil)
        _ = try terminal.run("verify", path)
        let severities = terminal.output.split(separator: "\n").compactMap { line in
            ["error: ", "warning: ", "notice: "].firstIndex { line.contains($0) }
        }
        #expect(severities == severities.sorted() && severities.contains(0) && severities.contains(1))
    }

    @Test("A removal lists the listeners that it opens, before its question, and --dry-run changes nothing")
    func removal() throws {
        let (terminal, _) = try terminal([server(5432, "postgres")], columns: 120)
        #expect(try terminal.run("remove", "--dry-run") == .success)
        let text = terminal.output
        #expect(text.hasPrefix("PORT      PROCESS             OPEN TODAY TO  AFTER THIS\n"), "\(text)")
        #expect(text.contains("tcp/5432  postgres (pid 812)  closed         any IPv4 address\n"), "\(text)")
        #expect(
            !text.contains("tcp/22 ") && text.hasSuffix("\nno other table filters packets on this host\n"), "\(text)")
        terminal.answer = "n"
        #expect(try terminal.run("remove") == .failure)
        #expect(terminal.output == text && terminal.store.table != nil)
        #expect(try terminal.run("remove", "-n", "--format", "json") == .success)
        let access = try #require(try terminal.json()["access"] as? [String: [[String: Any]]])
        #expect(access["gained"]?.isEmpty == false && access["lost"]?.isEmpty == true)
        let opens = try #require(try terminal.json()["opens"] as? [[String: Any]])
        #expect(opens.compactMap { $0["port"] as? Int } == [5432])
        #expect(try terminal.run("remove", "--yes", "--format", "json") == .success)
        #expect(try terminal.json()["access"] != nil && terminal.json()["changed"] as? Bool == true)
        #expect(terminal.store.table == nil)
    }

    @Test("Lines are broken between words at the width of a terminal, and not in a pipe", arguments: [40, 80, 200])
    func width(columns: Int) throws {
        let (terminal, path) = try terminal([server(3000), server(9090)], columns: columns)
        _ = try terminal.run("verify", path, "--only", "listeners")
        let lines = terminal.output.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= columns || !$0.dropFirst(2).contains(" ") }, "\(terminal.output)")
        terminal.outputColumns = nil
        let words = terminal.output.split { $0 == " " || $0 == "\n" }
        _ = try terminal.run("verify", path, "--only", "listeners")
        #expect(terminal.output.split { $0 == " " || $0 == "\n" } == words)
        #expect(terminal.output.split(separator: "\n").count == 4)
        _ = try terminal.run("verify", path, "--only", "listeners", "--format", "json")
        #expect(try terminal.json()["findings"] != nil)
    }

    @Test("Wide and combining characters keep a table aligned")
    func wideCharacters() throws {
        let (terminal, path) = try terminal([server(3000, "日本語"), server(9090, "e\u{301}a"), server(9091, "ab")])
        _ = try terminal.run("status", path)
        let rows = terminal.output.split(separator: "\n").filter { $0.hasPrefix("tcp/") || $0.hasPrefix("PORT") }
        let listener = try #require(rows.first?.range(of: "LISTENER")?.lowerBound)
        let column = rows[0].distance(from: rows[0].startIndex, to: listener)
        for (name, width) in [("日本語", 6), ("e\u{301}a", 2), ("ab", 2)] {
            let row = try #require(rows.first { $0.contains(name) })
            let start = try #require(row.range(of: name)?.lowerBound)
            #expect(row.distance(from: row.startIndex, to: start) == column, "\(name), \(width) columns")
        }
    }

    @Test("An address is never cut: cells are broken between words", arguments: [40, 60, 80, 200])
    func addresses(columns: Int) throws {
        let addresses = ["10.3.0.0/16", "192.0.2.128/25", "2001:db8:aaaa:bbbb::/64", "198.51.100.7"]
        let terminal = try Terminal()
        let path = try terminal.write(
            """
            version: 1
            services:
              a-service-with-a-long-name: {ports: 22, from: [\(addresses.map { "\"\($0)\"" }.joined(separator: ", "))], why: x}
            """)
        terminal.sockets.listeners = [server(22, "sshd"), server(3000)]
        (terminal.outputColumns, terminal.forbidsColor) = (columns, true)
        for words in [["plan", path], ["apply", path, "--yes"], ["status", path]] {
            #expect(try terminal.run(words) == .success)
            let shown = terminal.output.split { " ,;\n()".contains($0) }.map(String.init)
            for word in shown where word.contains(".") && word.first?.isNumber == true && word.last != ":" {
                #expect((try? AddressRange(word)) != nil && !word.contains("…"), "\(word) in \(terminal.output)")
            }
            for address in addresses.prefix(3) { #expect(shown.contains(address), "\(terminal.output)") }
        }
    }

    @Test("The next columns stand below an IPv6 address that is wider than its column", arguments: [50, 60, 80, 120])
    func longAddresses(columns: Int) throws {
        let (source, own) = ("2001:db8:1234:5678:9abc:def0:1234:5600/120", "2001:db8:1234:5678:9abc:def0:1234:5678")
        let terminal = try Terminal()
        let path = try terminal.write(
            """
            version: 1
            services:
              far: {ports: 6000, from: "\(source)", addresses: "\(own)", owner: ops@example.org, why: Far}
              ssh: {ports: 22, from: any, owner: ops@example.org, why: Admin}
            """)
        _ = try terminal.run("apply", path, "--yes")
        terminal.sockets.listeners = [server(22, "sshd")]
        (terminal.outputColumns, terminal.forbidsColor) = (columns, true)
        #expect(try terminal.run("status", path) == .success)
        let lines = terminal.output.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= columns }, "\(terminal.output)")
        for address in [source, own] {
            #expect(lines.contains { $0.split(separator: " ").contains(Substring(address)) }, "\(terminal.output)")
        }
        let heading = try #require(lines.first { $0.hasPrefix("PORT") })
        let row = try #require(lines.first { $0.hasPrefix("tcp/22 ") })
        for (title, cell) in [("SERVICE", "ssh"), ("LISTENER", "sshd")] {
            let place = try #require(heading.range(of: title)?.lowerBound)
            #expect(heading.distance(from: heading.startIndex, to: place) == row.offset(of: cell), "\(terminal.output)")
        }
    }

    @Test("Neighbouring ports that no policy declares are one row of status, with their count, and rows of JSON")
    func neighbours() throws {
        let (terminal, path) = try terminal(
            [server(8000), server(8001), server(8002), server(8003), server(8004, "java"), server(8006, "java")])
        _ = try terminal.run("status", path)
        let rows = terminal.output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(rows.contains("tcp/8000-8003 (4) - - no one - python3.11"), "\(terminal.output)")
        #expect(rows.contains("tcp/8004 - - no one - java") && rows.contains("tcp/8006 - - no one - java"))
        _ = try terminal.run("status", path, "--format", "json")
        #expect((try terminal.json()["ports"] as? [Any])?.count == 7)
    }

    @Test("A question is broken between words, with room for the answer", arguments: [20, 40, 80])
    func question(columns: Int) {
        let question = "remove table inet portreeve? every port will be open, unless another table closes it [y/N] "
        let lines = question.question(in: columns).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.count <= columns } && lines.last?.hasSuffix("[y/N] ") == true, "\(lines)")
        #expect(lines.joined(separator: " ").split(separator: " ") == question.split(separator: " "))
        #expect(question.question(in: nil) == question && question.question(in: 200) == question)
    }
}

extension Substring {
    /// The number of characters before a word; `nil` without it.
    fileprivate func offset(of word: String) -> Int? {
        range(of: word).map { distance(from: startIndex, to: $0.lowerBound) }
    }
}
