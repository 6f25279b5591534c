import CNftnl
import Rulesets
import TestSupport
import Testing

@testable import Kernel

@Suite("An archived table reads back as the same table")
struct ArchiveTests {
    static let name = TableName(family: .inet, name: "portreeve")

    @Test("Random tables", arguments: 0..<UInt64(100))
    func random(_ seed: UInt64) throws {
        var maker = RandomTable(seed: seed)
        let table = maker.make(Self.name)
        #expect(TableArchive.table(Self.name, from: TableArchive.bytes(of: table)) == table)
    }

    @Test("An incomplete archive, and one of another table, does not read")
    func incomplete() throws {
        var maker = RandomTable(seed: 7)
        let bytes = TableArchive.bytes(of: maker.make(Self.name))
        for count in 0..<bytes.count {
            #expect(TableArchive.table(Self.name, from: Array(bytes.prefix(count))) != maker.make(Self.name))
        }
        #expect(TableArchive.table(Self.name, from: bytes + [0]) == nil)
        #expect(TableArchive.table(TableName(family: .inet, name: "other"), from: bytes) == nil)
    }

    @Test("Expressions nested without end are not followed, and two chains of one name do not read")
    func crafted() throws {
        var expression = AttributeWriter()
        expression.string(NFTA_DYNSET_SET_NAME, "s")
        expression.u32(NFTA_DYNSET_SREG_KEY, 1)
        expression.u32(NFTA_DYNSET_OP, 0)
        while expression.count < 60_000 {
            let inner = expression.bytes
            expression.clear()
            expression.string(NFTA_DYNSET_SET_NAME, "s")
            expression.u32(NFTA_DYNSET_SREG_KEY, 1)
            expression.u32(NFTA_DYNSET_OP, 0)
            expression.nest(NFTA_DYNSET_EXPR) { nest in
                nest.string(NFTA_EXPR_NAME, "dynset")
                nest.nest(NFTA_EXPR_DATA) { $0.append(raw: inner) }
            }
        }
        let rule = Rule([.opaque(name: "dynset", attributes: expression.bytes), .verdict(.accept)])
        let deep = Table(name: Self.name, chains: [Chain(name: "c", rules: [rule])])
        #expect(TableArchive.table(Self.name, from: TableArchive.bytes(of: deep)) == deep)
        let twice = Table(name: Self.name, chains: [Chain(name: "c", rules: []), Chain(name: "c", rules: [])])
        #expect(TableArchive.table(Self.name, from: TableArchive.bytes(of: twice)) == nil)
    }

    @Test(
        "A set does not read whose elements, or whose fields, are of another length than its key: no kernel has one",
        arguments: [
            NamedSet(
                name: "s", definition: SetDefinition(keyType: 7, keyLength: 4),
                elements: .list([SetElement(key: [10, 0, 0, 1, 0, 0, 0, 0])])),
            NamedSet(
                name: "s", definition: SetDefinition(keyType: 7, keyLength: 8, flags: [.interval, .concatenated]),
                elements: .list([SetElement(key: [UInt8](repeating: 1, count: 8), upper: [2])])),
            NamedSet(
                name: "s",
                definition: SetDefinition(
                    keyType: 7, keyLength: 8, flags: [.interval, .concatenated], fieldLengths: [4, 2, .max]),
                elements: .list([])),
            NamedSet(name: "s", definition: SetDefinition(keyType: 7, keyLength: 65), elements: .list([])),
        ])
    func otherLength(_ set: NamedSet) {
        let table = Table(name: Self.name, sets: [set])
        #expect(TableArchive.table(Self.name, from: TableArchive.bytes(of: table)) == nil)
    }

    @Test("Tables that nft loaded", .privileged, .networkNamespace, arguments: NftProgramTests.samples)
    func samples(_ sample: NftProgramTests.Sample) throws {
        try NftProgram.load("table \(sample.table) {\n\(sample.lines)\n}")
        let table = try #require(try Nftables().snapshot(of: sample.table).table)
        #expect(TableArchive.table(sample.table, from: TableArchive.bytes(of: table)) == table)
    }
}
