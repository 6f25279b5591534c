import CNftnl
import Rulesets
import TestSupport
import Testing

@testable import Kernel

private let name = TableName(family: .inet, name: "portreeve")

@Suite("Sets read as they were written", .privileged, .networkNamespace)
struct SetTests {
    private static let addresses = SetDefinition(keyType: 7, keyLength: 4, flags: .interval)
    private static let longAddresses = SetDefinition(keyType: 8, keyLength: 16, flags: .interval)
    private static let services = SetDefinition(
        keyType: 12 << 6 | 13, keyLength: 8, flags: .map, dataType: SetDefinition.verdictType, dataLength: 0, size: 100)
    private static let ports = SetDefinition(
        keyType: 13, keyLength: 2, flags: [.map, .interval], dataType: SetDefinition.verdictType, dataLength: 0)

    static let sets: [NamedSet] = [
        NamedSet(name: "empty", definition: addresses, elements: .ranges32([])),
        NamedSet(
            name: "ranges", definition: addresses,
            elements: .ranges32([0...7, 8...8, 100...199, 0xffff_ff00...0xffff_ffff])),
        NamedSet(name: "all", definition: addresses, elements: .ranges32([0...UInt32.max])),
        NamedSet(name: "top", definition: addresses, elements: .ranges32([UInt32.max...UInt32.max])),
        NamedSet(
            name: "long", definition: longAddresses,
            elements: .ranges128([0...1, 1 << 64...(2 << 64), UInt128.max - 1...UInt128.max])),
        NamedSet(
            name: "services", definition: services,
            elements: .list([
                SetElement(key: [6, 0, 0, 0, 0, 22, 0, 0], value: .verdict(.goto("other"))),
                SetElement(
                    key: [17, 0, 0, 0, 0, 53, 0, 0], value: .verdict(.accept), userdata: Userdata.comment("dns")),
            ])),
        NamedSet(
            name: "ports", definition: ports,
            elements: .list([
                SetElement(key: [0, 0], upper: [0, 21], value: .verdict(.drop)),
                SetElement(key: [0, 22], upper: [0, 22], value: .verdict(.jump("other"))),
                SetElement(key: [0, 255], upper: [1, 255], value: .verdict(.return)),
                SetElement(key: [255, 0], upper: [255, 255], value: .verdict(.accept)),
            ])),
        NamedSet(
            name: "concatenated",
            definition: SetDefinition(
                keyType: 7 << 6 | 13, keyLength: 8, flags: [.interval, .concatenated], fieldLengths: [4, 2]),
            elements: .list([
                SetElement(key: [10, 0, 0, 0, 0, 22, 0, 0], upper: [10, 255, 255, 255, 0, 30, 0, 0]),
                SetElement(key: [11, 0, 0, 1, 0, 22, 0, 0], upper: [11, 0, 0, 1, 0, 22, 0, 0]),
            ])),
        NamedSet(
            name: "limiter",
            definition: SetDefinition(
                keyType: 7, keyLength: 4, flags: [.dynamic, .timeout], size: 65535, timeout: 120_000,
                userdata: [0, 4, 1, 0, 0, 0]),
            elements: .list([])),
        NamedSet(
            name: "timed",
            definition: SetDefinition(
                keyType: 7, keyLength: 4, flags: .timeout, timeout: 3_600_000, gcInterval: 10_000, policy: 1),
            elements: .list([
                SetElement(key: [10, 0, 0, 1]), SetElement(key: [10, 0, 0, 2], timeout: 7_200_000),
            ])),
        NamedSet(
            name: "values",
            definition: SetDefinition(keyType: 13, keyLength: 2, flags: .map, dataType: 7, dataLength: 4),
            elements: .list([SetElement(key: [0, 80], value: .bytes([10, 0, 0, 1]))])),
        NamedSet(
            name: "catchall", definition: services,
            elements: .list([
                SetElement(key: [], flags: 2, value: .verdict(.drop)),
                SetElement(key: [6, 0, 0, 0, 0, 22, 0, 0], value: .verdict(.accept)),
            ])),
        NamedSet(
            name: "counting", definition: SetDefinition(keyType: 7, keyLength: 4, expressions: [.counter]),
            elements: .list([SetElement(key: [10, 0, 0, 1], expressions: [.counter])])),
        NamedSet(
            name: "comments", definition: addresses,
            elements: .list([
                SetElement(key: [0, 0, 0, 0], upper: [9, 255, 255, 255], userdata: Userdata.comment("low")),
                SetElement(key: [10, 0, 0, 0], upper: [255, 255, 255, 255]),
            ])),
    ]

    private func table(_ sets: [NamedSet], rules: [Rule] = []) -> Table {
        Table(name: name, chains: [Chain(name: "input", rules: rules), Chain(name: "other")], sets: sets)
    }

