import Rulesets
import TestSupport
import Testing

@testable import Kernel

private let name = TableName(family: .inet, name: "portreeve")

/// A table with one base chain that holds these rules.
private func table(_ rules: [Rule], sets: [NamedSet] = []) -> Table {
    let base = BaseChain(type: "filter", hook: .input, priority: 0, policy: .drop)
    return Table(
        name: name, userdata: Userdata.comment("managed by portreeve"),
        chains: [Chain(name: "input", base: base, rules: rules), Chain(name: "other", userdata: [0, 2, 65, 0])],
        sets: sets)
}

@Suite("Committed tables are read back", .privileged, .networkNamespace)
struct RoundTripTests {
    static let expressions: [Expression] = [
        .meta(.inputInterfaceName, into: .first),
        .payload(Payload(base: .network, offset: 12, length: 4)),
        .conntrack(ConntrackLoad(.state)),
        .conntrack(ConntrackLoad(.destinationPort, direction: 0)),
        .compare(Comparison(.equal, [6])),
        .compare(Comparison(.notEqual, [1, 2, 3, 4])),
        .range(RangeComparison(isInverted: false, source: .first, lower: [0, 22], upper: [0, 80])),
        .range(RangeComparison(isInverted: true, source: .first, lower: [0, 22], upper: [0, 80])),
        .bitwise(BitwiseMask(mask: [255, 255, 255, 0])),
        .bitwise(BitwiseMask(mask: [255, 0], xor: [1, 2], source: .first, destination: .secondWord)),
        .byteOrder(ByteOrderConversion(toNetwork: true, length: 4, size: 4)),
        .byteOrder(ByteOrderConversion(toNetwork: false, length: 8, size: 8)),
        .immediate(Immediate([1, 2, 3, 4])),
        .counter,
        .limit(RateLimit(rate: 10, unit: 60)),
        .limit(RateLimit(rate: 1024, unit: 1, burst: 4096, countsBytes: true, isOver: true)),
        .log(LogStatement(prefix: nil)),
        .log(LogStatement(prefix: "refused: ", level: 6, flags: 3)),
        .log(LogStatement(prefix: "refused: ", group: 5)), .log(LogStatement(prefix: nil, group: 0)),
        .reject(.tcpReset), .reject(.adminProhibited), .reject(Reject(type: 0, code: 3)),
        .verdict(.accept), .verdict(.drop), .verdict(.continue), .verdict(.return), .verdict(.jump("other")),
        .verdict(.goto("other")), .verdict(.other(-2)),
    ]

    @Test("Every expression", arguments: expressions)
    func expression(_ expression: Expression) throws {
        var prefix: [Expression] = [
            .meta(.networkProtocol, into: .first), .compare(Comparison(.equal, [2])),
            .meta(.transportProtocol, into: .first),
            .compare(Comparison(.equal, [6])),
        ]
        if case .byteOrder = expression { prefix.append(.immediate(Immediate(Array(repeating: 1, count: 16)))) }
        prefix.append(.immediate(Immediate(Array(repeating: 1, count: 16))))
        let rule = Rule(prefix + [expression], comment: "why")
        #expect(try table([rule]).loadedAndRead() == table([rule]))
    }

    @Test("A missing table is not an error, and has a generation")
    func absence() throws {
        let nftables = try Nftables()
        let snapshot = try nftables.snapshot(of: name)
        #expect(snapshot == TableSnapshot(generation: try nftables.generation(), table: nil))
    }

    @Test("An empty transaction writes nothing")
    func emptiness() throws {
        let nftables = try Nftables()
        let snapshot = try nftables.snapshot(of: name)
        let generation = try nftables.commit(Transaction(table: name, operations: []), onto: snapshot)
        #expect(generation == snapshot.generation)
        #expect(try nftables.generation() == snapshot.generation)
    }

    @Test("Random tables", arguments: 0..<UInt64(100))
    func randomTable(_ seed: UInt64) throws {
        var maker = RandomTable(seed: seed)
        let table = maker.make(name)
        #expect(try table.loadedAndRead() == table)
        // One batch replaces the first table with a second.
        let next = maker.make(name)
        #expect(try next.loadedAndRead() == next)
    }
}
