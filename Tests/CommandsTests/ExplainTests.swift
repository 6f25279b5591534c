import Addressing
import Commands
import Compiler
import Rulesets
import Listeners
import Testing

@Suite("portreeve explain")
struct ExplainTests {
    private func verdict(_ terminal: Terminal, _ arguments: [String]) throws -> (verdict: String?, reason: String?) {
        _ = try terminal.run(["explain"] + arguments + ["--format", "json"])
        let json = try terminal.json()
        return (json["verdict"] as? String, json["reason"] as? String)
    }

    @Test("Names the service, the source that is not allowed, and the undeclared port")
    func policy() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        #expect(
            try verdict(terminal, ["192.0.2.9", "443/tcp", path, "--policy"]) == (
                "accept", "service \"web\" lets it in"
            ))
        let closed = try verdict(terminal, ["192.0.2.9", "5432", path, "--policy"])
        #expect(closed == ("refuse", "service \"db\" is not open to this source"))
        let place = try #require(try terminal.json()["policy"] as? [String: Any])
        #expect(place["line"] as? Int == 9)
        let unknown = try verdict(terminal, ["2001:db8::1", "22/udp", path, "--policy"])
        #expect(unknown == ("refuse", "no service declares udp/22"))
        let line = try terminal.json()["change"] as? String
        #expect(line == "add a line to \"services\": \"NAME: {ports: 22/udp, from: '2001:db8::1', why: TEXT}\"")
        #expect(try terminal.run("explain", "192.0.2.9", "443/udp", path, "--policy") == .success)
        #expect(
            terminal.output.contains(
                "to let it in: add a line to \"services\": \"NAME: {ports: 443/udp, from: 192.0.2.9, why: TEXT}\"; service \"web\" has tcp/443\n"
            ),
            "\(terminal.output)")
    }

    @Test("Advises to change what keeps the source out: `except`, `nobody`, or other sources")
    func advice() throws {
        let terminal = try Terminal()
        let path = try terminal.write(
            """
            version: 1
            services:
              shop: {ports: 443, from: 10.0.0.0/8, except: 10.9.0.0/16, why: Shop}
              local: {ports: 9000, from: nobody, why: Local}

            """)
        func change(_ source: String, _ port: String) throws -> String? {
            _ = try verdict(terminal, [source, port, path, "--policy"])
            return try terminal.json()["change"] as? String
        }
        #expect(try change("10.9.0.1", "443") == "remove 10.9.0.1 from \"except\" of service \"shop\" (\(path):3)")
        #expect(try change("192.0.2.9", "443") == "add 192.0.2.9 to \"from\" of service \"shop\" (\(path):3)")
        #expect(
            try change("192.0.2.9", "9000")
                == "write 192.0.2.9 instead of \"nobody\" in \"from\" of service \"local\" (\(path):4)")
    }

    @Test("A client that is refused for its address alone can be granted access; the command is complete")
    func granting() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        _ = try terminal.run("apply", path, "--yes")
        #expect(try terminal.run("explain", "192.0.2.9", "5432", path) == .success)
        let command = "grant db --from 192.0.2.9 --for 1h --why TEXT \(path)"
        #expect(terminal.output.contains("\nfor a time: run \"portreeve \(command)\"\n"), "\(terminal.output)")
        #expect(try terminal.run(command.split(separator: " ").map(String.init)) == .success)
        #expect(try terminal.run("explain", "192.0.2.9", "5432", path) == .success)
        #expect(terminal.output.hasPrefix("accept: ") && !terminal.output.contains("for a time: run"))
        #expect(try terminal.run("explain", "192.0.2.9", "22", path) == .success)
        #expect(terminal.output.hasPrefix("refuse: ") && !terminal.output.contains("for a time: run"))
    }

    @Test("The answer about a connection of this host says on what it depends, and which option decides")
    func leaving() throws {
        let terminal = try Terminal()
        let path = try terminal.write(
            """
            version: 1
            defaults: {outbound: reject}
            services: {}
            outbound:
              db: {ports: 5432, to: 10.0.0.0/8, user: "0", why: x}
              web: {ports: 80, to: any, interfaces: eth0, why: x}

            """)
        #expect(try terminal.run("explain", "--out", "10.2.3.4", "5432", path, "--policy") == .success)
        #expect(
            terminal.output == """
                unknown: this host to 10.2.3.4 tcp/5432 by the policy: it depends on the user: \
                accept for user root; refuse for other users, the kernel: name one with --user

                """)
        #expect(try terminal.run("explain", "--out", "10.2.3.4", "80", path, "--policy") == .success)
        let answer = "it depends on the interface: accept for eth0; refuse for others: name one with --interface\n"
        #expect(terminal.output.hasSuffix(answer), "\(terminal.output)")
        #expect(try terminal.run("explain", "--out", "10.2.3.4", "22", path, "--policy", "--user", "0") == .success)
        #expect(terminal.output.hasPrefix("refuse: this host to 10.2.3.4 tcp/22 by the policy: no line of"))
        #expect(
            terminal.output.contains("\nto let it out: add {ports: 22/tcp, to: 10.2.3.4, user: "), "\(terminal.output)")
    }

    @Test("The advice names a test that forbids it, and a listener that would not hear it")
    func caveats() throws {
        let terminal = try Terminal()
        let path = try terminal.write(
            """
            version: 1
            services:
              ssh: {ports: 22, from: 10.0.0.0/8, why: Admin}
              db: {ports: 5432, from: 10.0.0.0/8, why: Database}
            tests:
              - {from: 192.0.2.0/24, to: 22, expect: deny}

            """)
        terminal.sockets.listeners = [
            Listener(
                transport: .tcp, address: .ipv4(0x7f00_0001), port: 5432, inode: 1,
                owners: .processes([SocketProcess(pid: 7, name: "postgres", executable: "/bin/postgres")]))
        ]
        #expect(try terminal.run("apply", path, "--yes") == .success)
        _ = try terminal.run("explain", "192.0.2.9", "22", path)
        #expect(
            terminal.output.contains(
                "(\(path):3); the test (\(path):6) expects \"deny\" and must also change\n"), "\(terminal.output)")
        _ = try terminal.run("explain", "198.51.100.9", "22", path)
        #expect(!terminal.output.contains("must change"))
        _ = try terminal.run("explain", "192.0.2.9", "5432", path)
        #expect(terminal.output.contains("\nlistens: on 127.0.0.1 (postgres) only: no other host can reach it\n"))
        #expect(terminal.output.contains("(\(path):4); the listener must also be bound to another address\n"))
        _ = try terminal.run("explain", "10.1.1.1", "5432", path)
        #expect(
            terminal.output.contains(
                "\nlistens: on 127.0.0.1 (postgres) only: allowed clients cannot connect; bind it to another address\n"
            ))
    }

    @Test("An echo request is decided by ping, in the family of the source")
    func ping() throws {
        let terminal = try Terminal()
        func answer(_ ping: String, _ source: String, _ name: String) throws -> (verdict: String?, reason: String?) {
            let path = try terminal.write(
                "version: 1\ndefaults: {\(ping)}\nsources: {lan: 192.0.2.0/24}\nservices: {}\n")
            return try verdict(terminal, [source, "--protocol", name, path, "--policy"])
        }
        let accepted = ("accept", "\"defaults.ping\" lets echo requests in")
        #expect(try answer("ping: accept", "192.0.2.9", "icmp") == accepted)
        #expect(try answer("ping: accept", "2001:db8::9", "icmpv6") == accepted)
        let reason = try answer("ping: 9/second", "192.0.2.9", "1").reason
        #expect(reason == "\"defaults.ping\" lets echo requests in, within its limit")
        #expect(try answer("ping: drop", "2001:db8::9", "58") == ("refuse", "\"defaults.ping\" drops echo requests"))
        let change = try terminal.json()["change"] as? String
        #expect(change == "write \"ping: accept\", or a rate, under \"defaults\"")
        let limited = "ping: {from: lan, rate: 9/second}"
        #expect(try answer(limited, "192.0.2.9", "icmp").verdict == "accept")
        #expect(
            try answer(limited, "198.51.100.9", "icmp") == (
                "refuse", "\"defaults.ping\" lets in echo requests of other sources only"
            ))
        let path = try terminal.write(web)
        #expect(try terminal.run("explain", "192.0.2.9", "--protocol", "icmpv6", path, "--policy") == .usage)
        #expect(terminal.errors == "portreeve: 192.0.2.9 is an IPv4 address: write --protocol icmp\n")
    }

    @Test("Reads the live ruleset, and names the table that overrides the policy")
    func foreign() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        _ = try terminal.run("apply", path, "--yes")
        terminal.store.others = [blocking]
        let refused = try verdict(terminal, ["192.0.2.9", "443/tcp", path])
        #expect(refused.verdict == "refuse")
        #expect(refused.reason == "another table refuses it: \"ip other in: tcp dport 443 drop\"")
        #expect(try terminal.run("verify", path, "--only", "ruleset") == .difference)
        #expect(terminal.output.contains("[foreign-override]"))
        #expect(try verdict(terminal, ["192.0.2.9", "443/tcp", path, "--policy"]).verdict == "accept")
        #expect(try verdict(terminal, ["2001:db8::9", "443/tcp", path]).verdict == "accept")
    }

    @Test("Names both tables where another one refuses what the policy refuses, too")
    func both() throws {
        let terminal = try Terminal()
        let path = try terminal.write("version: 1\nservices: {web: {ports: 443, from: 10.0.0.0/8, why: x}}\n")
        _ = try terminal.run("apply", path, "--yes")
        terminal.store.others = [blocking]
        #expect(
            try verdict(terminal, ["192.0.2.9", "443/tcp", path]) == (
                "refuse",
                "service \"web\" is not open to this source, and another table also refuses it: "
                    + "\"ip other in: tcp dport 443 drop\""
            ))
        let change = try terminal.json()["change"] as? String
        #expect(change?.hasPrefix("add 192.0.2.9 to ") == true)
        #expect(change?.hasSuffix(", and change the rule of table ip other") == true)
    }

    @Test("Says what holds today where the policy is not loaded")
    func today() throws {
        let terminal = try Terminal()
        let path = try terminal.write("version: 1\nservices: {web: {ports: 443, from: 10.0.0.0/8, why: x}}\n")
        _ = try verdict(terminal, ["192.0.2.9", "443/tcp", path])
        let today = try terminal.json()["today"] as? [String: Any]
        #expect(today?["verdict"] as? String == "accept")
        _ = try terminal.run("explain", "192.0.2.9", "443/tcp", path)
        #expect(
            terminal.output.hasPrefix(
                """
                accept: 192.0.2.9 to tcp/443 today, since the policy is not loaded: no rule refuses it: it passes no base chain
                once the policy is applied: refuse: service "web" is not open to this source

                """), "\(terminal.output)")
        #expect(terminal.output.contains("\ntrace by the policy:\n"), "\(terminal.output)")
        _ = try terminal.run("explain", "192.0.2.9", "443/tcp", path, "--policy")
        #expect(terminal.output.hasPrefix("refuse: 192.0.2.9 to tcp/443 by the policy: service"), "\(terminal.output)")
    }

    @Test("Says what goes out today where the policy is not loaded")
    func outToday() throws {
        let terminal = try Terminal()
        let path = try terminal.write("version: 1\ndefaults: {outbound: reject}\nservices: {}\n")
        _ = try terminal.run("explain", "--out", "192.0.2.9", "443/tcp", path)
        #expect(
            terminal.output.hasPrefix(
                """
                accept: this host to 192.0.2.9 tcp/443 today, since the policy is not loaded: no rule refuses it: it passes no base chain
                once the policy is applied: refuse: no line of "outbound" lets it out

                """), "\(terminal.output)")
        _ = try terminal.run("explain", "--out", "192.0.2.9", "443/tcp", path, "--format", "json")
        let today = try terminal.json()["today"] as? [String: Any]
        #expect(try terminal.json()["verdict"] as? String == "refuse" && today?["verdict"] as? String == "accept")
    }

    /// portreeve's table with other rules in a chain.
    private func change(_ chain: String, of terminal: Terminal, _ edit: ([Rule]) -> [Rule]) throws {
        let table = try #require(terminal.store.table)
        let chains = table.chains.map { old -> Chain in
            var new = old
            if old.name == chain { new.rules = edit(old.rules) }
            return new
        }
        terminal.store.put(
            Table(
                name: table.name, flags: table.flags, userdata: table.userdata, chains: chains, sets: table.sets,
                objects: table.objects))
    }

    @Test("A rule that is not in the policy is named, whether it lets in or refuses")
    func added() throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        _ = try terminal.run("apply", path, "--yes")
        try change("input", of: terminal) { [Rule([.verdict(.accept)])] + $0 }
        #expect(
            try verdict(terminal, ["192.0.2.67", "9999", path]) == (
                "accept",
                "a rule that is not in the policy lets it in: \"inet portreeve input: accept\"; "
                    + "\"portreeve apply \(path)\" removes it"
            ))
        try change("input", of: terminal) { [Rule([.verdict(.drop)])] + $0.dropFirst() }
        #expect(
            try verdict(terminal, ["192.0.2.67", "443", path]) == (
                "refuse", "a rule that is not in the policy refuses it: \"inet portreeve input: drop\""
            ))
        #expect(try terminal.json()["change"] as? String == "run \"portreeve apply \(path)\"")
        try change("input", of: terminal) { [Rule([.verdict(.accept)])] + $0.dropFirst() }
        _ = try terminal.write(web.replacing("5432", with: "5433"))
        _ = try terminal.run("explain", "192.0.2.67", "9999", path)
        #expect(
            terminal.output.contains("\"portreeve apply \(path)\" removes it, and loads the edited file\n"),
            "\(terminal.output)")
    }

    @Test("A missing rule is the cause, not the interface, nor a rule of portreeve's own")
    func missing() throws {
        let terminal = try Terminal()
        let text = "version: 1\nservices:\n  web: {ports: 80, from: any, why: Site}\n"
        let path = try terminal.write(text + "  vpn: {ports: 81, from: any, interfaces: \"wg*\", why: Site}\n")
        _ = try terminal.run("apply", path, "--yes")
        try change("service-web", of: terminal) { _ in [] }
        try change("service-vpn", of: terminal) { _ in [] }
        let reason = "the live table lacks the rule or the element of service \"web\" that lets it in"
        #expect(try verdict(terminal, ["192.0.2.1", "80", path]) == ("refuse", reason))
        #expect(
            try verdict(terminal, ["192.0.2.1", "81", path, "--interface", "wg0"]).reason
                == reason.replacing("web", with: "vpn"))
        #expect(
            try verdict(terminal, ["192.0.2.1", "81", path, "--interface", "eth0"]).reason
                == "service \"vpn\" is open on wg* only")
        // The file lost the service, so that apply would not open it.
        _ = try terminal.write("version: 1\nservices: {}\n")
        #expect(try verdict(terminal, ["192.0.2.1", "80", path]).reason == reason)
        #expect(
            try terminal.json()["change"] as? String
                == "undo the edit of the policy, then run \"portreeve apply \(path)\"")
    }

    /// A table of another program that closes a port.
    private var blocking: Table {
        let rule = Rule([
            .meta(.transportProtocol, into: .first), .compare(Comparison([6])),
            .payload(Payload(base: .transport, offset: 2, length: 2)), .compare(Comparison([1, 187])), .verdict(.drop),
        ])
        let base = BaseChain(type: "filter", hook: .input, priority: -5, policy: .accept)
        return Table(
            name: TableName(family: .ipv4, name: "other"), chains: [Chain(name: "in", base: base, rules: [rule])])
    }

    @Test("Where an entry of a list decides, the list and the line are named")
    func lists() throws {
        let terminal = try Terminal()
        let block = try terminal.write("# bad\n203.0.113.0/24\n", to: "block.txt")
        let feed = try terminal.write("192.0.2.1\n\n192.0.2.7 ; home\n", to: "feed.txt")
        let path = try terminal.write(
            """
            version: 1
            sources: {feed: {file: feed.txt}, block: {file: block.txt}, all: [feed, 10.0.0.0/8]}
            deny: [block]
            services:
              ssh: {ports: 22, from: all, why: x}
              web: {ports: 80, from: any, except: feed, why: x}
            """)
        for (words, place, change) in [
            ("192.0.2.7 22", "\(feed):3", nil), ("192.0.2.8 22", nil, "add 192.0.2.8 to \"from\""),
            ("10.1.2.3 22", nil, nil), ("192.0.2.1 80", "\(feed):1", "from \"except\" of service \"web\" (\(feed):1)"),
            ("203.0.113.9 80", "\(block):2", "from \"deny\" (\(block):2)"), ("192.0.2.8 80", nil, nil),
        ] as [(String, String?, String?)] {
            #expect(
                try terminal.run(["explain"] + words.split(separator: " ").map(String.init) + [path, "--policy"])
                    == .success)
            #expect(terminal.output.contains("\nlist: ") == (place != nil), "\(terminal.output)")
            if let place { #expect(terminal.output.contains("\nlist: \(place)\n"), "\(terminal.output)") }
            if let change { #expect(terminal.output.contains(change), "\(terminal.output)") }
        }
        _ = try terminal.run("explain", "192.0.2.7", "22", path, "--policy", "--format", "json")
        let list = try #require(try terminal.json()["list"] as? [String: Any])
        #expect(list["file"] as? String == feed && list["line"] as? Int == 3)
    }
}