    @Test("Every kind of set", arguments: sets)
    func kind(_ set: NamedSet) throws {
        #expect(try table([set]).loadedAndRead() == table([set]))
    }

    @Test("All kinds of sets in one table")
    func together() throws {
        #expect(try table(Self.sets).loadedAndRead() == table(Self.sets))
    }

    @Test("Anonymous sets in the rules that look them up", arguments: sets)
    func anonymous(_ set: NamedSet) throws {
        guard set.definition.flags.isDisjoint(with: [.dynamic, .timeout]), !set.elements.isEmpty
        else { return }
        var definition = set.definition
        definition.flags.formUnion([.anonymous, .constant])
        let anonymous = AnonymousSet(definition: definition, elements: set.elements)
        let destination: Register? =
            definition.flags.contains(.map) ? (definition.dataLength == 0 ? .verdict : .first) : nil
        let lookups = [false, true].map { isInverted in
            Expression.lookup(
                Lookup(.anonymous(anonymous), destination: destination, isInverted: isInverted && destination == nil))
        }
        let load = Expression.immediate(Immediate(Array(repeating: 0, count: 16)))
        let rules = [Rule([load, lookups[0], load, lookups[1]]), Rule([load, lookups[0], .counter])]
        #expect(try table([], rules: rules).loadedAndRead() == table([], rules: rules))
    }

    @Test("Every kind of element is deleted", arguments: sets)
    func deletion(_ set: NamedSet) throws {
        guard !set.elements.isEmpty else { return }
        let nftables = try Nftables()
        _ = try table([set]).loadedAndRead()
        let deletion = Transaction.Operation.deleteElements(set.elements, set: set.name, set.definition)
        _ = try nftables.commit(
            Transaction(table: name, operations: [deletion]), onto: try nftables.snapshot(of: name))
        #expect(try nftables.snapshot(of: name).table?.set(set.name)?.elements == set.definition.noElements)
    }

    @Test("Lookups and insertions refer to sets of the same batch")
    func references() throws {
        let sets = Self.sets.filter { ["limiter", "ranges"].contains($0.name) }
        let limit = Expression.limit(RateLimit(rate: 10, unit: 60, burst: 20, isOver: true))
        let load = Expression.payload(Payload(base: .network, offset: 12, length: 4))
        let rules = [
            Rule([
                .meta(.networkProtocol, into: .first), .compare(Comparison(.equal, [2])), load,
                .lookup(Lookup(.named("ranges"))),
            ]),
            Rule([load, .dynamicSet(DynamicSet(.add, set: "limiter", expressions: [limit])), .verdict(.drop)]),
            Rule([load, .dynamicSet(DynamicSet(.update, set: "limiter", timeout: 10_000))]),
            Rule([load, .dynamicSet(DynamicSet(.add, set: "limiter", expressions: [limit, .counter]))]),
            Rule([load, .dynamicSet(DynamicSet(.delete, set: "limiter"))]),
        ]
        #expect(try table(sets, rules: rules).loadedAndRead() == table(sets, rules: rules))
    }

