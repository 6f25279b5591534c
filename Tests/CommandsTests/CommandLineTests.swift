import Commands
import Testing

@testable import Commands

@Suite("The command line")
struct CommandLineTests {
    @Test(
        "Options of every command may stand before it",
        arguments: [
            (["--netns", "a", "status", "p"], ["status", "--netns", "a", "p"]),
            (["-q", "--format=json", "verify"], ["verify", "-q", "--format=json"]),
            (["status", "--netns", "a"], ["status", "--netns", "a"]), (["--help"], ["--help"]),
            (["--netns"], ["--netns"]), (["--netns", "a"], ["--netns", "a"]), ([], []),
            (["--wrong", "status"], ["--wrong", "status"]),
        ])
    func order(words: [String], expected: [String]) { #expect(CommandLineWords(words).ordered == expected) }

    @Test(
        "An unknown command is named with the nearest one",
        arguments: [
            ("aply", "unknown command \"aply\": did you mean \"apply\"?"), ("statsu", "did you mean \"status\"?"),
            ("frobnicate", "unknown command \"frobnicate\"\n"), ("", "unknown command \"\"\n"),
        ])
    func unknown(word: String, message: String) throws {
        #expect(try #require(CommandLineWords([word]).fault).contains(message))
    }

    @Test("Known commands, help and options are no fault", arguments: ["apply", "undo", "help", "--version", "-h"])
    func known(word: String) { #expect(CommandLineWords([word]).fault == nil) }

    @Test("A mistyped service is named with the nearest one")
    func service() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        _ = try terminal.run("apply", path, "--yes")
        #expect(try terminal.run("grant", "wep", path, "--from", "192.0.2.1", "--for", "1h", "--why", "x") == .failure)
        #expect(terminal.errors.contains("no service \"wep\" (did you mean \"web\"?)"))
    }

    @Test("explain takes the name of a service with one port, before a name of the services database")
    func ports() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        for port in ["db", "5432", "tcp/5432", "5432/tcp"] {
            #expect(try terminal.run("explain", "10.1.2.3", port, path, "--policy") == .success)
            #expect(terminal.output.hasPrefix("accept: 10.1.2.3 to tcp/5432 "), "\(port): \(terminal.output)")
        }
        #expect(try terminal.run("explain", "10.1.2.3", "web", path, "--policy") == .usage)
        #expect(terminal.errors.contains("service \"web\" has more than one port: write one of tcp/80, tcp/443"))
        #expect(try terminal.run("explain", "10.1.2.3", "dbb", path, "--policy") == .usage)
        #expect(terminal.errors.contains("did you mean \"db\"?"))
    }

    @Test("apply --dry-run is plan")
    func dryRun() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        #expect(try terminal.run("plan", path) == .success)
        let plan = terminal.output
        #expect(try terminal.run("apply", "-n", path) == .success)
        #expect(terminal.output == plan && terminal.store.table == nil)
    }
}
