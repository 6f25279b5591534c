import ArgumentParser
import Commands
import Compiler
import Rulesets
import Testing

@Suite("portreeve apply, plan and remove")
struct ApplyTests {
    @Test("Plans by service, applies, and finds nothing to do the second time")
    func twice() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        #expect(try terminal.run("plan", path, "--detailed-exitcode") == .difference)
        #expect(
            terminal.output == """
                + db   tcp/5432         from 10.0.0.0/8, 2001:db8::/32  App database (OPS-9)
                + web  tcp/80, tcp/443  from any  Public site
                + table inet portreeve

                - every port that is not in the policy closes to everyone
                - anyone but 10.0.0.0/8, 2001:db8::/32 loses access to tcp/5432 (db)

                services: 2 to add, 0 to change, 0 to remove; 74 ruleset changes in one step

                """)
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(terminal.output.hasSuffix("applied and read back: generation 1 -> 2\n"))
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(terminal.output == "in sync: nothing to do\n")
        #expect(terminal.store.commits == 1)
        #expect(try terminal.run("plan", path, "--detailed-exitcode", "--quiet") == .success)
        #expect(terminal.output.isEmpty && terminal.errors.isEmpty)
    }

    @Test("A changed source, a removed service, an added one")
    func changes() throws {
        let terminal = try Terminal()
        _ = try terminal.run("apply", try terminal.write(web), "--yes")
        let path = try terminal.write(
            """
            version: 1
            services:
              db: {ports: 5432, from: [10.0.0.0/9, "2001:db8::/32"], why: App database, ticket: OPS-9}
              mail: {ports: 25, from: any, why: Mail}

            """)
        _ = try terminal.run("plan", path)
        #expect(
            terminal.output == """
                ~ db    tcp/5432         from 10.0.0.0/8, 2001:db8::/32 -> 10.0.0.0/9, 2001:db8::/32
                + mail  tcp/25           from any  Mail
                - web   tcp/80, tcp/443  from any  Public site

                + anyone gains access to tcp/25 (mail)
                - tcp/80, tcp/443 (web) close to everyone
                - 10.128.0.0/9 loses access to tcp/5432 (db)

                services: 1 to add, 1 to change, 1 to remove; 14 ruleset changes in one step

                """)
        _ = try terminal.run("plan", path, "--format", "json")
        let access = try #require(try terminal.json()["access"] as? [String: [[String: Any]]])
        let gained = try #require(access["gained"])
        #expect(gained.map { $0["port"] as? Int } == [25, 25])
        #expect(gained.map { $0["family"] as? String } == ["ipv4", "ipv6"])
        let lost = try #require(access["lost"])
        #expect(lost.map { $0["port"] as? Int } == [80, 80, 443, 443, 5432])
        #expect(lost.last?["sources"] as? [String] == ["10.128.0.0/9"])
        #expect(lost.last?["witness"] as? String == "10.128.0.0")
        #expect(lost.last?["service"] as? String == "db")
    }

    @Test("Asks, and accepts only \"y\" and \"yes\"")
    func asks() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        #expect(try terminal.run("apply", path) == .usage)
        #expect(terminal.errors.contains("--yes"))
        terminal.answer = ""
        #expect(try terminal.run("apply", path) == .failure)
        #expect(terminal.store.table == nil)
        terminal.answer = "y"
        #expect(try terminal.run("apply", path) == .success)
        #expect(terminal.questions == 3)
        terminal.answer = "n"
        #expect(try terminal.run("remove") == .failure)
        #expect(terminal.store.table != nil)
        #expect(try terminal.run("remove", "--yes") == .success)
        #expect(terminal.store.table == nil)
        #expect(try terminal.run("remove", "--yes") == .success)
    }

    @Test("Fails if another process commits first")
    func race() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        let other = Table(name: Names.table)
        terminal.store.interference = { $0.put(other) }
        #expect(try terminal.run("apply", path, "--yes") == .changedUnderneath)
        #expect(terminal.store.table == other)
    }

    @Test("After an error, the message says which table is live")
    func refused() throws {
        let terminal = try Terminal()
        terminal.store.refusal = "no buffer space available"
        #expect(try terminal.run("apply", try terminal.write(web), "--yes") == .failure)
        #expect(terminal.errors == "portreeve: no buffer space available; nothing was changed\n")
        let wanted = compile(try terminal.policy(web)).table
        terminal.store.interference = { $0.put(wanted) }
        #expect(try terminal.run("apply", try terminal.write(web), "--yes") == .failure)
        #expect(terminal.errors == "portreeve: no buffer space available; the change was made anyway\n")
    }

    @Test("Standard output has JSON only")
    func json() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        _ = try terminal.run("apply", path, "--yes", "--format", "json")
        #expect(try terminal.json()["changed"] as? Bool == true)
        #expect(try terminal.json()["generation"] as? Int == 2)
        _ = try terminal.run("apply", path, "--yes", "--format", "json")
        #expect(try terminal.json()["changed"] as? Bool == false)
        _ = try terminal.run("plan", path, "--format", "json")
        #expect(try terminal.json()["in_sync"] as? Bool == true)
    }

    @Test("An edit without a change of the rules is recorded, and said to be; the next time there is nothing to do")
    func comment() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        _ = try terminal.run("apply", path, "--yes")
        _ = try terminal.write(web + "# a comment\n")
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(terminal.output == "in sync: the rules stay the same; \(path) is recorded as change 2\n")
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(terminal.output == "in sync: nothing to do\n" && terminal.store.commits == 1)
    }

    /// A policy with twelve services, each for other sources.
    private func many(_ network: Int) -> String {
        let services = (1...12).map { "  s\($0): {ports: \($0), from: 10.\(network).\($0).0/24, why: x}\n" }
        return "version: 1\nservices:\n" + services.joined()
    }

    @Test("After a change without a question a command that still works shows what was left out; --verbose shows all")
    func details() throws {
        let terminal = try Terminal()
        let path = try terminal.write(many(1))
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(!terminal.output.contains(" more"), "\(terminal.output)")
        _ = try terminal.write(many(2))
        terminal.answer = "n"
        #expect(try terminal.run("apply", path) == .failure)
        #expect(terminal.output.contains("  and 2 more: \"portreeve plan --verbose \(path)\" shows all\n"))
        #expect(try terminal.run("apply", path, "--verbose") == .failure)
        #expect(!terminal.output.contains(" more"), "\(terminal.output)")
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(
            terminal.output.contains("  and 2 more: \"portreeve diff 1 \(path)\" shows all\n"), "\(terminal.output)")
        #expect(try terminal.run("diff", "1", path) == .success)
        #expect(terminal.output.contains("+ tcp/12 (s12) from 10.2.12.0/24\n"), "\(terminal.output)")
    }

    @Test("Where no one reads standard output, the plan is on the terminal of the question, too")
    func hidden() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        (terminal.answer, terminal.hidesOutput, terminal.isErrorTerminal) = ("n", true, true)
        #expect(try terminal.run("apply", path) == .failure)
        #expect(
            terminal.output.contains("+ table inet portreeve\n") && terminal.errors.contains("+ table inet portreeve\n")
        )
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(terminal.errors == "")
    }

    @Test("--floor needs --boot")
    func floor() throws {
        let error = try #require(throws: (any Error).self) {
            try Portreeve.parseAsRoot(["apply", "--floor", "closed"])
        }
        #expect(Portreeve.message(for: error).contains("--floor needs --boot"))
        _ = try Portreeve.parseAsRoot(["apply", "--boot", "--floor", "closed"])
    }
}
