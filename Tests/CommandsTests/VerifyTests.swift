import Commands
import Compiler
import Foundation
import Rulesets
import Testing

@Suite("portreeve verify, check and show")
struct VerifyTests {
    /// A terminal with the policy applied, and the policy's path.
    private func applied() throws -> (Terminal, String) {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        _ = try terminal.run("apply", path, "--yes")
        return (terminal, path)
    }

    private let backdoor = Rule([.meta(.transportProtocol, into: .first), .compare(Comparison([6])), .verdict(.accept)])

    @Test("In sync: one line, and nothing with --quiet")
    func inSync() throws {
        let (terminal, path) = try applied()
        #expect(try terminal.run("verify", path, "--only", "ruleset") == .success)
        #expect(terminal.output == "in sync: 2 services, generation 2\n")
        #expect(try terminal.run("verify", path, "--quiet", "--only", "ruleset") == .success)
        #expect(terminal.output.isEmpty && terminal.errors.isEmpty)
    }

    @Test("An extra rule is reported with the line of the policy")
    func backdoorFound() throws {
        let (terminal, path) = try applied()
        let table = try #require(terminal.store.table)
        let chains = table.chains.map { chain in
            var changed = chain
            if chain.name == "service-db" { changed.rules.insert(backdoor, at: 0) }
            return changed
        }
        terminal.store.put(Table(name: table.name, userdata: table.userdata, chains: chains, sets: table.sets))
        #expect(try terminal.run("verify", path, "--only", "ruleset") == .difference)
        #expect(
            terminal.output == """
                \(path):7: error: chain "service-db" has a rule that is not in the policy: \
                `meta l4proto tcp accept` [ruleset-drift]
                  the live table is not what was applied: "portreeve apply \(path)" loads the policy again
                verify: 1 error

                """)
        _ = try terminal.run("verify", path, "--only", "ruleset", "--format", "json")
        let finding = try #require((try terminal.json()["findings"] as? [[String: Any]])?.first)
        #expect(finding["id"] as? String == "ruleset-drift")
        #expect(finding["severity"] as? String == "error")
        #expect(finding["chain"] as? String == "service-db")
        #expect((finding["policy"] as? [String: Any])?["line"] as? Int == 7)
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(try terminal.run("verify", path, "--only", "ruleset") == .success)
    }

    @Test("A missing table is one finding")
    func absent() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        #expect(try terminal.run("verify", path, "--only", "ruleset") == .difference)
        // Nothing was applied yet.
        let advice = "\n  the live table is not what the policy says: \"portreeve apply \(path)\" loads the policy\n"
        #expect(terminal.output.contains(advice))
        #expect(terminal.output.hasPrefix("error: the table is not loaded"), "\(terminal.output)")
    }

    @Test("A changed comment is a notice, which does not fail")
    func comment() throws {
        let (terminal, path) = try applied()
        let table = try #require(terminal.store.table)
        let chains = table.chains.map { chain in
            var changed = chain
            for index in chain.rules.indices where chain.rules[index].comment == "Public site" {
                changed.rules[index] = Rule(chain.rules[index].expressions, comment: "The site")
            }
            return changed
        }
        terminal.store.put(Table(name: table.name, userdata: table.userdata, chains: chains, sets: table.sets))
        #expect(try terminal.run("verify", path, "--only", "ruleset") == .success)
        #expect(
            terminal.output.contains("notice: a comment in chain \"service-web\" is \"The site\", not \"Public site\""))
    }

    @Test("Entries that expire soon are told together")
    func expiringSoon() throws {
        let terminal = try Terminal()
        let names = ["one", "two", "three"].enumerated()
        let lines = names.map { "  \($1): {ports: \($0 + 1), from: any, expires: 2027-01-20, optional: true}\n" }
        let path = try terminal.write("version: 1\nservices:\n\(lines.joined())")
        _ = try terminal.run("verify", path, "--only", "sessions")
        #expect(
            terminal.output.contains(
                """
                notice: 3 entries of the policy expire soon [expires-soon]
                  one (policy.yaml:3), three (policy.yaml:5), two (policy.yaml:4)
                  renew each that is still needed: --verbose says when each ends

                """), "\(terminal.output)")
    }

    @Test(
        "Without a policy every command exits 1 and names init",
        arguments: ["check", "plan", "apply", "verify", "show", "status"])
    func noPolicy(command: String) throws {
        let terminal = try Terminal()
        let path = terminal.folder.path + "/none.yaml"
        #expect(try terminal.run(command, path) == .failure)
        #expect(
            terminal.errors
                == "portreeve: there is no policy \(path): \"portreeve init \(path)\" writes a first one from the ports "
                + "that listen now\n")
        #expect(terminal.output.isEmpty && terminal.store.commits == 0)
    }

    @Test("An expired service is a warning, one that expires soon a notice")
    func expiry() throws {
        let terminal = try Terminal()
        let path = try terminal.write(
            "version: 1\nservices:\n  old: {ports: 1, from: any, expires: 2027-01-10, why: Old}\n"
                + "  soon: {ports: 2, from: any, expires: 2027-01-18, why: Soon}\n"
                + "  late: {ports: 3, from: any, expires: 2028-01-18, why: Late}\n")
        _ = try terminal.run("apply", path, "--yes")
        #expect(try terminal.run("verify", path, "--only", "ruleset") == .difference)
        #expect(terminal.output.contains("\(path):3: warning: service \"old\" expired (2027-01-10)"))
        #expect(terminal.output.contains("\(path):4: notice: service \"soon\" expires soon (2027-01-18)"))
        #expect(!terminal.output.contains("late"))
    }

    @Test("An invalid policy exits 3 in every command, and changes nothing")
    func invalid() throws {
        let (terminal, _) = try applied()
        let path = try terminal.write("version: 1\nservices: {web: {ports: 0, from: nobody}}\n")
        for command in ["check", "plan", "apply", "show"] {
            #expect(try terminal.run(command, path) == .invalidPolicy)
            #expect(terminal.errors.contains("policy.yaml:2:"))
        }
        #expect(terminal.store.commits == 1)
        _ = try terminal.run("check", path, "--format", "json")
        #expect(try terminal.json()["valid"] as? Bool == false)
        #expect((try terminal.json()["diagnostics"] as? [Any])?.isEmpty == false)
    }

    @Test("Warnings fail only with --strict")
    func strict() throws {
        let terminal = try Terminal()
        let path = try terminal.write("version: 1\nservices: {web: {ports: 80, from: any}}\n")
        #expect(try terminal.run("check", path) == .success)
        #expect(terminal.errors.contains("warning"))
        #expect(try terminal.run("check", path, "--strict") == .invalidPolicy)
    }

    @Test("Of many warnings of check that are alike one is shown, with the lines of the others; --verbose shows each")
    func alikeWarnings() throws {
        let terminal = try Terminal()
        let services = (1...60).map { "  s\($0): {ports: \(12000 + 2 * $0), from: any}\n" }
        let path = try terminal.write("version: 1\nservices:\n\(services.joined())")
        #expect(try terminal.run("check", path) == .success)
        let warnings = terminal.errors.split(separator: "\n").filter { $0.contains(": warning: ") }
        #expect(warnings.count == 1 && warnings[0].contains("service \"s1\""), "\(terminal.errors)")
        #expect(terminal.errors.hasSuffix("\n  59 more like this: lines 4-62\n"), "\(terminal.errors)")
        #expect(terminal.output == "\(path): valid, 60 services, 60 warnings; --verbose shows each warning\n")
        #expect(try terminal.run("check", path, "--verbose") == .success)
        #expect(terminal.errors.split(separator: "\n").count { $0.contains(": warning: ") } == 60)
        #expect(terminal.output == "\(path): valid, 60 services, 60 warnings\n")
        #expect(try terminal.run("check", path, "--format", "json") == .success)
        #expect((try terminal.json()["diagnostics"] as? [Any])?.count == 60)
    }

    @Test("check --kernel commits nothing")
    func kernel() throws {
        let (terminal, path) = try applied()
        #expect(try terminal.run("check", path, "--kernel") == .success)
        #expect(terminal.store.commits == 1)
    }

    @Test("Colours on a terminal, unless refused")
    func colors() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        terminal.outputColumns = 80
        _ = try terminal.run("plan", path)
        #expect(terminal.output.contains("\u{1b}[32m+ db"))
        terminal.forbidsColor = true
        _ = try terminal.run("plan", path)
        #expect(!terminal.output.contains("\u{1b}"))
        _ = try terminal.run("plan", path, "--color", "always")
        #expect(terminal.output.contains("\u{1b}"))
        _ = try terminal.run("plan", path, "--color", "always", "--format", "json")
        #expect(!terminal.output.contains("\u{1b}"))
    }

    @Test("The text of show replaces the table when it is loaded")
    func show() throws {
        let terminal = try Terminal()
        #expect(try terminal.run("show", try terminal.write(web)) == .success)
        #expect(
            terminal.output.hasPrefix("table inet portreeve\ndelete table inet portreeve\ntable inet portreeve {\n"))
        #expect(terminal.store.commits == 0)
    }
}
