import Addressing
import Commands
import Foundation
import FoundationXML
import Listeners
import Testing

@Suite("verify and check, for CI systems")
struct CIReportTests {
    private let policy = """
        version: 1
        accepted:
          - {finding: undeclared-listener, port: 9090/tcp, why: "known <& meant>", owner: ops@example.org}
        services:
          ssh: {ports: 22/tcp, from: any, process: sshd, optional: true, why: Admin}
          web: {ports: 80/tcp, from: any, why: Site}

        """

    private func listener(_ port: UInt16, _ name: String) -> Listener {
        Listener(
            transport: .tcp, address: .ipv6(0), port: port, isDualStack: true, inode: UInt64(port),
            owners: .processes([SocketProcess(pid: 7, name: name, executable: "/opt/\(name)", user: "root")]))
    }

    /// A host with an error, warnings about two services and about none, and an accepted finding.
    private func untidy() throws -> (Terminal, String) {
        let terminal = try Terminal()
        let path = try terminal.write(policy, to: "a policy.yaml")
        _ = try terminal.run("apply", path, "--yes")
        terminal.sockets.listeners = [
            listener(22, "back\u{7}\"<door>&"), listener(9090, "known"), listener(8080, "other"),
        ]
        return (terminal, path)
    }

    @Test("SARIF: rules with sentences, results with levels, lines, reasons and lasting fingerprints")
    func sarif() throws {
        let (terminal, path) = try untidy()
        #expect(try terminal.run("verify", path, "--format", "sarif") == .difference)
        let results = try sarifResults(terminal)
        let wrong = try #require(results["wrong-process"])
        #expect(wrong["level"] as? String == "error")
        #expect(try line(wrong) == 5)
        #expect(try uri(wrong) == "file://\(path.replacingOccurrences(of: " ", with: "%20"))")
        #expect(results["missing-listener"]?["level"] as? String == "warning")
        #expect(results.values.allSatisfy { ($0["partialFingerprints"] as? [String: String])?.count == 1 })
        let accepted = try allResults(terminal).filter { $0["suppressions"] != nil }
        #expect(accepted.map { $0["level"] as? String } == ["note"])
        let reason = (accepted.first?["suppressions"] as? [[String: String]])?.first
        #expect(reason == ["kind": "inSource", "justification": "known <& meant>; ops@example.org"])
    }

    @Test("SARIF of a failed run says why, and is no empty success")
    func failedSARIF() throws {
        let terminal = try Terminal()
        #expect(try terminal.run("verify", "/nowhere.yaml", "--format", "sarif") == .failure)
        let run = try run(terminal)
        let invocation = try #require((run["invocations"] as? [[String: Any]])?.first)
        #expect(invocation["executionSuccessful"] as? Bool == false)
        let said =
            (invocation["toolExecutionNotifications"] as? [[String: Any]])?.first?["message"] as? [String: String]
        #expect(said?["text"]?.hasPrefix("there is no policy /nowhere.yaml") == true)
    }

    @Test("SARIF of check has the line and the column of each diagnostic, relative to where CI runs")
    func checkSARIF() throws {
        let terminal = try Terminal()
        let path = try terminal.write("version: 1\nservices:\n  ssh: {ports: 22/tcp, form: any, expires: never}\n")
        #expect(try terminal.run("check", path, "--format", "sarif") == .invalidPolicy)
        let found = try allResults(terminal)
        #expect(found.allSatisfy { $0["ruleId"] as? String == "invalid-policy" && $0["level"] as? String == "error" })
        let first = try #require(found.first)
        #expect(try line(first) == 3)
        #expect(try region(first)["startColumn"] as? Int == 24)
        #expect(try region(try #require(found.last))["startColumn"] as? Int == 44)
        #expect(try terminal.run("check", "no where:1.yaml", "--format", "sarif") == .failure)
        #expect(try !allResults(terminal).isEmpty)
    }

