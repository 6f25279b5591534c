import Commands
import Rulesets
import Testing

@Suite("The screens of plan, history, diff and the watches")
struct PlanScreenTests {
    private let base = """
        version: 1
        sources:
          office: [198.51.100.0/24]
          bad: [203.0.113.0/24]
          feed: [192.0.2.0/24, 198.18.0.0/16]
        deny: [bad]
        services:
          ssh: {ports: 22, from: any, why: Admin}
          web: {ports: [80, 443], from: any, why: Web}

        """

    private func plan(_ old: String, _ new: String, _ words: String...) throws -> String {
        let terminal = try Terminal()
        terminal.forbidsColor = true
        _ = try terminal.run("apply", try terminal.write(old), "--yes")
        _ = try terminal.run(["plan", try terminal.write(new)] + words)
        return terminal.output
    }

    @Test(
        "Entries of deny are named by their groups, their rules need no line, and what is added or removed has a sign")
    func deny() throws {
        let wider = base.replacing("deny: [bad]", with: "deny: [bad, feed, 10.9.0.0/16]")
        let output = try plan(base, wider)
        #expect(
            output.hasPrefix("+ deny  from feed (192.0.2.0/24, 198.18.0.0/16), 10.9.0.0/16\n\n"), "\(output)")
        #expect(try plan(wider, base).hasPrefix("- deny  from feed (192.0.2.0/24, 198.18.0.0/16), 10.9.0.0/16\n\n"))
        #expect(try plan(base, wider, "--verbose").contains("\n+ element deny-ipv4  10.9.0.0/16\n"))
    }

    @Test("A long list that enters deny is cut, with the count of the rest")
    func longDeny() throws {
        let list = (1...9).map { "10.\($0).0.0/16" }.joined(separator: ", ")
        let output = try plan(base, base.replacing("deny: [bad]", with: "deny: [bad, \(list)]"))
        #expect(output.hasPrefix("+ deny  from 10.1.0.0-10.9.255.255\n"), "\(output)")
        let gaps = (1...9).map { "10.\(2 * $0).0.0/16" }.joined(separator: ", ")
        #expect(
            try plan(base, base.replacing("deny: [bad]", with: "deny: [bad, \(gaps)]"))
                .hasPrefix("+ deny  from 10.2.0.0/16, 10.4.0.0/16, 10.6.0.0/16 and 6 more\n"))
    }

    @Test(
        "A service whose sources change has them before and after, in the words of the policy",
        arguments: [
            ("web: {ports: [80, 443], from: any", "web: {ports: [80, 443], from: office", "from any -> office"),
            ("web: {ports: [80, 443], from: office", "web: {ports: [80, 443], from: any", "from office -> any"),
            (
                "web: {ports: [80, 443], from: [office, 10.0.0.1]", "web: {ports: [80, 443], from: office",
                "from office: - 10.0.0.1"
            ),
            (
                "web: {ports: [80, 443], from: any", "web: {ports: [80, 443], from: any, except: feed",
                "from any -> any but feed"
            ),
        ])
    func sources(old: String, new: String, line: String) throws {
        let any = "web: {ports: [80, 443], from: any"
        let output = try plan(base.replacing(any, with: old), base.replacing(any, with: new))
        #expect(output.hasPrefix("~ web  tcp/80, tcp/443  \(line)\n"), "\(output)")
    }

    @Test("Of a group whose addresses change, those that enter and leave it are shown")
    func group() throws {
        let groups = "office: [198.51.100.0/24]"
        let new = base.replacing(groups, with: "office: [198.51.100.0/25, 203.0.113.7, \"2001:db8::/32\"]")
        try #require(new != base)
        let old = base.replacing("443], from: any", with: "443], from: office")
        let output = try plan(old, new.replacing("443], from: any", with: "443], from: office"))
        let change = "from office: + 203.0.113.7, 2001:db8::/32, - 198.51.100.128/25"
        #expect(output.hasPrefix("~ web  tcp/80, tcp/443  \(change)\n"), "\(output)")
    }

    @Test("A terminal gets the next step; a pipe, a plan in sync and a lockout do not")
    func nextStep() throws {
        let terminal = try Terminal()
        terminal.forbidsColor = true
        let path = try terminal.write(base)
        _ = try terminal.run("plan", path)
        #expect(!terminal.output.contains("makes it so"))
        terminal.outputColumns = 500
        _ = try terminal.run("plan", path)
        let line = "\n\"portreeve apply --confirm 2m \(path)\" makes it so\n"
        #expect(terminal.output.hasSuffix(line), "\(terminal.output)")
        _ = try terminal.run("apply", path, "--yes")
        _ = try terminal.run("plan", path)
        #expect(terminal.output == "in sync: nothing to do\n")
    }

    @Test("Of long lists only the part that differs is shown")
    func longSources() throws {
        func policy(_ count: Int) -> String {
            let list = (1...count).map { "10.\(2 * $0).0.0/16" }.joined(separator: ", ")
            return base.replacing("[80, 443], from: any", with: "[80, 443], from: [\(list)]")
        }
        let output = try plan(policy(9), policy(10))
        #expect(output.hasPrefix("~ web  tcp/80, tcp/443  from + 10.20.0.0/16\n"), "\(output)")
    }

    @Test(
        "Of why, owner and ticket, which change no rule, the changed ones are named in one line",
        arguments: [
            ("why: Admin", "why: Admin, owner: ops@example.org", "owner none -> \"ops@example.org\""),
            ("why: Admin, owner: a, ticket: T-1", "why: Admin, owner: b, ticket: T-1", "owner \"a\" -> \"b\""),
            ("why: Admin, ticket: T-1", "why: Admin", "remark \"T-1\" -> none"),
            ("why: Admin, owner: a", "why: Admin of all, owner: a", "why \"Admin\" -> \"Admin of all\""),
            ("why: Admin of all, owner: a", "why: Admin, owner: a", "why \"Admin of all\" -> \"Admin\""),
            ("why: Admin, owner: a", "why: Guests, owner: b", "why, owner \"Admin; a\" -> \"Guests; b\""),
            (
                "why: Admin, owner: a",
                "why: \(String(repeating: "long ", count: 22))end, owner: b",
                "why, owner \"Admin; a\" -> \"\(String(repeating: "long ", count: 22))end; b\""
            ),
        ])
    func remarks(old: String, new: String, text: String) throws {
        let output = try plan(base.replacing("why: Admin", with: old), base.replacing("why: Admin", with: new))
        #expect(output.hasPrefix("~ ssh  tcp/22  only a remark: \(text)\n"), "\(output)")
    }

    @Test("A group without an address is nobody: no service is told by it that does not have it")
    func emptyGroup() throws {
        let terminal = try Terminal()
        let before =
            "version: 1\nservices:\n  http: {ports: 80, from: 192.0.2.0/24, why: x}\n  ssh: {ports: 22, from: any, limit: 9/minute, why: y}\n"
        let after =
            "version: 1\nsources: {partner: {names: [partner.invalid]}, old: [10.0.0.0/24]}\nservices:\n"
            + "  http: {ports: 80, from: any, why: x}\n  ssh: {ports: 22, from: partner, why: y}\n"
        #expect(try terminal.run("apply", try terminal.write(before), "--yes") == .success)
        #expect(try terminal.run("plan", try terminal.write(after, to: "after.yaml")) == .success)
        #expect(
            terminal.output.hasPrefix(
                "~ http  tcp/80  from 192.0.2.0/24 -> any\n~ ssh   tcp/22  from any -> partner (no address)\n"),
            "\(terminal.output)")
        let other = before.replacing("from: any", with: "from: 10.20.1.0/24")
        #expect(try terminal.run("apply", try terminal.write(other), "--yes") == .success)
        #expect(try terminal.run("plan", try terminal.write(after, to: "after.yaml")) == .success)
        #expect(
            terminal.output.contains("~ ssh   tcp/22  from 10.20.1.0/24 -> partner (no address)\n"),
            "\(terminal.output)")
    }

    @Test("A remark that is cut in the kernel is not taken for another one")
    func cutRemark() throws {
        let why = String(repeating: "long ", count: 23) + "end"
        let old = base.replacing("why: Admin", with: "why: \(why), owner: operations@example.org")
        let output = try plan(old, old.replacing("22,", with: "2222,"))
        #expect(output.hasPrefix("~ ssh  tcp/2222  ports were tcp/22\n"), "\(output)")
        #expect(
            try plan(old, old.replacing("\(why),", with: "\(why)!,")).contains(
                "  only a remark: why \"\(why)\" -> \"\(why)!\"\n"))
    }

    @Test("A service that is removed has its sources in the words of the policy")
    func removal() throws {
        let web = "  web: {ports: [80, 443], from: office, why: Web}\n"
        let old = base.replacing("  web: {ports: [80, 443], from: any, why: Web}\n", with: web)
        #expect(try plan(old, old.replacing(web, with: "")).hasPrefix("- web  tcp/80, tcp/443  from office  Web\n"))
    }

    @Test("Rules that only move are counted, and listed with --verbose")
    func moved() throws {
        let terminal = try Terminal()
        terminal.forbidsColor = true
        let path = try terminal.write(base)
        _ = try terminal.run("apply", path, "--yes")
        let table = try #require(terminal.store.table)
        let chains = table.chains.map { chain in
            var changed = chain
            if chain.name == "input" { changed.rules.append(changed.rules.removeFirst()) }
            return changed
        }
        terminal.store.put(Table(name: table.name, userdata: table.userdata, chains: chains, sets: table.sets))
        _ = try terminal.run("plan", path)
        #expect(terminal.output.contains("\n~ chain input  1 rule moves\n"), "\(terminal.output)")
        #expect(!terminal.output.contains("- rule") && !terminal.output.contains("+ rule"))
        _ = try terminal.run("plan", path, "--verbose")
        #expect(terminal.output.contains("\n~ rule input  moved: "), "\(terminal.output)")
    }

    @Test("The summary names the lines of outbound that change")
    func outbound() throws {
        let old = """
            version: 1
            defaults: {outbound: reject}
            services: {}
            outbound:
              apt: {ports: [80, 443], to: any, why: Updates}
              dns: {ports: 53/udp, to: [192.0.2.53, 192.0.2.54], why: Names}

            """
        let more = "  ntp: {ports: 123/udp, to: any, why: Time}\n"
        let new = old.replacing(", 192.0.2.54", with: "").replacing("[80, 443]", with: "443") + more
        let output = try plan(old, new)
        #expect(output.contains("; outbound: ntp to add, apt, dns to change; "), "\(output)")
        #expect(output.contains("~ outbound dns  udp/53   to 192.0.2.53-192.0.2.54 -> 192.0.2.53\n"), "\(output)")
    }

    @Test("diff names the service whose limit alone changes")
    func limit() throws {
        let terminal = try Terminal()
        let old = try terminal.write(base)
        let text = base.replacing("22, from: any", with: "22, from: any, limit: 5/minute")
        _ = try terminal.run("diff", old, try terminal.write(text, to: "new.yaml"))
        #expect(terminal.output == "~ tcp/22 (ssh)  limit none -> 5/minute\n", "\(terminal.output)")
    }

    @Test("history says who undid a change, and by which change a ban ended")
    func history() throws {
        let terminal = try Terminal()
        let path = try terminal.write(base)
        _ = try terminal.run("apply", path, "--yes")
        _ = try terminal.run("ban", "10.0.0.9", "--for", "1h", "--why", "scans")
        _ = try terminal.run("unban", "10.0.0.9")
        _ = try terminal.run(
            "apply", try terminal.write(base.replacing("22", with: "2222")), "--yes", "--confirm", "2m")
        _ = try terminal.run("rollback", "--yes")
        _ = try terminal.run("history")
        #expect(terminal.output.contains("  undone by alice as root from 198.51.100.7  "), "\(terminal.output)")
        #expect(terminal.output.contains("  banned, unbanned by change 3  "), "\(terminal.output)")
        _ = try terminal.run("history", "--format", "json")
        let changes = try #require(try terminal.json()["changes"] as? [[String: Any]])
        #expect(changes.first?["undone_by"] as? String == "alice as root from 198.51.100.7")
        #expect(changes.first { $0["change"] as? Int == 2 }?["ended_by"] as? Int == 3)
    }

    @Test("A ban without a table is not in force")
    func unloaded() throws {
        let terminal = try Terminal()
        let path = try terminal.write(base)
        _ = try terminal.run("apply", path, "--yes")
        _ = try terminal.run("ban", "10.0.0.9", "--for", "1h", "--why", "scans")
        _ = try terminal.run("status", path)
        #expect(terminal.output.contains("ban: 10.0.0.9, ") && !terminal.output.contains("[not in force]"))
        terminal.store.put(nil)
        _ = try terminal.run("status", path)
        #expect(terminal.output.contains(") [not in force]\n"), "\(terminal.output)")
    }
}
