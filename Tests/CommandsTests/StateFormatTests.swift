import Foundation
import Rulesets
import System
import Testing

@testable import Commands

@Suite("State on disk is read in every format of earlier versions")
struct StateFormatTests {
    private let terminal: Terminal
    private let state: URL

    init() throws {
        terminal = try Terminal()
        state = terminal.folder.appending(path: "state")
        terminal.uptime = 1000
    }

    /// Installs a sample of the state, on a host that runs on since: the pending change has an hour left.
    private func keep(format: Int) throws {
        let kept = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "State/format-\(format)")
        try FileManager.default.copyItem(at: kept, to: state)
        let document = try StateDocument(Array(Data(contentsOf: state.appending(path: "pending"))), kind: "pending")
        terminal.boot = try #require(document.text("boot"))
        terminal.namespace = try #require(document.number("namespace"))
        terminal.uptime = try #require(document.number("deadline")) - 3_600_000
    }

    @Test("History, tables, grants and the pending change of each format are read", arguments: [1, 2])
    func reading(format: Int) throws {
        try keep(format: format)
        #expect(
            try String(contentsOf: state.appending(path: "pending"), encoding: .isoLatin1)
                .hasPrefix("portreeve pending \(format) "))
        #expect(try terminal.run("history", "--format", "json") == .success)
        let changes = try #require(try terminal.json()["changes"] as? [[String: Any]])
        #expect(changes.map { $0["kind"] as? String } == ["apply", "grant", "rollback", "apply", "apply"])
        #expect(
            changes.map { $0["outcome"] as? String } == ["prepared", "recorded", "confirmed", "confirmed", "confirmed"])
        #expect(try terminal.run("apply", try terminal.write(web), "--yes") == .refused)
        let start = "portreeve: nothing was changed: change 5 is not confirmed and will be undone in 1h"
        #expect(terminal.errors.hasPrefix(start))
        #expect(try terminal.run("rollback", "--yes") == .success)
        #expect(terminal.store.table?.chain("service-ssh") != nil)
        #expect(try terminal.run("rollback", "2", "--yes") == .success)
        let file = try String(contentsOf: state.appending(path: "change-6.confirmed"), encoding: .isoLatin1)
        #expect(file.hasPrefix("portreeve change 2 "))
    }

    @Test("A boot loads the change that an earlier version confirmed", arguments: [1, 2])
    func boot(format: Int) throws {
        try keep(format: format)
        terminal.boot = "the next one"
        #expect(try terminal.run("apply", "--boot") == .success)
        #expect(terminal.output.hasPrefix("loaded change 3 of "))
        #expect(terminal.store.table?.chain("service-ssh") != nil)
    }

    @Test("A file of a later version is reported, and not used")
    func newer() throws {
        try keep(format: 2)
        for name in ["pending", "grants", "change-3.confirmed"] {
            let file = state.appending(path: name)
            var bytes = try Data(contentsOf: file)
            let kind = String(name.prefix { $0.isLetter })
            let format = "portreeve \(kind) ".utf8.count
            bytes[format] = UInt8(ascii: "3")
            try bytes.write(to: file)
        }
        let sentence = "was written by a later version of portreeve (format 3), and is not used"
        #expect(try terminal.run("apply", try terminal.write(web), "--yes") == .failure)
        #expect(terminal.errors == "portreeve: \(state.path)/pending \(sentence): upgrade portreeve\n")
        #expect(terminal.store.table == nil)
        try FileManager.default.removeItem(at: state.appending(path: "pending"))
        #expect(try terminal.run("history", "--show", "3") == .success)
        #expect(terminal.output == "\(state.path)/change-3.confirmed \(sentence)\n")
        #expect(try terminal.run("apply", "--boot") == .failure)
        #expect(terminal.errors.contains("\(state.path)/change-3.confirmed \(sentence); loaded the floor instead"))
    }
}
