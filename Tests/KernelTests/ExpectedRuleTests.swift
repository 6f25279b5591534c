import CNftnl
import Rulesets
import System
import TestSupport
import Testing

@testable import Kernel

private let name = TableName(family: .inet, name: "portreeve")

/// A match of sources that has every kind of expression to change.
private func sources(_ network: UInt8) -> [Expression] {
    [
        .meta(.networkProtocol, into: .first), .compare(Comparison([2])),
        .payload(Payload(base: .network, offset: 12, length: 4)), .bitwise(BitwiseMask(mask: [255, 128, 0, 0])),
        .compare(Comparison([network, 0, 0, 0])),
    ]
}

/// The expressions with which each expression of a rule is replaced in turn.
private let others: [Expression] = [
    .compare(Comparison(.notEqual, [2])), .compare(Comparison([10])), .compare(Comparison([10, 128, 0, 0])),
    .bitwise(BitwiseMask(mask: [255, 192, 0, 0])), .bitwise(BitwiseMask(mask: [255, 128, 0, 0], xor: [0, 0, 0, 1])),
    .payload(Payload(base: .network, offset: 16, length: 4)), .meta(.transportProtocol, into: .first), .counter,
    .limit(RateLimit(rate: 10, unit: 60)), .limit(RateLimit(rate: 10, unit: 60, isOver: true)),
    .log(LogStatement(prefix: "other: ")), .verdict(.drop), .verdict(.accept), .verdict(.goto("other")),
    .verdict(.jump("other")), .verdict(.goto("third")), .reject(.tcpReset),
    .lookup(Lookup(.named("set"))), .lookup(Lookup(.named("set"), isInverted: true)),
    .lookup(Lookup(.named("twin"))), .dynamicSet(DynamicSet(.update, set: "limits")),
]

extension Rule {
    /// The rule with each expression replaced, deleted, doubled or moved, and with other comments.
    fileprivate var mutations: [Rule] {
        var all = ["", "other", "why, but longer"].map { Rule(expressions, comment: $0.isEmpty ? nil : $0) }
        for index in expressions.indices {
            var changed = others.map { other in
                var list = expressions
                list[index] = other
                return list
            }
            var list = expressions
            list.remove(at: index)
            changed.append(list)
            list = expressions
            list.insert(list[index], at: index)
            changed.append(list)
            if index > 0 {
                list = expressions
                list.swapAt(index - 1, index)
                changed.append(list)
            }
            all += changed.map { Rule($0, userdata: userdata) }
        }
        return all.filter { $0 != self }
    }
}

extension [Rule] {
    /// The list with each rule replaced, deleted, doubled or moved, and with one rule more.
    fileprivate var mutations: [Self] {
        var all: [Self] = []
        for index in indices {
            for mutation in self[index].mutations {
                var rules = self
                rules[index] = mutation
                all.append(rules)
            }
            var rest = self
            let rule = rest.remove(at: index)
            all.append(rest)
            for place in 0...rest.count where place != index {
                var moved = rest
                moved.insert(rule, at: place)
                all.append(moved)
            }
            var doubled = self
            doubled.insert(rule, at: index)
            all.append(doubled)
        }
        return (all + [[], self + [Rule([.verdict(.accept)])], [Rule([.verdict(.accept)])] + self]).filter {
            $0 != self
        }
    }
}

@Suite("Expected rules make reading faster, and do not change the result", .privileged, .networkNamespace)
struct ExpectedRuleTests {
    static let ruleLists: [[Rule]] = [
        [
            Rule(sources(10) + [.counter, .verdict(.accept)], comment: "why"),
            Rule(sources(172) + [.counter, .verdict(.accept)], comment: "why"),
            Rule([.verdict(.goto("other"))]),
        ],
        [
            Rule([.limit(RateLimit(rate: 5, unit: 1)), .counter, .log(LogStatement(prefix: "a: ")), .counter]),
            Rule(
                Array(sources(10).prefix(3)) + [
                    .dynamicSet(
                        DynamicSet(
                            .update, set: "limits", expressions: [.limit(RateLimit(rate: 5, unit: 60, isOver: true))])),
                    .verdict(.drop),
                ]),
            Rule(Array(sources(10).prefix(3)) + [.lookup(Lookup(.named("set"))), .counter, .reject(.adminProhibited)]),
        ],
    ]

