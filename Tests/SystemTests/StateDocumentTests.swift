import System
import TestSupport
import Testing

@Suite("State documents and state files")
struct StateDocumentTests {
    @Test("A document reads as it was written, and not if a byte is changed, missing or added")
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

    @Test("Files are private to their owner, and others are refused")
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