    @Test("JUnit: a case for each kind of finding and service; errors and warnings fail, notices do not")
    func junit() throws {
        let (terminal, path) = try untidy()
        #expect(try terminal.run("verify", path, "--format", "junit") == .difference)
        let suite = try Suite(terminal.output)
        let failed = suite.cases.filter { $0.failure != nil }.map { "\($0.group)/\($0.name)" }
        #expect(
            Set(failed) == [
                "portreeve.wrong-process/ssh", "portreeve.missing-listener/web", "portreeve.undeclared-listener/host",
            ])
        #expect(suite.attributes["failures"] == "\(failed.count)")
        #expect(suite.attributes["tests"] == "\(suite.cases.count)")
        #expect(suite.attributes["timestamp"] == "2027-01-15T08:00:00")
        let wrong = try #require(suite.cases.first { $0.group == "portreeve.wrong-process" })
        #expect(wrong.failure?.contains("back\\x07\"<door>&") == true)
        #expect(suite.cases.contains { $0.group == "portreeve.ruleset-drift" && $0.failure == nil })
        #expect(suite.notes.contains("known <& meant>"))
    }

    @Test("JUnit of a failed run has a case that could not be run, and check fails on warnings if it is strict")
    func otherJUnit() throws {
        let terminal = try Terminal()
        #expect(try terminal.run("verify", "/nowhere.yaml", "--format", "junit") == .failure)
        #expect(try Suite(terminal.output).attributes["errors"] == "1")
        let path = try terminal.write("version: 1\nservices:\n  ssh: {ports: 22/tcp, from: any}\n")
        let lint = try terminal.write("version: 1\nsources:\n  unused: 192.0.2.1\nservices: {}\n", to: "lint.yaml")
        #expect(try terminal.run("check", path, "--format", "junit") == .success)
        #expect(try Suite(terminal.output).attributes["failures"] == "0")
        #expect(try terminal.run("check", lint, "--format", "junit") == .success)
        #expect(try Suite(terminal.output).attributes["failures"] == "0")
        #expect(try terminal.run("check", lint, "--strict", "--format", "junit") == .invalidPolicy)
        #expect(try Suite(terminal.output).attributes["failures"] == "1")
        #expect(try terminal.run("plan", path, "--format", "junit") == .usage)
    }
}

/// The members that a log of SARIF 2.1.0 must have, and the references in it.
private func run(_ terminal: Terminal) throws -> [String: Any] {
    let log = try terminal.json()
    #expect(log["version"] as? String == "2.1.0")
    let run = try #require((log["runs"] as? [[String: Any]])?.first)
    let driver = try #require((run["tool"] as? [String: Any])?["driver"] as? [String: Any])
    #expect(driver["name"] as? String == "portreeve")
    let rules = try #require(driver["rules"] as? [[String: Any]])
    let ids = rules.compactMap { $0["id"] as? String }
    #expect(Set(ids).count == rules.count)
    for rule in rules { #expect((rule["shortDescription"] as? [String: String])?["text"]?.hasSuffix(".") == true) }
    for result in try #require(run["results"] as? [[String: Any]]) {
        let index = try #require(result["ruleIndex"] as? Int)
        #expect(ids[index] == result["ruleId"] as? String)
        #expect(["error", "warning", "note"].contains(result["level"] as? String))
        #expect((result["message"] as? [String: String])?["text"]?.isEmpty == false)
    }
    return run
}

private func allResults(_ terminal: Terminal) throws -> [[String: Any]] {
    try #require(try run(terminal)["results"] as? [[String: Any]])
}

/// The first result of each rule that is not accepted.
private func sarifResults(_ terminal: Terminal) throws -> [String: [String: Any]] {
    let results = try allResults(terminal).filter { $0["suppressions"] == nil }
    return Dictionary(results.map { ($0["ruleId"] as? String ?? "", $0) }) { first, _ in first }
}

private func place(_ result: [String: Any]) throws -> [String: Any] {
    let location = try #require((result["locations"] as? [[String: Any]])?.first)
    return try #require(location["physicalLocation"] as? [String: Any])
}

private func uri(_ result: [String: Any]) throws -> String? {
    (try place(result)["artifactLocation"] as? [String: String])?["uri"]
}

private func region(_ result: [String: Any]) throws -> [String: Any] {
    try #require(try place(result)["region"] as? [String: Any])
}

private func line(_ result: [String: Any]) throws -> Int? { try region(result)["startLine"] as? Int }

/// A suite of test cases, read by a parser of XML.
private final class Suite: NSObject, XMLParserDelegate {
    struct Case {
        var group = "", name = ""
        var failure: String?
    }

    private(set) var attributes: [String: String] = [:]
    private(set) var cases: [Case] = []
    private(set) var notes = ""
    private var elements: [String] = []

    init(_ text: String) throws {
        super.init()
        let parser = XMLParser(data: Data(text.utf8))
        parser.delegate = self
        let isXML = parser.parse()
        try #require(isXML, "\(String(describing: parser.parserError)): \(text)")
        #expect(elements == ["properties", "system-out", "system-err"], "the order that Ant's schema wants")
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String] = [:]
    ) {
        switch name {
        case "testsuite": self.attributes = attributes
        case "testcase":
            #expect(attributes["time"] != nil && elements == ["properties"])
            cases.append(Case(group: attributes["classname"] ?? "", name: attributes["name"] ?? ""))
        case "failure", "error":
            #expect(attributes["type"] != nil && attributes["message"] != nil)
            cases[cases.count - 1].failure = ""
        default: elements.append(name)
        }
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
        if elements.last == "system-out" {
            notes += text
        } else {
            cases.last?.failure.map { cases[cases.count - 1].failure = $0 + text }
        }
    }
}
