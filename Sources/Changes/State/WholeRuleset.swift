public import Addressing
internal import Auditing
internal import Compiler
public import Kernel
public import Listeners
public import Reachability
public import Rulesets
public import System

/// Every table of a host at one generation.
public struct WholeRuleset {
    /// The generation.
    public let generation: UInt32
    /// The snapshot of portreeve's table.
    public let own: TableSnapshot
    /// The tables of other programs, in the order of their creation.
    public let others: [Table]
    /// The tables of `iptables-legacy`.
    public let legacy: [LegacyTable]
    /// The addresses of the host; `nil` if they are not known.
    public let addresses: AddressSet?
    /// The routes of the host; `nil` if they are not known.
    public let routes: Routes?
    /// The interfaces and routes of the host, which are asked of the kernel; `nil` if they are not known.
    public let network: (any HostNetwork)?
    /// The gateways of the host; empty if they are not known.
    public let gateways: Set<IPAddress>

    /// The number of attempts to read all tables between two changes.
    private static let attempts = 8

    /// Reads all tables; portreeve's is read faster if its big sets equal those in one of `candidates`.
    public init(_ store: any RulesetStore, expecting candidates: [Table] = []) throws(KernelError) {
        for _ in 0..<Self.attempts {
            let own = try store.snapshot(of: Names.table, expecting: candidates)
            let others = try Self.others(store)
            let isWhole = store.toleratesChanges ? true : try store.generation() == own.generation
            guard isWhole else { continue }
            (generation, self.own, self.others) = (own.generation, own, others)
            legacy = store.legacyTables()
            addresses = store.addresses()
            network = store.network()
            routes = network.flatMap { Routes($0) }
            gateways = network?.gateways ?? []
            return
        }
        throw KernelError(
            .interrupted, "reading the ruleset", answer: "it was changed during each of \(Self.attempts) attempts")
    }

    /// The current tables of other programs.
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

    /// The circumstances in which packets meet the current tables.
    static func circumstances(_ store: any RulesetStore, now: Int64) -> Circumstances {
        Circumstances(now: now, addresses: store.addresses(), routes: store.network().flatMap { Routes($0) })
    }

    /// The current tables of other programs, and models of those of `iptables-legacy`.
    static func neighbours(_ store: any RulesetStore) throws(KernelError) -> [Table] {
        try others(store) + store.legacyTables().compactMap(\.model)
    }

    /// The tables of other programs, and models of those of `iptables-legacy`.
    public var neighbours: [Table] { others + legacy.compactMap(\.model) }

    /// Every table.
    public var tables: [Table] { (own.table.map { [$0] } ?? []) + neighbours }

    /// The circumstances in which packets meet the tables.
    public func circumstances(now: Int64) -> Circumstances {
        Circumstances(now: now, addresses: addresses, routes: routes)
    }
}

extension WholeRuleset {
    /// The packets in the first counter of a rule of portreeve's table.
    func packets(ofRule index: Int, in chain: String) -> UInt64 {
        guard let states = own.states[chain], states.indices.contains(index) else { return 0 }
        return states[index].packets ?? 0
    }

    /// The connections of this host that no line of `outbound` let out, and that `audit` let pass or `reject` refused; `nil` where
    /// the table looks at none.
    public var outboundHits: UInt64? {
        let name = [Names.outboundAudit, Names.outboundRefuse].first { own.table?.chain($0) != nil }
        guard let name, let rules = own.table?.chain(name)?.rules else { return nil }
        return rules.indices.reduce(0) { $0 &+ packets(ofRule: $1, in: name) }
    }

    /// The packets that the rules of each loaded service, or line of `outbound`, accepted, by the handle of the rule.
    public var counters: [String: [UInt64: UInt64]] {
        var counters: [String: [UInt64: UInt64]] = [:]
        for chain in own.table?.chains ?? [] {
            let service: String
            switch Names.purpose(ofChain: chain.name) {
            case .service(let name): service = name
            case .line(let name): service = ServiceUsage.key(ofLine: name)
            default: continue
            }
            for (rule, state) in zip(chain.rules, own.states[chain.name] ?? []) {
                guard rule.expressions.last == .verdict(.accept), let packets = state.packets else { continue }
                counters[service, default: [:]][state.handle] = packets
            }
        }
        return counters
    }
}

extension Table {
    /// A stand-in for a table that could not be read: the verdict on every packet is unknown.
    fileprivate init(unreadable name: TableName) {
        let base = BaseChain(type: "filter", hook: .prerouting, priority: 0, policy: .accept)
        let rule = Rule([.opaque(name: "unreadable", attributes: [])])
        self.init(name: name, chains: [Chain(name: "unreadable", base: base, rules: [rule])])
    }
}
