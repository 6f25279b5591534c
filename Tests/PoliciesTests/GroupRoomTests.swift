import Addressing
import System
import Testing

@testable import Policies

@Suite("The memory of groups")
struct GroupRoomTests {
    /// Resolves groups of which each adds an address to the one before.
    private func resolve(_ count: Int, room: Int) throws -> (groups: [SourceGroup], errors: [Diagnostic]) {
        let log = DiagnosticLog()
        let chain = (1..<count).map { "g\($0): [g\($0 - 1), 10.0.\($0).1]\n" }.joined()
        let file = SourceFile(path: "policy.yaml", index: 0, bytes: Array("g0: [10.0.0.1]\n\(chain)".utf8))
        let loader = FileLoader(files: TrustedFiles(), checksOwnership: false, log: log)
        let groups = SourceGroups(
            lists: ListReader(loader: loader, log: log, keepsLast: false), names: NameReader(loader: loader, log: log),
            log: log, room: room)
        groups.define(try #require(YamlParser.parse(file, log)))
        return (groups.resolveAll(), log.sorted().filter { $0.severity == .error })
    }

    @Test("Groups that repeat the addresses of others too often are one error, at the group where it is too much")
    func repetition() throws {
        // A range of IPv4 is 8 bytes: 1 + 2 + … + 10 ranges are 440.
        let fitting = try resolve(10, room: 441)
        #expect(fitting.errors.isEmpty && fitting.groups.last?.addresses.ipv4.ranges.count == 10)
        let large = try resolve(200, room: 441)
        #expect(large.errors.map { $0.location?.line } == [11])
        #expect(
            large.errors.first?.message.contains("groups up to \"g10\" repeat the addresses of other groups") == true)
    }

    @Test("A group that is another one by another name needs no room")
    func names() throws {
        let log = DiagnosticLog()
        let text = "g0: [10.0.0.1]\n" + (1..<500).map { "g\($0): g\($0 - 1)\n" }.joined()
        let file = SourceFile(path: "policy.yaml", index: 0, bytes: Array(text.utf8))
        let loader = FileLoader(files: TrustedFiles(), checksOwnership: false, log: log)
        let groups = SourceGroups(
            lists: ListReader(loader: loader, log: log, keepsLast: false), names: NameReader(loader: loader, log: log),
            log: log, room: 9)
        groups.define(try #require(YamlParser.parse(file, log)))
        #expect(groups.resolveAll().allSatisfy { $0.addresses.ipv4.ranges.count == 1 })
        #expect(log.errorCount == 0)
    }
}
