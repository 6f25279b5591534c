import Commands
import Foundation
import Kernel
import TestSupport
import Testing

@testable import Changes
@testable import System

@Suite("For any bytes, reading a plan or a state file ends with a value or an error")
struct StateMutationTests {
    private let terminal: Terminal
    private let directory: String
    private let plan: String
    private let policy: String
    /// The files of the state directory and a plan, each with its kind.
    private let originals: [(name: String, kind: String, bytes: [UInt8])]

    init() throws {
        terminal = try Terminal()
        directory = terminal.folder.appending(path: "state").path
        plan = terminal.folder.appending(path: "change.plan").path
        policy = try terminal.write(
            web.replacing("ticket: OPS-9", with: "limit: 3/minute\n    connections: 9\n    interfaces: eth0"))
        _ = try terminal.run("apply", policy, "--yes")
        _ = try terminal.run("grant", "db", policy, "--from", "192.0.2.9", "--for", "1h", "--why", "x")
        _ = try terminal.run("plan", policy, "--out", plan)
        _ = try terminal.run("apply", try terminal.write(web), "--yes", "--confirm", "1h")
        try FloorRecord(ports: [22, 2222]).write(in: directory)
        let state = terminal.folder.appending(path: "state")
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { !$0.contains("lock") }
        let files = names.sorted().map { ($0, state.appending(path: $0)) } + [("plan", URL(filePath: plan))]
        originals = try files.map { name, url in
            let bytes = try Data(contentsOf: url)
            return (
                name, String(decoding: bytes.prefix { $0 != 0x0a }, as: UTF8.self).components(separatedBy: " ")[1],
                Array(bytes)
            )
        }
    }

    private static let words =
        [
            "\n", " ", "table 9\n", "number 2\n", "ports 5\n22 23", "set 1\n", "portreeve change 2 0\n", "9999-12-31",
            "::", "path 1\n/",
        ]
        .map { Array($0.utf8) }

    /// The file with damaged fields, whose checksum is right.
    private func crafted(_ bytes: [UInt8], _ kind: String, _ mutation: inout Mutation) -> [UInt8] {
        guard let document = try? StateDocument(bytes, kind: kind) else { return bytes }
        let place = mutation.pick(document.fields.indices)
        var crafted = StateDocument(kind: kind)
        for (index, field) in document.fields.enumerated() {
            let inner = String(
                decoding: field.bytes.dropFirst("portreeve ".utf8.count).prefix { $0 != 0x20 }, as: UTF8.self)
            let isDocument = field.bytes.starts(with: "portreeve ".utf8) && !mutation.happens(onceIn: 10)
            let isDamaged = index == place || mutation.happens(onceIn: 20)
            if !isDamaged {
                crafted.append(field.name, field.bytes)
            } else if isDocument {
                crafted.append(field.name, self.crafted(Array(field.bytes), inner, &mutation))
            } else {
                let value = Array(field.bytes)
                crafted.append(
                    field.name,
                    mutation.happens(onceIn: 3)
                        ? mutation.pick(Mutation.numbers) : mutation.damaged(value, splicing: bytes))
            }
            if mutation.happens(onceIn: 30) { crafted.append(field.name, field.bytes) }
        }
        return crafted.bytes
    }

    /// The file with damage anywhere below its first line, whose checksum is right.
    private func sealed(_ bytes: [UInt8], _ kind: String, _ mutation: inout Mutation) -> [UInt8] {
        let body = mutation.damaged(Array(bytes.drop { $0 != 0x0a }.dropFirst()), splicing: bytes)
        let sum = String(XXHash64.hash(of: [body[...]]), radix: 16)
        return Array("portreeve \(kind) 2 \(String(repeating: "0", count: 16 - sum.utf8.count))\(sum)\n".utf8) + body
    }

    private func damaged(_ bytes: [UInt8], _ kind: String, _ mutation: inout Mutation) -> [UInt8] {
        if mutation.happens(onceIn: 20) { return mutation.damaged(bytes, splicing: bytes) }
        return mutation.happens(onceIn: 4) ? sealed(bytes, kind, &mutation) : crafted(bytes, kind, &mutation)
    }

    /// Reads the file as the commands do; returns whether it was accepted.
    private func read(_ bytes: [UInt8], _ name: String, _ kind: String) throws -> Bool {
        if kind == "change" {
            guard let document = try? StateDocument(bytes, kind: kind) else { return false }
            guard let record = ChangeRecord(document) else { return false }
            return record.table != nil && ChangeRecord.files(of: document).count >= 0
                && AppliedRecord(1, document) != nil
        }
        try Data(bytes).write(to: URL(filePath: kind == "plan" ? plan : "\(directory)/\(name)"))
        if kind == "plan" { return (try? ReviewedPlan(path: plan, checksOwnership: false)) != nil }
        let files = try StateFiles(directory: directory)
        switch name {
        case "pending": return (try? PendingChange.load(from: files)) != nil
        case "previous": return (try? PendingChange.previous(in: files)) != nil
        case "floor": return FloorRecord(in: directory) != nil
        default: return try GrantBook(files, on: terminal.changes).records.isEmpty
        }
    }

    @Test("Every kind of file")
    func readers() throws {
        try MutationRun.run("state", few: 500) { seed in
            var mutation = Mutation(seed: seed, words: Self.words)
            let (name, kind, bytes) = mutation.pick(originals)
            return try read(damaged(bytes, kind, &mutation), name, kind)
        }
    }

    @Test("Commands that read the whole directory end with a status, and an error has a sentence")
    func commands() throws {
        let table = terminal.store.table
        try MutationRun.run("commands", few: 20) { seed in
            var mutation = Mutation(seed: seed, words: Self.words)
            for (name, _, bytes) in originals {
                try Data(bytes).write(to: URL(filePath: name == "plan" ? plan : "\(directory)/\(name)"))
            }
            let (name, kind, bytes) = mutation.pick(originals)
            let path = name == "plan" ? plan : "\(directory)/\(name)"
            try Data(damaged(bytes, kind, &mutation)).write(to: URL(filePath: path))
            let command = mutation.pick([
                ["history"], ["status", policy], ["apply", plan, "--yes"], ["apply", "--boot"],
                ["history", "--show", "1"],
                ["rollback", "--yes"], ["confirm"], ["verify", policy],
            ])
            let status = try terminal.run(command)
            if ![.success, .difference].contains(status) {
                #expect(!terminal.errors.isEmpty, "\(command): input \(seed)")
            }
            terminal.store.put(table)
            for name in try FileManager.default.contentsOfDirectory(atPath: directory)
            where !originals.contains(where: { $0.name == name }) {
                try FileManager.default.removeItem(atPath: "\(directory)/\(name)")
            }
            return status == .success
        }
    }
}
