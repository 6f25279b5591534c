internal import Rulesets

/// Base chains of several tables at the same hook and priority, where the order in which they run decides.
///
/// Of such chains the one that was made later runs first (`nf_hook_entries_grow`). A table lists its chains as they were made; of two
/// tables either may have got its chain first, and the kernel does not tell.
struct ChainTies {
    /// A place at which base chains run.
    struct Place: Hashable {
        let hook: Hook
        let order: [Int32]

        /// The sort key.
        fileprivate var number: [Int32] { [Int32(truncatingIfNeeded: hook.rawValue)] + order }
    }

    /// The possible orders: for each place the indices of tables, the first to run first.
    private(set) var orders: [[Place: [Int]]] = [[:]]
    /// Whether these are all possible orders.
    private(set) var isComplete = true
    /// A chain of which it is not known when it runs.
    private(set) var example: RuleReference?

    /// More orders than these are not followed.
    private static let mostOrders = 36

    /// The ties among base chains of tables.
    init(_ bases: [Hooks.Entry], in tables: [Table], readsMarks: Bool) {
        let groups = Dictionary(grouping: bases) { Place(hook: $0.base.hook, order: $0.base.order) }
        for (place, entries) in groups.sorted(by: { $0.key.number.lexicographicallyPrecedes($1.key.number) }) {
            guard Set(entries.map(\.table)).count > 1 else { continue }
            let tied = Self.tied(entries, in: tables, readsMarks)
            guard let last = tied.last, let entry = entries.first(where: { $0.table == last }) else { continue }
            example = RuleReference(table: tables[last].name, chain: entry.chain.name, isOfUnknownOrder: true)
            add(tied.count > 3 ? [tied.reversed()] : Self.permutations(tied.reversed()), at: place)
            if tied.count > 3 { isComplete = false }
        }
    }

    private mutating func add(_ permutations: [[Int]], at place: Place) {
        guard orders.count * permutations.count <= Self.mostOrders else { return isComplete = false }
        orders = orders.flatMap { order in permutations.map { order.merging([place: $0]) { $1 } } }
    }

    /// The tables whose chains have an effect on each other, ascending.
    private static func tied(_ entries: [Hooks.Entry], in tables: [Table], _ readsMarks: Bool) -> [Int] {
        let effects = entries.map { ChainEffects($0, in: tables[$0.table], readsMarks) }
        var tied: Set<Int> = []
        for (index, first) in entries.enumerated() {
            for (offset, second) in entries[(index + 1)...].enumerated() where first.table != second.table {
                let families = (tables[first.table].name.family, tables[second.table].name.family)
                guard families.0.meets(families.1), effects[index].decides(on: effects[index + 1 + offset]) else {
                    continue
                }
                tied.formUnion([first.table, second.table])
            }
        }
        return tied.sorted()
    }

    private static func permutations(_ numbers: [Int]) -> [[Int]] {
        guard let first = numbers.first, numbers.count > 1 else { return [numbers] }
        return permutations(Array(numbers.dropFirst())).flatMap { rest in
            (0...rest.count).map { Array(rest[..<$0]) + [first] + rest[$0...] }
        }
    }
}

extension TableFamily {
    /// Whether a packet may pass chains of both families.
    fileprivate func meets(_ other: Self) -> Bool {
        self == other || self == .inet && [.ipv4, .ipv6].contains(other)
            || other == .inet && [.ipv4, .ipv6].contains(self)
    }
}

/// What a base chain and the chains that it calls read and change of a packet.
private struct ChainEffects {
    private enum Property { case mark, connectionMark, packetType, labels, tracking, zone, source, destination }

    private var changed: Set<Property> = []
    private var read: Set<Property> = []

    init(_ entry: Hooks.Entry, in table: Table, _ readsMarks: Bool) {
        for expression in table.rules(from: entry.chain).flatMap(\.expressions) { add(expression, entry.base.hook) }
        if !readsMarks { changed.subtract([.mark, .connectionMark]) }
    }

    /// Whether it makes a difference which of both runs first.
    ///
    /// Labels are added, and tracking is stopped, in any order alike.
    func decides(on other: Self) -> Bool {
        !changed.isDisjoint(with: other.read) || !other.changed.isDisjoint(with: read)
            || !changed.intersection(other.changed).isSubset(of: [.labels, .tracking])
    }

    private mutating func add(_ expression: Expression, _ hook: Hook) {
        switch expression {
        case .meta(.mark, _): read.insert(.mark)
        case .meta(.packetType, _): read.insert(.packetType)
        case .conntrack(let load):
            read.formUnion([.tracking, .destination])
            read.insert(load.key == .mark ? .connectionMark : load.key == .labels ? .labels : .tracking)
        case .payload(let payload):
            let isTarget = payload.base == .transport || payload.end > 16
            read.formUnion(isTarget ? [.source, .destination] : [.source])
        case .route: read.formUnion([.mark, .destination])
        case .setConntrack(let assignment):
            if assignment.key == .labels { changed.insert(.labels) }
            if assignment.key == .mark { changed.insert(.connectionMark) }
            if assignment.key == .zone { changed.insert(.zone) }
        case .opaque(name: "notrack", _): changed.insert(.tracking)
        case .opaque(name: "meta", _): changed.formUnion([.mark, .packetType])
        case .opaque(name: "ct", _): changed.insert(.connectionMark)
        case .opaque(name: "payload", _): changed.formUnion([.source, .destination])
        case .translate(let translation) where translation.kind == .source:
            // Behind the postrouting hook nothing reads it.
            if hook != .postrouting { changed.insert(.source) }
        case .translate, .redirect: changed.insert(.destination)
        default: break
        }
    }
}

extension Table {
    /// The rules of a chain, and of those that it may call; all rules of the table if a map decides which.
    fileprivate func rules(from start: Chain) -> [Rule] {
        var (known, waiting): (Set<String>, [Chain]) = ([start.name], [start])
        var rules: [Rule] = []
        while let chain = waiting.popLast() {
            rules += chain.rules
            for expression in chain.rules.flatMap(\.expressions) {
                switch expression {
                case .lookup(let lookup) where lookup.destination == .verdict: return chains.flatMap(\.rules)
                case .verdict(.jump(let name)), .verdict(.goto(let name)):
                    guard known.insert(name).inserted, let called = self.chain(name) else { continue }
                    waiting.append(called)
                default: break
                }
            }
        }
        return rules
    }
}