    private func table(_ rules: [Rule]) -> Table {
        let base = BaseChain(type: "filter", hook: .input, priority: 0, policy: .drop)
        let addresses = SetDefinition(keyType: 7, keyLength: 4, flags: .interval)
        let limiter = SetDefinition(keyType: 7, keyLength: 4, flags: [.dynamic, .timeout], size: 100, timeout: 1000)
        return Table(
            name: name,
            chains: [
                Chain(name: "input", base: base, rules: rules), Chain(name: "other"), Chain(name: "third"),
            ],
            sets: [
                NamedSet(name: "set", definition: addresses, elements: .ranges32([1...2])),
                NamedSet(name: "twin", definition: addresses, elements: .ranges32([1...2])),
                NamedSet(name: "limits", definition: limiter, elements: .list([])),
            ])
    }

    /// Replaces the kernel's table; `false` if the kernel refuses it.
    private func load(_ table: Table, _ nftables: borrowing Nftables) throws -> Bool {
        let before = try nftables.snapshot(of: name)
        let deletion: [Transaction.Operation] = before.table == nil ? [] : [.deleteTable]
        let transaction = Transaction(table: name, operations: deletion + table.creation)
        do throws(KernelError) { _ = try nftables.commit(transaction, onto: before) } catch {
            guard error.category == .rejected else { throw error }
            return false
        }
        return true
    }

    @Test("A changed, deleted, doubled, moved or added rule is read as it is", arguments: ruleLists)
    func mutations(_ rules: [Rule]) throws {
        let nftables = try Nftables()
        let expected = table(rules)
        #expect(try load(expected, nftables))
        #expect(try nftables.snapshot(of: name, expecting: Expectation([expected])).table == expected)
        var loaded = 0
        for mutation in rules.mutations {
            // The kernel refuses some mutations: a register that was not loaded.
            guard try load(table(mutation), nftables) else { continue }
            loaded += 1
            let plain = try nftables.snapshot(of: name)
            #expect(plain.table == table(mutation))
            #expect(try nftables.snapshot(of: name, expecting: Expectation([expected])) == plain)
            #expect(plain.table != expected)
        }
        #expect(loaded > 200)
    }

    @Test("Random tables are read the same with any expectation", arguments: 0..<UInt64(60))
    func randomTables(_ seed: UInt64) throws {
        let nftables = try Nftables()
        var (maker, stranger) = (RandomTable(seed: seed), RandomTable(seed: seed / 2))
        let (table, other) = (maker.make(name), stranger.make(name))
        #expect(try load(table, nftables))
        let plain = try nftables.snapshot(of: name)
        for candidates in [[table], [other], [other, table], [table, other]] {
            #expect(try nftables.snapshot(of: name, expecting: Expectation(candidates)) == plain)
        }
    }

    @Test("Counters are read, and the state of limits makes no difference")
    func counters() throws {
        try NftProgram.load(
            """
            table inet portreeve {
                chain input {
                    ip saddr 10.0.0.0/9 counter packets 7 bytes 700 accept comment "why"
                    counter packets 1 bytes 40 counter packets 2 bytes 80
                    limit rate 5/minute burst 5 packets counter packets 3 bytes 90 drop
                    quota over 1000 bytes used 600 bytes counter packets 4 bytes 99 drop
                    tcp dport 22 accept
                    ct state vmap { established : accept, invalid : drop }
                    tcp dport { 80, 443 } counter packets 5 bytes 55 accept
                }
            }
            """)
        let nftables = try Nftables()
        let plain = try nftables.snapshot(of: name)
        let table = try #require(plain.table)
        let expected = try nftables.snapshot(of: name, expecting: Expectation([table]))
        #expect(expected == plain)
        #expect(expected.states["input"]?.map(\.packets) == [7, 1, 3, 4, nil, nil, 5])
        #expect(expected.states["input"]?.map(\.bytes) == [700, 40, 90, 99, nil, nil, 55])
    }

    @Test("Rules that are as expected share the storage of the expected rules")
    func sharing() throws {
        let nftables = try Nftables()
        let lists = Self.ruleLists
        let expected = table(lists[0] + lists[1])
        #expect(try load(expected, nftables))
        let read = try nftables.snapshot(of: name, expecting: Expectation([expected])).table
        let (wanted, found) = (expected.chain("input")?.rules ?? [], read?.chain("input")?.rules ?? [])
        let places = [wanted, found].map { rules in
            unsafe rules.withUnsafeBufferPointer { UInt(bitPattern: $0.baseAddress) }
        }
        #expect(places[0] == places[1])
    }

