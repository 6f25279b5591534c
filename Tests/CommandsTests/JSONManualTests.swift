import Addressing
import Commands
import Foundation
import Listeners
import Rulesets
import Testing

@Suite("The manual of the JSON output")
struct JSONManualTests {
    private static let page: String = {
        let file = URL(filePath: #filePath).appending(path: "../../../man/portreeve-json.5").standardized
        return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    }()

    /// The words of the page.
    private static let words = Set(page.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init))

    @Test("Describes every command that prints JSON", arguments: ManualTests.commands)
    func command(name: String) throws {
        let headings = Self.page.split(separator: "\n").filter { $0.hasPrefix(".It Cm ") }
        #expect(name == "edit" || headings.contains { $0.split { " ,".contains($0) }.contains(Substring(name)) })
    }

    @Test("Names every key that a command prints")
    func keys() throws {
        let terminal = try Terminal()
        let process = SocketProcess(pid: 812, name: "java", executable: "/usr/bin/java", user: "root")
        terminal.sockets.listeners = [22, 8080].map {
            Listener(transport: .tcp, address: .ipv4(0), port: $0, inode: UInt64($0), owners: .processes([process]))
        }
        let path = try terminal.write(
            """
            version: 1
            sources: {office: [192.0.2.0/24]}
            accepted: [{finding: missing-listener, port: 443/tcp, why: Soon}]
            services:
              ssh: {ports: 22, from: office, limit: 10/minute, expires: 2027-12-31, why: Admin, owner: ops}
              web:
                {ports: 443, addresses: 192.0.2.10, why: x, allow: [{from: office}, {from: any, except: office}]}
            trusted: {lan: {interfaces: eth1, why: Storage}}
            """)
        let other = try terminal.write("version: 1\nservices: {}\n", to: "other.yaml")
        let grant = ["ssh", path, "--from", "198.51.100.7", "--for", "1h", "--why", "x"]
        var count = 0
        for line in [
            ["check", path], ["check", path + "-none"], ["show", path], ["diff", path, other], ["plan", path],
            ["apply", path, "--yes", "--confirm", "5m"], ["status", path], ["report", path, "--redact"], ["confirm"],
            ["grant"] + grant,
            ["ban", "198.51.100.9", "--for", "1h", "--why", "x", "--cut-sessions"], ["status", path], ["verify", path],
            ["verify", other], ["explain", "192.0.2.1", "22", path], ["explain", "192.0.2.1", "8080", other],
            ["unban", "198.51.100.9"], ["revoke", "ssh"], ["refresh"], ["apply", other, "--yes", "--cut-sessions"],
            ["history"], ["history", "--show", "1"], ["rollback", "--yes"], ["remove", "--dry-run"],
            ["remove", "--yes"],
            ["init", terminal.folder.path + "/first.yaml"],
        ] {
            _ = try terminal.run(line + ["--format", "json"])
            for key in Self.keys(try terminal.json()) {
                #expect(key == "format_version" || Self.words.contains(key), "\(key) of \(line)")
                count += 1
            }
        }
        #expect(count > 300)
    }

    @Test("Names every key of an import")
    func importKeys() throws {
        let terminal = try Terminal()
        let base = BaseChain(type: "filter", hook: .input, priority: 0, policy: .drop)
        terminal.store.others = [
            Table(
                name: TableName(family: .inet, name: "filter"), chains: [Chain(name: "input", base: base, rules: [])])
        ]
        _ = try terminal.run("import", "--format", "json")
        let keys = Self.keys(try terminal.json()).subtracting(["format_version"])
        #expect(keys.contains("differences") && keys.subtracting(Self.words).isEmpty, "\(keys)")
    }

    /// The keys of all objects in a value.
    private static func keys(_ value: Any) -> Set<String> {
        switch value {
        case let object as [String: Any]: object.reduce(into: Set(object.keys)) { $0.formUnion(keys($1.value)) }
        case let list as [Any]: list.reduce(into: []) { $0.formUnion(keys($1)) }
        default: []
        }
    }
}
