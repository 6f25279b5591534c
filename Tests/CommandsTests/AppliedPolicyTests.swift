import Commands
import Compiler
import Foundation
import Rulesets
import System
import Testing

@Suite("verify holds the host against the policy as it was applied")
struct AppliedPolicyTests {
    private let list =
        "version: 1\nsources: {feed: {file: feed.txt}}\nservices: {db: {ports: 5432, from: feed, why: Db}}\n"

    /// A terminal with the policy applied, and the policy's path.
    func applied(_ policy: String = web) throws -> (Terminal, String) {
        let terminal = try Terminal()
        _ = try terminal.write("10.0.0.1\n", to: "feed.txt")
        let path = try terminal.write(policy)
        #expect(try terminal.run("apply", path, "--yes") == .success)
        return (terminal, path)
    }

    func verify(_ terminal: Terminal, _ path: String) throws -> Commands.ExitStatus {
        try terminal.run("verify", path, "--only", "ruleset")
    }

    @Test("Paths in proposed commands are words of a shell")
    func quotedPath() throws {
        let terminal = try Terminal()
        let applied = try terminal.write(web, to: "one; two.yaml")
        #expect(try terminal.run("apply", applied, "--yes") == .success)
        let other = try terminal.write(web.replacing("5432", with: "5433"), to: "other.yaml")
        terminal.store.put(nil)
        #expect(try verify(terminal, other) == .difference)
        #expect(
            terminal.output.contains("\"portreeve apply '\(applied)'\" loads the policy again"), "\(terminal.output)")
        try FileManager.default.removeItem(atPath: applied)
        #expect(try verify(terminal, applied) == .difference)
        #expect(
            terminal.output.contains("\"portreeve history --show 1 > '\(applied)'\" restores it"), "\(terminal.output)")
    }

    @Test(
        "A change that another process makes meanwhile is no drift",
        arguments: [["verify", "--only", "ruleset"], ["status"]])
    func meanwhile(command: [String]) throws {
        let (terminal, path) = try applied()
        _ = try terminal.write(web.replacing("5432", with: "5433"))
        terminal.store.reading = { _ in #expect(throws: Never.self) { try terminal.run("apply", path, "--yes") } }
        #expect(try terminal.run(command + [path]) == .success)
        #expect(!terminal.output.contains("drift"), "\(terminal.output)")
        #expect(terminal.output.contains("in sync"), "\(terminal.output)")
    }

    @Test("explain answers for what is loaded, and for the file; plan names an edit that loads nothing")
    func explained() throws {
        let (terminal, path) = try applied()
        _ = try terminal.write(web.replacing("from: any", with: "from: 10.0.0.0/8"))
        #expect(try terminal.run("explain", "192.0.2.1", "443", path) == .success)
        #expect(
            terminal.output.hasPrefix(
                "accept: 192.0.2.1 to tcp/443 by the live ruleset: service \"web\" lets it in\n"
                    + "policy: \(path):3, as it was applied\n"))
        #expect(terminal.output.contains("\nfile: edited since change 1"))
        #expect(
            terminal.output.contains(
                "\nonce the file is applied: refuse: service \"web\" is not open to this source\n"))
        _ = try terminal.run("explain", "192.0.2.1", "443", path, "--format", "json")
        #expect((try terminal.json()["after_apply"] as? [String: Any])?["verdict"] as? String == "refuse")
        #expect(try terminal.run("apply", path, "--yes") == .success)
        _ = try terminal.write(web)
        #expect(try terminal.run("explain", "192.0.2.1", "443", path) == .success)
        #expect(
            terminal.output.contains(
                "\nto let it in: run \"portreeve apply \(path)\": the edited file lets it in\n"), "\(terminal.output)")
        #expect(try terminal.run("apply", path, "--yes") == .success)
        _ = try terminal.write(web.replacing("why: Public site", with: "why: Public site\n    process: nginx"))
        #expect(try terminal.run("plan", path) == .success)
        #expect(terminal.output.hasPrefix("nothing to load, but the policy was edited since change 3"))
        _ = try terminal.write(web)
        let table = try #require(terminal.store.table)
        terminal.store.put(
            Table(
                name: table.name, userdata: table.userdata, chains: table.chains + [Chain(name: "extra", rules: [])],
                sets: table.sets))
        #expect(try terminal.run("plan", path) == .success)
        #expect(
            terminal.output.hasPrefix(
                "the loaded table is not what was applied (1 difference, which \"portreeve verify \(path)\" lists): "
                    + "this plan also undoes that\n\n"))
        // apply says the same before its question, and with --yes.
        let plan = terminal.output
        terminal.answer = "n"
        #expect(try terminal.run("apply", path) == .failure)
        #expect(terminal.output == plan)
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(terminal.output.hasPrefix("the loaded table is not what was applied (1 difference"))
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(terminal.output == "in sync: nothing to do\n")
    }

    @Test("What only verify reads must be applied, too, and apply records it without a commit")
    func expectation() throws {
        let (terminal, path) = try applied()
        _ = try terminal.write(web.replacing("why: Public site", with: "why: Public site\n    process: nginx"))
        #expect(try verify(terminal, path) == .difference)
        #expect(terminal.output.contains("\"web\" changed"))
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(terminal.output == "in sync: the rules stay the same; \(path) is recorded as change 2\n")
        #expect(terminal.store.commits == 1)
        #expect(try verify(terminal, path) == .success)
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(try terminal.run("history", "--format", "json") == .success)
        #expect((try terminal.json()["changes"] as? [Any])?.count == 2)
    }

    @Test("Comments, tests and accepted findings need not be applied")
    func sameMeaning() throws {
        let (terminal, path) = try applied()
        _ = try terminal.write("# edited\n" + web + "tests: [{from: any, to: 80, expect: allow}]\n")
        #expect(try verify(terminal, path) == .success)
        #expect(terminal.output.hasPrefix("in sync"))
    }

    @Test("Differences of the table are those from what was applied")
    func drift() throws {
        let (terminal, path) = try applied()
        terminal.store.put(nil)
        _ = try terminal.write(web.replacing("ports: 5432", with: "ports: 5433"))
        #expect(try verify(terminal, path) == .difference)
        #expect(terminal.output.contains("the table is not loaded"))
        #expect(terminal.output.hasSuffix("verify: 1 error, 1 warning\n"))
    }

    @Test("A file that is invalid or gone is an error, and the host is held against what was applied")
    func invalid() throws {
        let (terminal, path) = try applied()
        _ = try terminal.write("version: 1\nservices: {web: {ports: 0, from: any, why: x}}\n")
        #expect(try verify(terminal, path) == .difference)
        #expect(terminal.output.contains(":2:"))
        #expect(
            terminal.output.contains("error: the policy is invalid (\"0\" has port 0, which is reserved): correct it"))
        #expect(terminal.output.hasSuffix("verify: 1 error\n"))
        try FileManager.default.removeItem(atPath: path)
        #expect(try verify(terminal, path) == .difference)
        #expect(terminal.output.contains("error: the policy \(path) does not exist: \"portreeve history --show "))
    }

    @Test("A list that changed is a notice")
    func lists() throws {
        let (terminal, path) = try applied(list)
        #expect(try verify(terminal, path) == .success)
        let feed = try terminal.write("10.0.0.1\n10.0.0.2\n", to: "feed.txt")
        #expect(try verify(terminal, path) == .success)
        #expect(terminal.output.contains("notice: lists were changed since change 1"))
        #expect(terminal.output.contains("was applied: \(feed): \"portreeve refresh\" loads them [not-applied]"))
    }

    @Test("The table of an earlier version is no drift where this one compiles the policy to another")
    func otherVersion() throws {
        let (terminal, path) = try applied()
        // The same policy, recorded with another table, as an earlier version would have compiled it.
        let other = web.replacing("ports: 5432", with: "ports: 5433")
        let source = try Terminal()
        _ = try source.run("apply", try source.write(other), "--yes")
        let table = try #require(source.store.table)
        let state = terminal.folder.appending(path: "state")
        let name = try #require(
            try FileManager.default.contentsOfDirectory(atPath: state.path).first { $0.hasPrefix("change-1") })
        try replaceTable(in: state.appending(path: name), by: source.folder.appending(path: "state/\(name)"))
        terminal.store.put(table)
        #expect(try verify(terminal, path) == .success)
        #expect(terminal.output.contains("notice: this version of portreeve compiles the policy to another table"))
    }

    @Test("Without a record, or after a removal, the file decides")
    func noRecord() throws {
        let (terminal, path) = try applied()
        #expect(try terminal.run("remove", "--yes") == .success)
        #expect(try verify(terminal, path) == .difference)
        #expect(
            terminal.output == """
                error: the table is not loaded: change 2 of 2027-01-15T08:00:00Z removed it; \
                "portreeve apply \(path)" loads the policy, "portreeve rollback" the previous table [ruleset-drift]
                verify: 1 error

                """)
        try FileManager.default.removeItem(at: terminal.folder.appending(path: "state"))
        _ = try terminal.write("version: 1\nservices: {}\n")
        #expect(try verify(terminal, path) == .difference)
        #expect(terminal.output.hasSuffix("verify: 1 error\n"))
    }

    @Test("A state that cannot be read is named, and the file decides")
    func corrupt() throws {
        let (terminal, path) = try applied()
        let state = terminal.folder.appending(path: "state")
        for name in try FileManager.default.contentsOfDirectory(atPath: state.path) where name.hasPrefix("change-") {
            try Data("portreeve change 2 x\n".utf8).write(to: state.appending(path: name))
        }
        #expect(try verify(terminal, path) == .difference)
        #expect(terminal.output.contains("warning: cannot tell what was applied: "))
        #expect(terminal.output.contains("the host was verified against the file [unknown]"))
    }

    @Test("Included files and lists are read as they were applied")
    func includes() throws {
        let terminal = try Terminal()
        try FileManager.default.createDirectory(
            at: terminal.folder.appending(path: "policy.d"), withIntermediateDirectories: true)
        let path = try terminal.write("version: 1\ninclude: policy.d/*.yaml\nservices: {}\n")
        let ssh = try terminal.write(
            "services: {ssh: {ports: 22, from: any, why: Administration}}\n", to: "policy.d/ssh.yaml")
        #expect(try terminal.run("apply", path, "--yes") == .success)
        try FileManager.default.removeItem(atPath: ssh)
        _ = try terminal.write("services: {web: {ports: 80, from: any, why: Site}}\n", to: "policy.d/web.yaml")
        #expect(try verify(terminal, path) == .difference)
        #expect(terminal.output.contains("\"ssh\" removed, \"web\" added"))
    }

    @Test("Accepted findings are those in the file as it is now; they are notices with their reason in every format")
    func accepted() throws {
        let (terminal, path) = try applied()
        let drop = Rule([.verdict(.drop)])
        let base = BaseChain(type: "filter", hook: .input, priority: -1, policy: .accept)
        terminal.store.others = [
            Table(
                name: TableName(family: .inet, name: "f2b-table"),
                chains: [Chain(name: "watch", base: base, rules: [drop])])
        ]
        #expect(try terminal.run("verify", path, "--only", "ruleset", "--verbose") == .difference)
        let entry = "- {finding: foreign-override, port: 5432/tcp, table: inet f2b-table, why: REASON}"
        #expect(terminal.output.contains("to accept it, write under \"accepted\": \(entry)"))
        let line = entry.replacing("port: 5432/tcp, ", with: "").replacing("REASON", with: "fail2ban bans")
        _ = try terminal.write(web + "accepted:\n  \(line)\n  - {finding: shared-port, why: none}\n")
        #expect(try verify(terminal, path) == .success)
        #expect(terminal.output.contains("(accepted: fail2ban bans) [foreign-override]"))
        #expect(terminal.output.hasSuffix("notices\n"))
        _ = try terminal.run("verify", path, "--only", "ruleset", "--verbose")
        #expect(terminal.output.contains("\(path):14: no shared-port finding is accepted by this entry"))
        _ = try terminal.run("verify", path, "--only", "ruleset", "--format", "json")
        let finding = try #require((try terminal.json()["findings"] as? [[String: Any]])?.first)
        #expect((finding["accepted"] as? [String: Any])?["why"] as? String == "fail2ban bans")
        for format in ["nagios", "prometheus"] {
            #expect(try terminal.run("verify", path, "--only", "ruleset", "--format", format) == .success)
            #expect(terminal.output.contains("fail2ban bans"))
        }
    }

    /// Gives a saved change the table of another one.
    private func replaceTable(in file: URL, by other: URL) throws {
        func document(_ url: URL) throws -> StateDocument {
            try StateDocument(Array(Data(contentsOf: url)), kind: "change")
        }
        var changed = StateDocument(kind: "change")
        let table = try #require(try document(other)["table"])
        for field in try document(file).fields {
            changed.append(field.name, field.name == "table" ? table : field.bytes)
        }
        try Data(changed.bytes).write(to: file)
    }
}
