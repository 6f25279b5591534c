import ArgumentParser
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
    func known(word: String) {
        #expect(CommandLineWords([word]).fault == nil)
        #expect(CommandLineWords(["help", word]).fault == nil)
        #expect(CommandLineWords(["ban", "192.0.2.9", "1h", "--help"]).fault == nil)
        #expect(CommandLineWords(["history", "--show", "3"]).fault == nil)
        #expect(CommandLineWords(["rollback", "3", "--netns", "7"]).fault == nil)
        #expect(CommandLineWords(["confirm", "--netns", "7"]).fault == nil)
    }

    @Test(
        "A missing command, an unknown one after help, and a list that is elsewhere are named",
        arguments: [
            ("--netns new-host", "a command is missing after \"--netns new-host\"\n"),
            ("--quiet", "a command is missing after \"--quiet\"\n"),
            ("help nosuch", "unknown command \"nosuch\"\n"), ("help aply", "did you mean \"apply\"?"),
            ("ban --list", "\"portreeve status\" lists the grants and the bans"),
            (
                "grant ssh 192.0.2.7 --for 1h",
                "the address needs --from: \"portreeve grant ssh --from 192.0.2.7 --for 1h --why TEXT\""
            ),
            (
                "ban 192.0.2.9 1h",
                "the time needs --for: \"portreeve ban 192.0.2.9 --for 1h --why TEXT\""
            ),
            (
                "grant ssh --from 192.0.2.9 2h",
                "the time needs --for: \"portreeve grant ssh --from 192.0.2.9 --for 2h --why TEXT\""
            ),
            ("ban 192.0.2.9 --for 1h --reason x", "unknown option \"--reason\": did you mean \"--why\"?"),
            (
                "ban --from 192.0.2.9 --for 2h",
                "the address needs no option: \"portreeve ban 192.0.2.9 --for 2h --why TEXT\""
            ),
            ("history 3", "the number needs --show: \"portreeve history --show 3\""),
            ("rollback --to 3", "the number needs no option: \"portreeve rollback 3\""),
            ("confirm 3", "confirm takes no number: at most one change is pending"),
            ("refresh web.yaml", "refresh takes no policy: it reads the lists of the policy that was applied"),
            ("unban --from=192.0.2.9", "the address needs no option: \"portreeve unban 192.0.2.9\""),
            ("ban 192.0.2.9 --why x --for -2h", "\"-2h\" is negative: write 2h"),
            ("apply --confirm -2m", "\"-2m\" is negative: write 2m"),
            ("--verison", "unknown option \"--verison\": did you mean \"--version\"?"),
            ("revoke ssh 2001:db8::7", "\"portreeve revoke ssh --from 2001:db8::7\""),
        ])
    func misplaced(line: String, message: String) throws {
        let words = line.split(separator: " ").map(String.init)
        #expect(try #require(CommandLineWords(words).fault).contains(message))
    }

    @Test("Options before --help are left out")
    func question() { #expect(CommandLineWords(["--quiet", "--help"]).ordered == ["--help"]) }

    @Test("A mistyped service is named with the nearest one")
    func service() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        _ = try terminal.run("apply", path, "--yes")
        #expect(try terminal.run("grant", "wep", path, "--from", "192.0.2.1", "--for", "1h", "--why", "x") == .failure)
        #expect(terminal.errors.contains("no service \"wep\" (did you mean \"web\"?)"))
        #expect(try terminal.run("grant", "443", path, "--from", "192.0.2.1", "--for", "1h", "--why", "x") == .failure)
        #expect(terminal.errors.contains("no service \"443\": 443 belongs to \"web\"; nothing was changed"))
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

    @Test(
        "A wrong value is answered by what the option takes",
        arguments: [
            ("apply --confirm 2", "a number needs a unit: 2s, 2m, 2h or 2d"),
            ("apply --confirm 0m", "write numbers with units, such as 90s, 2m, 1h30m or 7d, from 1s to 366d"),
            ("ban 192.0.2.1 --why x --for 0h", "the shortest time is 1s"),
            ("ban 192.0.2.1 --why x --for=-2h", "\"-2h\" is negative: write 2h"),
            ("ban 192.0.2.1 --why x --for 2hours", "did you mean \"2h\"?"),
            ("ban 192.0.2.1 --why x --for 3weeks", "did you mean \"21d\"?"),
            ("ban 192.0.2.1 --why x --for 999999999999999999weeks", "from 1s to 366d"),
            ("ban 192.0.2.1 --why x --for two", "such as 90s, 2m, 1h30m or 7d"),
            ("history --show first", "write the number of a change, such as 3"), ("rollback 0", "such as 3"),
            ("verify --only rulset", "did you mean \"ruleset\"?"),
            ("verify --only all", "write ruleset, listeners, sessions, or several with commas between them"),
            ("verify --color yes", "'auto', 'always' or 'never'"),
            ("plan --format jsn", "write text or json, did you mean \"json\"?"),
            ("verify --format xml", "write text, json, nagios, prometheus, junit or sarif"),
            ("ban 192.0.2.1 --for 1h --why ", "--why is empty: write the reason, such as --why \"repair of db1\""),
            ("grant web --from 192.0.2.1 --for 1h --why a\nb", "--why has a line break or another control character"),
        ])
    func values(line: String, expected: String) throws {
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        let error = try #require(throws: (any Error).self) { try Portreeve.parseAsRoot(words) }
        #expect(Portreeve.message(for: error).contains(expected), "\(Portreeve.message(for: error))")
        #expect(Portreeve.exitCode(for: error).rawValue == 64)
    }

    @Test("The usage of a command fits a line, and names each argument and each option that must be there")
    func usage() throws {
        for command in Portreeve.configuration.subcommands {
            let usage = try #require(command.configuration.usage)
            let lines = usage.split(separator: "\n")
            #expect(
                lines.allSatisfy { $0.hasPrefix("portreeve \(command._commandName) ") && $0.hasSuffix("[options]") })
            #expect(lines.allSatisfy { $0.count <= 92 }, "\(usage)")
            // Each error names the next one that is missing.
            var words = [command._commandName]
            while let missing = Self.missing(in: words), words.count < 12 {
                #expect(usage.contains(missing.joined(separator: " ")), "\(usage)")
                words += missing.dropLast() + [missing.first == "--for" ? "1h" : "192.0.2.1"]
            }
        }
    }

    /// The option and the name of the value that a command line lacks; `nil` if it lacks none.
    private static func missing(in words: [String]) -> [String]? {
        do { _ = try Portreeve.parseAsRoot(words) } catch {
            let message = Portreeve.message(for: error)
            guard let match = message.firstMatch(of: #/issing expected argument '([^']*)'/#) else { return nil }
            return match.1.split(separator: " ").map(String.init)
        }
        return nil
    }

    @Test(
        "A word of another firewall's program is answered by the command of portreeve",
        arguments: [
            ("allow", "\"portreeve edit\""), ("open", "\"portreeve grant\""), ("deny", "\"portreeve ban\""),
            ("block", "\"portreeve ban\""), ("list", "\"portreeve status\""), ("reload", "\"portreeve apply\""),
            ("enable", "\"portreeve apply\""), ("disable", "\"portreeve remove\""),
            ("logging", "\"log\" under \"defaults\""),
        ])
    func foreign(word: String, advice: String) throws {
        let fault = try #require(CommandLineWords([word]).fault)
        #expect(fault.hasPrefix("unknown command \"\(word)\": ") && fault.contains(advice), "\(fault)")
    }

    @Test("Every command that the advice names exists")
    func advice() {
        for word in ["allow", "deny", "delete", "list", "enable", "disable", "log", "test", "rules"] {
            for name in (ForeignWord.advice(word) ?? "").matches(of: #/portreeve ([a-z]+)/#).map(\.1) {
                #expect(Portreeve.commandNames.contains(String(name)), "\(word)")
            }
        }
    }

    @Test(
        "An option is suggested only if it is similar",
        arguments: [("history --foo", nil), ("check --ass", "--as"), ("apply --dryrun", "--dry-run")])
    func suggestions(line: String, option: String?) throws {
        let words = line.split(separator: " ").map(String.init)
        let error = try #require(throws: (any Error).self) { try Portreeve.parseAsRoot(words) }
        let message = Portreeve.printedMessage(for: error)
        #expect(message.hasPrefix("portreeve: unknown option \"\(words[1])\""), "\(message)")
        #expect(message.firstMatch(of: #/: did you mean "(.*)"\?/#).map { String($0.1) } == option, "\(message)")
    }

    @Test(
        "What the parser refuses is told in the words of all messages",
        arguments: [
            ("probe", "<host> is missing"), ("diff a", "<new> is missing"), ("confirm x", "\"x\" is one word too many"),
            ("apply a b c", "2 words too many: \"b\", \"c\""),
            ("history --show", "--show needs a value: --show <number>"), ("status --foo", "unknown option \"--foo\""),
            (
                "sessions --direction inbound",
                "\"inbound\" is not a valid value for --direction: write in, out or forward"
            ),
            ("check --format foo", "\"foo\" is not a valid value for --format: write text, json, junit or sarif"),
        ])
    func parserMessages(line: String, expected: String) throws {
        let words = line.split(separator: " ").map(String.init)
        let error = try #require(throws: (any Error).self) { try Portreeve.parseAsRoot(words) }
        let message = Portreeve.printedMessage(for: error)
        #expect(message.hasPrefix("portreeve: \(expected)\n"), "\(message)")
    }

    @Test(
        "An option that is missing, or needless, is named with a command line that is right",
        arguments: [
            ("ban", "ban lacks the address, --for TIME and --why TEXT: \"portreeve ban ADDRESS --for 1h --why TEXT\""),
            ("ban 192.0.2.7 --for=2h", "ban lacks --why TEXT: \"portreeve ban 192.0.2.7 --for 2h --why TEXT\""),
            (
                "grant ssh p.yaml --from 192.0.2.7",
                "grant lacks --for TIME and --why TEXT: "
                    + "\"portreeve grant ssh p.yaml --from 192.0.2.7 --for 1h --why TEXT\""
            ),
            ("check -v", "unknown option \"-v\": did you mean \"--verbose\"?"),
            ("plan -f p.yaml --verbose", "the policy needs no option: \"portreeve plan p.yaml\""),
            ("apply --yes --policy", "the policy needs no option: \"portreeve apply --yes POLICY\""),
            ("plan --yes", "plan changes nothing: \"portreeve apply --confirm 2m\" makes the change"),
            ("apply --out x", "apply saves no plan: \"portreeve plan --out FILE\" does"),
            ("revoke", "revoke lacks the service: \"portreeve status\" lists the grants"),
            ("unban --yes", "unban lacks the address: \"portreeve status\" lists the bans"),
            ("plan --dry-run", "plan changes nothing, and has no --dry-run: \"portreeve plan\""),
        ])
    func missingOptions(line: String, expected: String) {
        #expect(CommandLineWords(line.split(separator: " ").map(String.init)).fault == expected)
    }

    @Test("A wrong address, port or format is answered by one that is right")
    func arguments() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        let time = ["--for", "1h", "--why", "x"]
        for (words, expected) in [
            (
                ["ban", "host"] + time,
                "\"host\" is not an address or a prefix; write one such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/48"
            ),
            (["grant", "web", path, "--from", "10.0.0.0/8"] + time, "such as 192.0.2.7 or 2001:db8::7"),
            (["explain", "10.0.0.1", "htp", path, "--policy"], "unknown port \"htp\", did you mean \"http\"?"),
            (
                ["explain", "10.0.0.1", "tcp", path, "--policy"],
                "\"tcp\" is a protocol: write a port with it, such as 22/tcp"
            ),
            (["explain", "10.0.0.1", "22/tpc", path, "--policy"], "unknown port \"22/tpc\", did you mean \"22/tcp\"?"),
            (["explain", "10.0.0.1", "tcp/22/x", path, "--policy"], "\"tcp/22/x\", did you mean \"22/tcp\"?"),
            (["explain", "10.0.0.1", "udp:53", path, "--policy"], "\"udp:53\", did you mean \"53/udp\"?"),
            (["explain", "10.0.0.1", "22tcp", path, "--policy"], "\"22tcp\", did you mean \"22/tcp\"?"),
            (["explain", "10.0.0.1", ":22", path, "--policy"], "\":22\", did you mean \"22/tcp\"?"),
            (["explain", "10.0.0.1", "ssh/udp", path, "--policy"], "\"ssh/udp\", did you mean \"22/udp\"?"),
            (
                ["explain", "10.0.0.1", "--protocol", "espp", path, "--policy"],
                "unknown protocol \"espp\", did you mean \"esp\"?"
            ),
            (["explain", "10.0.0.1", "s3", path, "--policy"], "unknown port \"s3\""),
            (["explain", "10.0.0.1", "tcp/", path, "--policy"], "write a port with it, such as 22/tcp"),
            (["explain", "10.0.0.1", "90-80/tcp", path, "--policy"], "\"90-80/tcp\" is more than one port"),
            (["explain", "10.0.0.1:22", "22", path, "--policy"], "two words, as in \"10.0.0.1 22\""),
            (["explain", "[2001:db8::7]:22", "22", path, "--policy"], "two words, as in \"2001:db8::7 22\""),
            (["explain", "10.0.0.1", "icmp", path, "--policy"], "icmp has no ports: write \"--protocol icmp\""),
            (["explain", "10.0.0.1", "80,443", path, "--policy"], "\"80,443\" is more than one port"),
            (["explain", "10.0.0.1", "65536", path, "--policy"], "\"65536\" is not a port: ports are 1 to 65535"),
            (["plan", path, "--format", "nagios"], "plan has no format \"nagios\"; write text or json"),
        ] {
            #expect(try terminal.run(words) == .usage)
            #expect(terminal.errors.contains(expected), "\(terminal.errors)")
        }
    }

    @Test("The help lists the formats of the command alone, its own options first and rare ones last")
    func help() throws {
        func help(_ name: String) throws -> String {
            let command = try #require(Portreeve.configuration.subcommands.first { $0._commandName == name })
            return Portreeve.helpMessage(for: command, columns: 200)
        }
        for (name, formats) in [
            ("plan", "text or json."), ("check", "text, json, junit or sarif."),
            ("verify", "text, json, nagios, prometheus, junit or sarif."), ("probe", "text, json or junit."),
            ("report", "html, json or csv."),
        ] {
            #expect(try help(name).contains("The format of results: \(formats)\n"), "\(name)")
        }
        let options = try help("apply").split(separator: "\n").filter { $0.hasPrefix("  -") }.compactMap {
            $0.firstMatch(of: #/--[a-z-]+/#).map { String($0.0) }
        }
        #expect(
            options == [
                "--yes", "--confirm", "--force", "--dry-run", "--verbose", "--cut-sessions", "--format", "--quiet",
                "--color", "--keep-lists", "--allow-insecure-permissions", "--netns", "--state-dir", "--boot",
                "--floor",
                "--version", "--help",
            ])
    }

    @Test("A format written as an option is named as it is written", arguments: ["--json", "--jsn", "--sarif"])
    func format(option: String) {
        let format = option == "--sarif" ? "sarif" : "json"
        #expect(
            CommandLineWords(["plan", option]).formatFault
                == "unknown option \"\(option)\": did you mean \"--format \(format)\"?")
        #expect(CommandLineWords(["plan", "--quite"]).formatFault == nil)
    }

    @Test(
        "What a newcomer types first is answered with the command",
        arguments: [
            ("stat", "did you mean \"status\"?"), ("expl", "did you mean \"explain\"?"),
            ("services", "\"portreeve status\" lists"), ("watch", "\"portreeve verify --watch\""),
            ("restore", "\"portreeve rollback\""), ("policy.yaml", "as in \"portreeve check policy.yaml\""),
            ("grant ssh --from 192.0.2.7 --for 400d --why x", "add the address to \"from\" of the service"),
            (
                "ban 192.0.2.7 --for 400d --why x",
                "--for 400d is too long, 366d at most: for good, add the address to \"deny\""
            ),
        ])
    func newcomer(line: String, advice: String) throws {
        let fault = try #require(CommandLineWords(line.split(separator: " ").map(String.init)).fault)
        #expect(fault.contains(advice), "\(fault)")
    }

    @Test("A beginning of several commands is not completed")
    func ambiguous() throws {
        #expect(try #require(CommandLineWords(["re"]).fault).hasPrefix("unknown command \"re\"\n"))
    }
}
