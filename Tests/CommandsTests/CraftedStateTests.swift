import Commands
import Foundation
import System
import TestSupport
import Testing

@Suite("State and plan files that were crafted are an error with a message, or harmless")
struct CraftedStateTests {
    private let terminal: Terminal
    private let state: URL
    private let policy: String

    init() throws {
        terminal = try Terminal()
        state = terminal.folder.appending(path: "state")
        policy = try terminal.write(
            web.replacing("ticket: OPS-9", with: "limit: 3/minute\n    connections: 9\n    interfaces: eth0"))
        _ = try terminal.run("apply", policy, "--yes")
        _ = try terminal.run("grant", "db", policy, "--from", "192.0.2.9", "--for", "1h", "--why", "x")
        _ = try terminal.run("plan", policy, "--out", plan)
        _ = try terminal.run("apply", try terminal.write(web), "--yes", "--confirm", "1h")
    }

    private var plan: String { terminal.folder.appending(path: "change.plan").path }

    /// The files with a checksum, each with its kind.
    private func files() throws -> [(file: URL, kind: String)] {
        let names = try FileManager.default.contentsOfDirectory(atPath: state.path).filter { !$0.contains("lock") }
        let all = names.sorted().map { state.appending(path: $0) } + [URL(filePath: plan)]
        return try all.map { file in
            let head = String(decoding: try Data(contentsOf: file).prefix { $0 != 0x0a }, as: UTF8.self)
            return (file, String(head.split(separator: " ")[1]))
        }
    }

    private static let values: [[UInt8]] =
        [
            "9223372036854775807", "-9223372036854775808", "", "-1", "18446744073709551616", "NaN", "1e9",
        ].map { Array($0.utf8) } + [[0xff, 0xfe], Array(repeating: 0x39, count: 1 << 16)]

    /// Runs commands that read the state; each ends with a status, and an error has a sentence.
    private func runAll(_ what: String) throws {
        let commands = [["history"], ["status", policy], ["apply", plan, "--yes"], ["apply", "--boot"]]
        for command in commands {
            let status = try terminal.run(command)
            if ![.success, .difference].contains(status) { #expect(!terminal.errors.isEmpty, "\(command): \(what)") }
        }
    }

    /// Runs the commands with the state as it was after the initializer, but for one file.
    private func with(_ document: StateDocument, in file: URL, _ what: String) throws {
        let (kept, table) = (terminal.folder.appending(path: "kept"), terminal.store.table)
        try FileManager.default.copyItem(at: state, to: kept)
        let original = try Data(contentsOf: file)
        try Data(document.bytes).write(to: file)
        try runAll("\(file.lastPathComponent): \(what)")
        try original.write(to: file)
        try FileManager.default.removeItem(at: state)
        try FileManager.default.moveItem(at: kept, to: state)
        terminal.store.put(table)
    }

    /// The fields that hold numbers.
    private static let numbers: Set<String> = [
        "number", "deadline", "moment", "namespace", "time", "generation", "origin", "seconds", "end", "change",
        "ports",
    ]

    /// The document with another value in each field with a number, also in the documents within it.
    private func crafted(_ document: StateDocument, _ value: [UInt8]) throws -> StateDocument {
        var crafted = StateDocument(kind: document.kind)
        for field in document.fields {
            let inner = field.name == "grant" ? try StateDocument(field.bytes, kind: "grant") : nil
            let bytes = try inner.map { try self.crafted($0, value).bytes } ?? Array(field.bytes)
            crafted.append(field.name, Self.numbers.contains(field.name) ? value : bytes)
        }
        return crafted
    }

    /// The first two values go into every file, the others take turns.
    @Test("Numbers out of bounds, of other types, and no UTF-8")
    func numbers() throws {
        for (turn, (file, kind)) in try files().enumerated() {
            let document = try StateDocument(Array(Data(contentsOf: file)), kind: kind)
            let others = Self.values.dropFirst(2)
            let other = others[others.startIndex + turn % others.count]
            for value in Self.values.prefix(2) + [other] {
                try with(try crafted(document, value), in: file, "\(value.prefix(20))")
            }
        }
    }

    @Test("Tables whose messages were changed, with the right checksums")
    func tables() throws {
        var generator = SeededGenerator(seed: 1)
        for (file, kind) in try files() where kind == "change" || kind == "plan" {
            let document = try StateDocument(Array(Data(contentsOf: file)), kind: kind)
            guard let archive = document["table"] else { continue }
            let table = try StateDocument(Array(archive), kind: "table")
            var crafted = StateDocument(kind: "table")
            for field in table.fields { crafted.append(field.name, field.bytes.mutated(by: &generator)) }
            var outer = StateDocument(kind: kind)
            for field in document.fields {
                outer.append(field.name, field.name == "table" ? crafted.bytes[...] : field.bytes)
            }
            try with(outer, in: file, "a table")
        }
    }
}

extension ArraySlice<UInt8> {
    /// A copy with a few bytes changed, a part repeated, or the end cut off.
    func mutated(by generator: inout SeededGenerator) -> [UInt8] {
        var bytes = Array(self)
        guard !bytes.isEmpty else { return bytes }
        switch UInt8.random(in: 0..<8, using: &generator) {
        case 0: bytes = Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &generator)))
        case 1: bytes += bytes
        default:
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                let random = UInt8.random(in: 0...255, using: &generator)
                bytes[place] = generator.pick([0, 1, 4, 0x7f, 0x80, 0xff, random])
            }
        }
        return bytes
    }
}
