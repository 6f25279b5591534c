import Foundation
import System
import Testing

@Suite("Files of the host")
struct HostTreeTests {
    @Test("Names, texts, links and masked files are read, and missing ones are empty")
    func reading() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "portreeve-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("text\n".utf8).write(to: folder.appending(path: "b"))
        for (name, target) in [("a", "b"), ("masked", "/dev/null"), ("dangling", "nowhere")] {
            try FileManager.default.createSymbolicLink(
                atPath: folder.appending(path: name).path, withDestinationPath: target)
        }
        #expect(HostTree.names(folder.path) == ["a", "b", "dangling", "masked"])
        #expect(HostTree.names(folder.path + "/b") == [])
        #expect(HostTree.text(folder.path + "/a") == "text\n")
        #expect(HostTree.text(folder.path + "/masked") == "")
        #expect(HostTree.text(folder.path + "/dangling") == nil)
        #expect(HostTree.text(folder.path) == nil)
        #expect(HostTree.text("/dev/zero") == "")
    }
}
