import Rulesets
import TestSupport
import Testing

@testable import Kernel

@Suite("An archived table is the table")
struct ArchiveTests {
    static let name = TableName(family: .inet, name: "portreeve")

    @Test("Tables made at random", arguments: 0..<UInt64(100))
    func random(_ seed: UInt64) throws {
        var maker = RandomTable(seed: seed)
        let table = maker.make(Self.name)
        #expect(TableArchive.table(Self.name, from: TableArchive.bytes(of: table)) == table)
    }

    @Test("What is not all there is nothing")
    func torn() throws {
        var maker = RandomTable(seed: 7)
        let bytes = TableArchive.bytes(of: maker.make(Self.name))
        for count in 0..<bytes.count {
            #expect(TableArchive.table(Self.name, from: Array(bytes.prefix(count))) != maker.make(Self.name))
        }
        #expect(TableArchive.table(Self.name, from: bytes + [0]) == nil)
        #expect(TableArchive.table(TableName(family: .inet, name: "other"), from: bytes) == nil)
    }

    @Test("What nft loads, too", .privileged, .networkNamespace, arguments: NftProgramTests.samples)
    func samples(_ sample: NftProgramTests.Sample) throws {
        try NftProgram.load("table \(sample.table) {\n\(sample.lines)\n}")
        let table = try #require(try Nftables().snapshot(of: sample.table).table)
        #expect(TableArchive.table(sample.table, from: TableArchive.bytes(of: table)) == table)
    }
}

@Suite("A document of the state directory")
struct StateDocumentTests {
    @Test("It reads as it was written, and not when anything is changed, missing or too much")
    func reading() throws {
        var document = StateDocument(kind: "change")
        document.append("user", "root")
        document.append("file", Array("a\nb 3\n".utf8))
        document.append("file", [])
        document.append("ruleset", [0, 255, 10, 13])
        document.append("login", nil)
        let bytes = document.bytes
        #expect((try? StateDocument(bytes, kind: "change")) == document)
        #expect((try? StateDocument(bytes, kind: "pending")) == nil)
        #expect(document.text("user") == "root" && document.text("ruleset") == nil && document["login"] == nil)
        for index in bytes.indices {
            #expect((try? StateDocument(Array(bytes.prefix(index)), kind: "change")) == nil)
            var changed = bytes
            changed[index] ^= 1
            #expect((try? StateDocument(changed, kind: "change")) == nil)
        }
        #expect((try? StateDocument(bytes + bytes, kind: "change")) == nil)
    }

    @Test("Files are whole, their owner's alone, and believed only then")
    func files() throws {
        let folder = "/tmp/portreeve-state-\(UInt64.random(in: 0...UInt64.max))"
        defer { _ = try? Program.run(["rm", "-r", folder]) }
        let files = try StateFiles(directory: folder + "/a/b")
        #expect(try files.read("x") == nil)
        var document = StateDocument(kind: "change")
        try files.write("x", document)
        document.append("user", "root")
        try files.write("x", document)
        try files.rename("x", to: "y")
        #expect(try files.read("y") == document.bytes)
        #expect(try files.names() == ["y"])
        #expect(try Program.run(["stat", "-c", "%a", files.directory, files.directory + "/y"]).output == "700\n600\n")
        let lock = try #require(try files.lock("l"))
        #expect(try files.lock("l") == nil)
        withExtendedLifetime(lock) {}
        _ = try Program.run(["chmod", "g+w", files.directory + "/y"])
        #expect(throws: KernelError.self) { try files.read("y") }
        _ = try Program.run(["sh", "-c", "cd \(files.directory); rm y; ln -s /etc/passwd y"])
        #expect(throws: KernelError.self) { try files.read("y") }
        _ = try Program.run(["chmod", "o+w", files.directory])
        #expect(throws: KernelError.self) { try StateFiles(directory: files.directory) }
    }
}
