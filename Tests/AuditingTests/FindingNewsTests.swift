import Addressing
import Auditing
import Listeners
import Policies
import Testing

@Suite("News of findings")
struct FindingNewsTests {
    /// The findings of the second run that are news.
    private func news(_ first: [Finding], _ second: [Finding]) throws -> [Finding] {
        let record = try #require(FindingRecord(FindingRecord(first).file))
        return record.news(in: second).appeared
    }

    private func listener(
        _ severity: Finding.Severity, _ message: String = "", pid: Int32 = 7, at address: String = "0.0.0.0"
    ) throws -> Finding {
        Finding(
            .undeclaredListener, severity, message, port: try AuditedPort(.tcp, 8080, at: address),
            process: SocketProcess("/usr/bin/x|y", pid: pid))
    }

    @Test("Neither message nor pid is news; another address is")
    func identity() throws {
        let first = try listener(.warning, "one\ttwo\n")
        #expect(try news([first], [try listener(.warning, "other", pid: 8)]).isEmpty)
        #expect(try news([first], [try listener(.warning, at: "192.0.2.1")]).count == 1)
    }

    @Test("A severity that rises is news, one that falls is not, and neither is gone")
    func severity() throws {
        let (shielded, reachable) = (try listener(.warning), try listener(.error))
        #expect(try news([shielded], [reachable]) == [reachable])
        #expect(try news([reachable], [shielded]).isEmpty)
        #expect(FindingRecord([shielded]).news(in: [reachable]).gone.isEmpty)
        #expect(FindingRecord([reachable]).news(in: [shielded]).isEmpty)
        #expect(FindingRecord([reachable, shielded]).news(in: [reachable]).isEmpty)
    }

    private func drift(_ details: Finding.Details) -> Finding {
        var finding = Finding(.rulesetDrift, .error, "", table: "inet portreeve", chain: "input", set: "services")
        finding.details = details
        return finding
    }

    @Test("A second element and a second rule of one object are news")
    func injections() throws {
        let first = drift(.init(element: "tcp . 1", rule: nil))
        for second in [Finding.Details(element: "tcp . 2"), .init(rule: "accept"), .init(aspect: "flags")] {
            #expect(try news([first], [first, drift(second)]) == [drift(second)])
        }
    }

    @Test("Parts with separators do not make two findings the same")
    func separators() throws {
        let pairs: [(Finding.Details, Finding.Details)] = [
            (.init(element: "a|b"), .init(element: "a", rule: "b")), (.init(element: "a%7c;b"), .init(element: "a|b")),
            (.init(element: "a\nb"), .init(element: "a b")),
        ]
        for (first, second) in pairs { #expect(try news([drift(first)], [drift(second)]).count == 1) }
    }

    @Test("A ban is no news when it comes and when it goes; more than bans is")
    func bans() throws {
        var ban = Finding(.foreignOverride, .warning, "drops", table: "inet f2b", chain: "watch")
        ban.details = .init(aspect: "drops", isBan: true)
        var wide = ban
        wide.details.isBan = false
        #expect(FindingRecord([]).news(in: [ban]).isEmpty && FindingRecord([ban]).news(in: []).isEmpty)
        #expect(FindingRecord([ban]).news(in: [wide]).appeared == [wide])
    }

    @Test("A port that the kernel chose is no part of a client's identity")
    func clients() throws {
        func client(_ port: UInt16) throws -> Finding {
            var finding = Finding(
                .undeclaredListener, .notice, "", port: try AuditedPort(.udp, port, at: "0.0.0.0"),
                process: SocketProcess("/usr/sbin/named"))
            finding.details.hasChosenPort = true
            return finding
        }
        #expect(try news([try client(40000)], [try client(50000)]).isEmpty)
    }

    @Test("A file of the format before is read: what it knew is no news, a higher severity and new drift are")
    func older() throws {
        let file = """
            portreeve findings 1
            foreign-override|warning|tcp/22|ssh|inet f2b|watch||||||drops, for example from 192.0.2.1\twarning: drops
            ruleset-drift|error|||inet portreeve||services|||||map "services" has 1\terror: map
            undeclared-listener|warning|tcp/8080|||||/usr/bin/nc|||root|\twarning: nc

            """
        let record = try #require(FindingRecord(file))
        let override = Finding(
            .foreignOverride, .warning, "drops, for example from 192.0.2.2", service: "ssh",
            port: AuditedPort(.tcp, 22...22), table: "inet f2b", chain: "watch")
        func element(_ text: String) -> Finding {
            var finding = Finding(
                .rulesetDrift, .error, "map \"services\" has \(text)", table: "inet portreeve", set: "services")
            finding.details.element = text
            return finding
        }
        func netcat(_ severity: Finding.Severity) throws -> Finding {
            Finding(
                .undeclaredListener, severity, "", port: try AuditedPort(.tcp, 8080, at: "0.0.0.0"),
                process: SocketProcess("/usr/bin/nc"))
        }
        #expect(record.news(in: [override, element("1"), try netcat(.warning)]).isEmpty)
        let news = record.news(in: [element("1"), element("2"), try netcat(.error)])
        #expect(news.appeared == [element("2"), try netcat(.error)])
        #expect(news.gone == ["warning: drops"])
    }
}