    @Test("A start without its end reaches up to the next start, as in the kernel")
    func loneStart() throws {
        let nftables = try Nftables()
        let set = NamedSet(name: "s", definition: Self.addresses, elements: .ranges32([100...199, 300...399]))
        _ = try table([set]).loadedAndRead()
        let end = SetElements.list([SetElement(key: [0, 0, 0, 200], flags: 1)])
        let tampering = Transaction(table: name, operations: [.deleteElements(end, set: "s", Self.addresses)])
        _ = try nftables.commit(tampering, onto: try nftables.snapshot(of: name))
        let elements = try nftables.snapshot(of: name).table?.set("s")?.elements
        #expect(
            elements
                == .list([
                    SetElement(key: [0, 0, 0, 100], upper: [0, 0, 1, 43]),
                    SetElement(key: [0, 0, 1, 44], upper: [0, 0, 1, 143]),
                ]))
    }

    @Test("A range ends where nft ends it, without a timeout, and an end whose start has timed out ends nothing")
    func timedRanges() async throws {
        try NftProgram.load(
            """
            table inet portreeve {
              set s {
                type ipv4_addr; flags interval,timeout;
                elements = { 10.0.0.0/8 timeout 1h, 11.0.0.0/8, 12.0.0.0/8 timeout 100ms }
              }
            }
            """)
        try await Task.sleep(for: .milliseconds(300))
        let elements = try Nftables().snapshot(of: name).table?.set("s")?.elements
        #expect(
            elements
                == .list([
                    SetElement(key: [10, 0, 0, 0], upper: [10, 255, 255, 255], timeout: 3_600_000),
                    SetElement(key: [11, 0, 0, 0], upper: [11, 255, 255, 255]),
                ]))
    }

    @Test("Elements are added and deleted in place")
    func changes() throws {
        let nftables = try Nftables()
        let set = NamedSet(
            name: "s", definition: Self.addresses, elements: .ranges32([0...7, 8...15, 100...UInt32.max]))
        _ = try table([set]).loadedAndRead()
        let before = try nftables.snapshot(of: name)
        let operations: [Transaction.Operation] = [
            .deleteElements(.ranges32([0...7, 100...UInt32.max]), set: "s", Self.addresses),
            .addElements(.ranges32([0...1, 50...60, UInt32.max...UInt32.max]), set: "s", Self.addresses),
        ]
        _ = try nftables.commit(Transaction(table: name, operations: operations), onto: before)
        let after = try #require(try nftables.snapshot(of: name).table)
        #expect(after.set("s")?.elements == .ranges32([0...1, 8...15, 50...60, UInt32.max...UInt32.max]))
        let flush = Transaction(table: name, operations: [.flushElements(set: "s")])
        _ = try nftables.commit(flush, onto: try nftables.snapshot(of: name))
        #expect(try nftables.snapshot(of: name).table?.set("s")?.elements == .ranges32([]))
    }

    @Test("A hundred thousand prefixes")
    func manyPrefixes() throws {
        let ranges = (0..<UInt32(100_000)).map { ($0 * 40_000)...($0 * 40_000 + 255) }
        let set = NamedSet(name: "big", definition: Self.addresses, elements: .ranges32(ranges))
        let nftables = try Nftables()
        let empty = try nftables.snapshot(of: name)
        _ = try nftables.commit(Transaction(table: name, operations: table([set]).creation), onto: empty)
        let read = try nftables.snapshot(of: name).table
        // Outside of the expectation: a failure would print all elements.
        let isEqual = read == table([set])
        #expect(isEqual)
    }
}

@Suite("A dump of a hash table that grows")
struct GrowingSetTests {
    private static let ports = SetDefinition(keyType: 13, keyLength: 2)
    private static let elements = (1...9).map { SetElement(key: [0, $0]) }
    private static let table = Table(
        name: name, sets: [NamedSet(name: "ports", definition: ports, elements: .list(elements))])

    /// A reading of a dump with these elements, of a set of which the kernel reports nine.
    private func reading(_ shown: [SetElement]) throws -> TableReading {
        var reading = TableReading(name: name, generation: 0)
        for message in Self.messages(Self.table.creation.dropLast(), count: 9) { try reading.add(message) }
        reading.open = reading.collector(for: "ports").map { ("ports", $0) }
        try show(shown, &reading)
        return reading
    }

    private func show(_ elements: [SetElement], _ reading: inout TableReading) throws {
        let step = Transaction.Operation.addElements(.list(elements), set: "ports", Self.ports)
        for message in Self.messages([step], count: nil) { try reading.add(message) }
    }

    /// The steps as messages of a dump; a set has the number of its elements.
    private static func messages(_ steps: some Sequence<Transaction.Operation>, count: UInt32?) -> [NetlinkMessage] {
        var batch = Batch(table: name, generation: 0, firstSequence: 0)
        batch.references.isArchive = true
        for step in steps { batch.append(step, step: 0, TableSnapshot(generation: 0, table: nil)) }
        let messages = NetlinkMessage.split(Array(batch.bytes), length: batch.bytes.count, portID: 0).dropFirst()
        return messages.map { message in
            guard let count, UInt32(message.type & 0xff) == NFT_MSG_NEWSET.rawValue else { return message }
            var more = AttributeWriter()
            more.u32(LaterSetAttribute.count, count)
            return NetlinkMessage(
                type: message.type, flags: message.flags, sequence: message.sequence,
                payload: (Array(message.payload) + more.bytes)[...])
        }
    }

    @Test("Another dump adds missed elements, and repeated elements count once")
    func missing() throws {
        let (first, rest) = (Self.elements.prefix(7), Self.elements.suffix(4))
        var reading = try reading(first + first.suffix(2))
        var isWhole = reading.closeSet()
        #expect(!isWhole)
        try show(Array(rest), &reading)
        isWhole = reading.closeSet()
        #expect(isWhole)
        #expect(reading.snapshot(isFromKernel: true).table == Self.table)
    }

    @Test("Elements that every dump misses are not made up")
    func missed() throws {
        var reading = try reading(Array(Self.elements.dropLast()))
        let isWhole = reading.closeSet()
        #expect(!isWhole)
        #expect(reading.snapshot(isFromKernel: true).table?.set("ports")?.elements.count == 8)
    }
}
