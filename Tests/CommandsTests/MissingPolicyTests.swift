import ArgumentParser
import Foundation
import Testing

@testable import Commands

@Suite("A path without a policy")
struct MissingPolicyTests {
    private let terminal: Terminal
    private let folder: String

    init() throws {
        terminal = try Terminal()
        folder = try terminal.write(web).replacing("policy.yaml", with: "")
    }

    private func message(_ arguments: String...) throws -> String {
        #expect(try terminal.run(arguments) == .failure)
        return terminal.errors
    }

    @Test(
        "A word that is no path is named for what it is",
        arguments: [
            ("help", "\"--help\" after a command shows its help"), ("verify", "\"verify\" is a command"),
            ("tcp/22", "\"tcp/22\" is a port"), ("22", "\"22\" is a port"),
            ("192.0.2.1", "\"192.0.2.1\" is an address"),
        ])
    func word(word: String, expected: String) throws {
        for command in ["plan", "status", "check"] {
            #expect(try message(command, word).hasPrefix("portreeve: there is no policy \(word): \(expected)"))
        }
    }

    @Test("A symbolic link that leads nowhere is called one, not proposed")
    func dangling() throws {
        let path = folder + "dangling.yaml"
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: folder + "nowhere")
        #expect(
            try message("check", path)
                == "portreeve: there is no policy \(path): it is a symbolic link to a file that does not exist\n")
    }

    @Test("The page of a report is named with --output", arguments: [["host.html"], ["policy.yaml", "hosts.csv"]])
    func page(words: [String]) throws {
        let error = try #require(throws: (any Error).self) { try Portreeve.parseAsRoot(["report"] + words) }
        let message = "to write the report into a file, name it with --output \(words[words.count - 1])"
        #expect(Portreeve.message(for: error) == message)
    }

    @Test("A mistyped name is answered by the file", arguments: ["polcy.yaml", "policy.yml", "policy"])
    func mistyped(name: String) throws {
        #expect(
            try message("plan", folder + name)
                == "portreeve: there is no policy \(folder)\(name): did you mean \"\(folder)policy.yaml\"?\n")
    }

    @Test("A policy whose name is like another one only by its ending is not proposed")
    func unlike() throws {
        try "version: 1\nservices: {}\n".write(toFile: folder + "lock.yaml", atomically: true, encoding: .utf8)
        let text = try message("plan", folder + "none.yaml")
        #expect(!text.contains("lock.yaml") && text.contains("portreeve init"), "\(text)")
    }

    @Test("The name of the host's policy, in another directory, is answered by the option to leave it out")
    func copied() {
        for path in ["policy.yaml", "./policy.yaml"] {
            #expect(
                MissingPolicy(path: path, hasStandard: true).text == """
                    there is no policy \(path) in this directory; /etc/portreeve/policy.yaml is used where no policy is \
                    named: leave the path out
                    """)
            #expect(!MissingPolicy(path: path, hasStandard: false).text.contains("/etc"))
        }
        for path in ["web.yaml", "/srv/policy.yaml"] {
            #expect(!MissingPolicy(path: path, hasStandard: true).text.contains("/etc"))
        }
    }

    @Test(
        "Every command that takes a policy takes that of the host where none is named",
        arguments: ["check", "plan", "apply", "verify", "status", "sessions", "report", "refusals", "refresh", "show"])
    func standard(command: String) throws {
        // The tests have no policy there; a host that has one would answer otherwise, and not with a message of the parser.
        _ = try terminal.run([command])
        #expect(!terminal.errors.contains("parsable argument"), "\(terminal.errors)")
    }

    @Test("The policy of another host, or an old one, is not for init to write")
    func elsewhere() throws {
        let path = folder + "none.yaml"
        let expected = "portreeve: there is no policy \(path): write the path of a policy file\n"
        #expect(try message("probe", "192.0.2.1", path) == expected)
        #expect(try message("diff", folder + "policy.yaml", path) == expected)
        #expect(try message("show", path).contains("\"portreeve init \(path)\" writes a first one"))
    }

    @Test(
        "The policy of another host has no standard path",
        .enabled(if: !FileManager.default.fileExists(atPath: "/etc/portreeve/policy.yaml")))
    func probed() throws {
        #expect(
            try message("probe", "192.0.2.1")
                == "portreeve: the policy of 192.0.2.1 is missing: add it after the host, "
                + "as in \"portreeve probe 192.0.2.1 policy.yaml\"\n")
        #expect(try terminal.run("probe", "db1.yaml") == .usage)
        #expect(
            terminal.errors
                == "portreeve: db1.yaml is a policy, and the host is missing: "
                + "write it first, as in \"portreeve probe db1.example.org db1.yaml\"\n")
    }

    @Test("A mistyped path is an error also where a policy was applied; a policy that is gone is a finding")
    func applied() throws {
        let path = folder + "policy.yaml"
        #expect(try terminal.run("apply", path, "--yes") == .success)
        for command in ["status", "verify", "sessions"] {
            #expect(try message(command, folder + "nosuch.yaml").contains("there is no policy"), "\(command)")
        }
        try FileManager.default.removeItem(atPath: path)
        #expect(try terminal.run("verify", path, "--only", "ruleset") == .difference)
        let cure = "\"portreeve history --show 1 > \(path)"
        #expect(terminal.output.contains("error: the policy \(path) does not exist: \(cure)"))
        for command in ["check", "plan", "apply", "edit", "show"] {
            #expect(try message(command, path).contains("there is no policy \(path): \(cure)"), "\(command)")
        }
        _ = try terminal.run("status", path)
        #expect(terminal.output.contains(cure))
    }

    @Test("init warns where a policy is in force, and names the command that prints it")
    func rewritten() throws {
        #expect(try terminal.run("init", "/new.yaml") == .success)
        #expect(terminal.errors == "")
        #expect(try terminal.run("apply", folder + "policy.yaml", "--yes") == .success)
        #expect(try terminal.run("init", "/other.yaml") == .success)
        #expect(
            terminal.errors == """
                portreeve: warning: change 1 is in force: "portreeve history --show 1 > FILE" prints its policy; \
                this new one has no service

                """)
    }

    @Test("explain says how a policy file comes back that is gone, and which file has the policy in force")
    func explained() throws {
        let path = folder + "policy.yaml"
        #expect(try terminal.run("apply", path, "--yes") == .success)
        try FileManager.default.removeItem(atPath: path)
        #expect(try terminal.run("explain", "192.0.2.9", "5432", path) == .success)
        let cure = "the file must be restored first: \"portreeve history --show 1 > \(path)\" restores it\n"
        #expect(terminal.output.contains(cure), "\(terminal.output)")
        #expect(!terminal.output.contains("portreeve check"), "\(terminal.output)")
    }

    @Test(
        "explain without a file of the host names the file in force",
        .enabled(if: !FileManager.default.fileExists(atPath: "/etc/portreeve/policy.yaml")))
    func elsewhereInForce() throws {
        let path = folder + "policy.yaml"
        #expect(try terminal.run("apply", path, "--yes") == .success)
        #expect(try terminal.run("explain", "192.0.2.9", "5432") == .success)
        #expect(terminal.output.contains("; then run \"portreeve apply \(path)\"\n"), "\(terminal.output)")
    }

    @Test("A saved plan is no policy", arguments: ["check", "show", "plan"])
    func plan(command: String) throws {
        let plan = folder + "plan.bin"
        #expect(try terminal.run("plan", folder + "policy.yaml", "--out", plan) == .success)
        #expect(try terminal.run(command, plan) == .invalidPolicy)
        #expect(
            terminal.errors
                == "portreeve: \(plan) is a saved plan, not a policy: \"portreeve apply \(plan)\" makes its change\n")
    }

    @Test("Commands that change nothing do not say so, and --strict gives its reason")
    func invalid() throws {
        let path = try terminal.write("version: 2\n", to: "wrong.yaml")
        for command in ["plan", "show"] {
            #expect(try terminal.run(command, path) == .invalidPolicy)
            #expect(!terminal.errors.contains("nothing was changed"))
        }
        #expect(try terminal.run("apply", path, "--yes") == .invalidPolicy)
        #expect(terminal.errors.contains("; nothing was changed"))
        let unused = try terminal.write("version: 1\nsources: {a: [192.0.2.1]}\nservices: {}\n", to: "unused.yaml")
        #expect(try terminal.run("check", "--strict", unused) == .invalidPolicy)
        #expect(terminal.errors.hasSuffix("1 warning; refused: --strict treats warnings as errors\n"))
    }

    @Test("An empty path is a variable that is not set", arguments: ["check", "show", "plan", "apply", "verify"])
    func empty(command: String) throws {
        #expect(try terminal.run(command, "") == .usage)
        let expected = "portreeve: the path of the policy is empty: a variable may be unset"
        #expect(terminal.errors.hasPrefix(expected), "\(terminal.errors)")
    }

    @Test("A directory is no policy", arguments: ["check", "show", "plan", "apply", "verify", "status"])
    func directory(command: String) throws {
        let expected = "portreeve: \(folder) is a directory, not a policy: write the path of a file in it"
        #expect(try message(command, folder).hasPrefix(expected), "\(terminal.errors)")
    }
}
