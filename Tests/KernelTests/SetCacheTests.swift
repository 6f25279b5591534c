import CLinux
import Foundation
import Rulesets
import System
import TestSupport
import Testing

@testable import Kernel

private let name = TableName(family: .inet, name: "portreeve")

@Suite("The elements of big sets are cached")
struct SetCacheTests {
    private static let definition = SetDefinition(keyType: 7, keyLength: 4, flags: .interval)
    private static let ranges = (1...6000).map { UInt32($0) * 10 }.map { $0...($0 + 3) }
    private let cache = SetCache(
        identity: RulesetIdentity(boot: "0b5c", namespace: 1 << 40 | 7), generation: 5, table: name,
        sets: [
            "a": .ranges32([0...7, 9...9, 100...UInt32.max]),
            "b": .ranges128([1 << 100...2 << 100, UInt128.max...UInt128.max]),
            "é": .ranges32([]),
        ])
    private let folder = FileManager.default.temporaryDirectory.appending(path: "portreeve-\(UUID().uuidString)")

    private func table(_ ranges: [ClosedRange<UInt32>] = ranges) -> Table {
        Table(name: name, sets: [NamedSet(name: "s", definition: Self.definition, elements: .ranges32(ranges))])
    }

    @Test("A cache reads as it was written")
    func coding() {
        #expect(SetCache(cache.document.bytes) == cache)
    }

    @Test("An incomplete cache, one with a changed byte, and one of another form do not read")
    func damage() {
        let bytes = cache.document.bytes
        for count in bytes.indices { #expect(SetCache(Array(bytes.prefix(count))) == nil) }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1 << UInt8(index % 8)
            #expect(SetCache(changed) == nil)
        }
    }

    @Test("A cache that another user could have written, or of another ruleset, is not used")
    func trust() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = SetCacheFile(directory: folder.path)
        #expect(file.load(for: cache.identity) == nil)
        file.store(cache)
        #expect(file.load(for: cache.identity) == cache)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["live-sets"])
        #expect(file.load(for: RulesetIdentity(boot: "0b5c", namespace: 8)) == nil)
        #expect(file.load(for: RulesetIdentity(boot: "0b5d", namespace: 1 << 40 | 7)) == nil)
        let path = folder.appending(path: "live-sets").path
        try FileManager.default.setAttributes([.posixPermissions: 0o620], ofItemAtPath: path)
        #expect(file.load(for: cache.identity) == nil)
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
        #expect(file.load(for: cache.identity) == nil)
    }

    @Test("A directory that cannot be written is not an error")
    func unwritable() {
        let file = SetCacheFile(directory: "/proc/portreeve")
        file.store(cache)
        #expect(file.load(for: cache.identity) == nil)
    }

    @Test("A cache replaces reading the kernel's set in its own generation only", .privileged, .networkNamespace)
    func generations() throws {
        #expect(try table().loadedAndRead() == table())
        let nftables = try Nftables()
        let seen = try nftables.snapshot(of: name)
        guard let identity = RulesetIdentity(of: nftables) else { return }
        let cache = try #require(SetCache(of: seen, in: identity))
        let read = try nftables.snapshot(of: name, expecting: Expectation([], cache: cache))
        #expect(read.confirmedSets == ["s"])
        #expect(read.table == table())
        let gone = SetElements.ranges32([Self.ranges[77]])
        let step = Transaction.Operation.deleteElements(gone, set: "s", Self.definition)
        _ = try nftables.commit(Transaction(table: name, operations: [step]), onto: seen)
        let changed = try nftables.snapshot(of: name, expecting: Expectation([], cache: cache, threshold: 0))
        #expect(changed.table == table(Self.ranges.filter { $0 != Self.ranges[77] }))
    }

    @Test("Another namespace is another ruleset", .privileged, .networkNamespace)
    func namespaces() throws {
        guard let first = RulesetIdentity(of: try Nftables()) else { return }
        guard shim_unshare(shim_clone_newnet) == 0 else { return }
        let nftables = try Nftables()
        #expect(RulesetIdentity(of: nftables) != first)
    }
}
