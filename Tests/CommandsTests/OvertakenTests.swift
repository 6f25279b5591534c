import Commands
import Foundation
import Rulesets
import Testing

@Suite("A change that another program's commit overtakes")
struct OvertakenTests {
    private func applied(
        _ options: String..., interferences: Int, _ interference: @escaping (MemoryStore) -> Void
    ) throws -> (Commands.ExitStatus, Terminal) {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        (terminal.store.interference, terminal.store.interferences) = (interference, interferences - 1)
        let status = try terminal.run(["apply", path] + options)
        return (status, terminal)
    }

    @Test("Commits to other tables do not stop it, and it is asked and shown once", arguments: [1, 5])
    func elsewhere(count: Int) throws {
        let (status, terminal) = try applied("--yes", interferences: count) { $0.commitElsewhere() }
        #expect(status == .success)
        #expect(terminal.store.commits == count + 1)
        #expect(terminal.output.components(separatedBy: "services: 2 to add").count == 2)
        #expect(terminal.output.hasSuffix("applied and read back: generation \(count + 1) -> \(count + 2)\n"))
        #expect(try terminal.run("history", "--format", "json") == .success)
        let changes = try #require(try terminal.json()["changes"] as? [[String: Any]])
        #expect(changes.map { $0["outcome"] as? String } == ["confirmed"])
        #expect(changes.first?["generation"] as? Int == count + 2)
    }

    @Test("After too many commits it gives up, and nothing was changed")
    func tooMany() throws {
        let (status, terminal) = try applied("--yes", "--quiet", interferences: 6) { $0.commitElsewhere() }
        #expect(status == .changedUnderneath)
        #expect(terminal.store.table == nil && terminal.store.commits == 6)
    }

    @Test("A commit to portreeve's own table stops it")
    func own() throws {
        let (status, terminal) = try applied("--yes", "--quiet", interferences: 1) {
            $0.put(Table(name: TableName(family: .inet, name: "portreeve")))
        }
        #expect(status == .changedUnderneath)
        #expect(terminal.store.table?.chains.isEmpty == true)
    }

    @Test("Another answer stops it, whether the plan is shown or not", arguments: [["--yes"], ["--yes", "--quiet"]])
    func otherAnswer(options: [String]) throws {
        let terminal = try Terminal()
        let path = try terminal.write(web)
        terminal.store.interference = { store in
            let base = BaseChain(type: "filter", hook: .input, priority: -1, policy: .accept)
            store.others = [
                Table(
                    name: TableName(family: .inet, name: "jail"),
                    chains: [Chain(name: "watch", base: base, rules: [Rule([.verdict(.drop)])])])
            ]
            store.commitElsewhere()
        }
        #expect(try terminal.run(["apply", path] + options) == .changedUnderneath)
        #expect(terminal.store.table == nil)
    }
}