    @Test("More different rules than fit the cache are encoded correctly")
    func manyRules() throws {
        let rules = (0..<600).map { Rule(sources(UInt8($0 % 300 / 2)) + [.counter], comment: "\($0)") }
        let shared = sources(10) + [.counter]
        let expected = table(rules + (0..<600).map { Rule(shared, comment: "\($0)") } + rules)
        let nftables = try Nftables()
        #expect(try load(expected, nftables))
        #expect(try nftables.snapshot(of: name).table == expected)
        #expect(try nftables.snapshot(of: name, expecting: Expectation([expected])).table == expected)
    }
}

@Suite("Expressions are compared byte by byte")
struct RuleComparisonTests {
    private func list(_ expressions: [Expression], counting: Bool = true, extra: [UInt8] = []) -> [UInt8] {
        var (writer, references) = (AttributeWriter(flagsNests: false), SetReferences())
        for expression in expressions {
            guard expression == .counter, counting else {
                writer.expression(NFTA_LIST_ELEM, expression, &references)
                continue
            }
            writer.nest(NFTA_LIST_ELEM) { element in
                element.string(NFTA_EXPR_NAME, "counter")
                element.nest(NFTA_EXPR_DATA) { data in
                    data.u64(NFTA_COUNTER_BYTES, 300)
                    data.u64(NFTA_COUNTER_PACKETS, 5)
                    data.append(raw: extra)
                }
            }
        }
        return writer.bytes
    }

    /// The result of a match, and of a second match that uses the cache.
    private func match(_ list: ArraySlice<UInt8>, _ expressions: [Expression]) -> RuleComparison.Match? {
        var comparison = RuleComparison()
        let first = comparison.match(list, expressions)
        let second = comparison.match(list, expressions)
        #expect(first?.counter?.packets == second?.counter?.packets && (first == nil) == (second == nil))
        return second
    }

    private let rule: [Expression] = [.meta(.networkProtocol, into: .first), .counter, .verdict(.accept), .counter]

    @Test("Equal expressions match, with the state of the first counter")
    func same() throws {
        let whole = try #require(match(list(rule)[...], rule))
        #expect(whole.counter?.packets == 5)
        #expect(whole.counter?.bytes == 300)
        #expect(match([], []) != nil)
        #expect(match(list([.counter])[...], [.counter])?.counter?.packets == 5)
    }

    @Test("Different expressions do not match: fewer, more, reordered, other counter attributes, a flagged nest")
    func different() {
        let bytes = list(rule)
        for length in 0..<bytes.count { #expect(match(bytes[..<length], rule) == nil) }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            let found = match(changed[...], rule)
            // Only the state of a counter may differ.
            #expect(found == nil || found?.counter?.packets != 5 || found?.counter?.bytes != 300 || isCount(index))
        }
        #expect(match((bytes + bytes)[...], rule) == nil)
        #expect(match(list(rule.reversed())[...], rule) == nil)
        #expect(match(list(rule, counting: false)[...], rule) == nil)
        #expect(match(list(rule, extra: [8, 0, 99, 0, 0, 0, 0, 1])[...], rule) == nil)
        #expect(match([], rule) == nil)
        #expect(match(bytes[...], []) == nil)
    }

    /// Whether the byte is part of the state of the second counter, which is not compared.
    private func isCount(_ index: Int) -> Bool {
        let before = list(Array(rule.dropLast())).count
        return index >= before + 24
    }

    @Test("Rules with anonymous sets must be decoded")
    func anonymousSets() {
        let definition = SetDefinition(keyType: 7, keyLength: 4, flags: [.anonymous, .constant])
        let set = AnonymousSet(definition: definition, elements: .list([]))
        let rule: [Expression] = [.lookup(Lookup(.anonymous(set)))]
        #expect(match(list(rule)[...], rule) == nil)
        #expect(match(list([.lookup(Lookup(.named("__set%d")))])[...], rule) == nil)
    }

    @Test("Rules are collected by chain, in any order of chains")
    func chains() throws {
        var collector = RuleCollector(expecting: [])
        let (first, second, third) = (
            Rule([.counter]), Rule([.verdict(.drop)]), Rule([.verdict(.accept)], comment: "why")
        )
        for (chain, rule) in [("a", first), ("b", second), ("a", third)] {
            var (writer, references) = (AttributeWriter(), SetReferences())
            writer.string(NFTA_RULE_CHAIN, chain)
            rule.encode(into: &writer, &references)
            let attributes = try #require(Attributes(writer.written))
            let isRead = collector.add(attributes)
            #expect(isRead)
        }
        #expect(collector.chains["a"]?.rules == [first, third])
        #expect(collector.chains["b"]?.rules == [second])
        #expect(collector.chains["a"]?.states.count == 2)
    }
}
