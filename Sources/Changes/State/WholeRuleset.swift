public import Addressing
internal import Compiler
public import Kernel
public import Reachability
public import Rulesets
public import System

/// Every table of a host, as they were at one generation.
public struct WholeRuleset {
    /// The generation.
    public let generation: UInt32
    /// The table that portreeve owns, with what a commit needs.
    public let own: TableSnapshot
    /// The tables of others, in the order of their making.
    public let others: [Table]
    /// The addresses of the host; `nil` where they are not known.
    public let addresses: AddressSet?

    /// How often the tables are read before giving up on reading them between two changes.
    private static let attempts = 8

    /// Reads all tables; the own one faster where its big sets hold what they hold in one of `candidates`.
    public init(_ store: any RulesetStore, expecting candidates: [Table] = []) throws(KernelError) {
        for _ in 0..<Self.attempts {
            let own = try store.snapshot(of: Names.table, expecting: candidates)
            let others = try Self.others(store)
            guard try store.generation() == own.generation else { continue }
            (generation, self.own, self.others) = (own.generation, own, others)
            addresses = store.addresses()
            return
        }
        throw KernelError(
            .interrupted, "reading the ruleset", answer: "it changed \(Self.attempts) times while it was read")
    }

    /// The tables that portreeve does not own, as they are at this moment.
    public static func others(_ store: any RulesetStore) throws(KernelError) -> [Table] {
        var others: [Table] = []
        for name in try store.tableNames() where name != Names.table {
            do throws(KernelError) {
                if let table = try store.snapshot(of: name).table { others.append(table) }
            } catch {
                others.append(Table(unreadable: name))
            }
        }
        return others
    }

    /// Every table.
    public var tables: [Table] { (own.table.map { [$0] } ?? []) + others }

    /// What holds for packets that meet it.
    public func circumstances(now: Int64) -> Circumstances { Circumstances(now: now, addresses: addresses) }
}

extension WholeRuleset {
    /// What the rules that let a service's connections in have counted; `nil` where nothing of it is loaded.
    public func packets(of service: String) -> UInt64? {
        let counts = Names.chains(of: service).flatMap { name -> [UInt64] in
            let rules = own.table?.chain(name)?.rules ?? []
            return zip(rules, own.states[name] ?? []).compactMap { rule, state in
                rule.expressions.last == .verdict(.accept) ? state.packets : nil
            }
        }
        return counts.isEmpty ? nil : counts.reduce(0, &+)
    }
}

extension Table {
    /// What stands for a table that could not be read: whatever meets it is unknown.
    fileprivate init(unreadable name: TableName) {
        let base = BaseChain(type: "filter", hook: .prerouting, priority: 0, policy: .accept)
        let rule = Rule([.opaque(name: "unreadable", attributes: [])])
        self.init(name: name, chains: [Chain(name: "unreadable", base: base, rules: [rule])])
    }
}
