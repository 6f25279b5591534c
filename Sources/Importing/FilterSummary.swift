internal import Rulesets

/// What a filter of packets that are forwarded, or that this host sends, refuses.
struct FilterSummary {
    /// The hook: `forward` or `output`.
    let hook: Hook
    /// The table.
    let table: TableName
    /// The base chain.
    let chain: String
    /// Whether it refuses what no rule names.
    let drops: Bool
    /// What it lets through, where it refuses by default, in words: replies, ICMP.
    private(set) var kinds: [String] = []
    /// The rules that decide otherwise than its default, or before one that does, in nft's notation.
    private(set) var rules: [String] = []

    /// More rules than these are counted.
    private static let listedRules = 8

    /// The summary of a base chain with all that it leads to.
    init(_ chain: Chain, of table: Table, at hook: Hook) {
        (self.hook, self.table, self.chain) = (hook, table.name, chain.name)
        let family = table.name.family
        let chains = table.chains(from: chain) { !table.isOfNeighbour($0) }.map { table.chain($0.name) ?? $0 }
        let whole = Self.chainsForAll(chains, in: table)
        let last = chain.rules.last.map { $0.refuses(in: family) && !$0.hasCondition }
        drops = chain.base?.policy == .drop || last == true
        func decides(_ rule: Rule, in found: Chain) -> Bool {
            if drops, rule.refuses(in: family) { return rule.hasCondition && found.accepts(after: rule) }
            guard !drops else { return rule.expressions.last == .verdict(.accept) }
            return rule.refuses(in: family) && (rule.hasCondition || !whole.contains(found.name))
        }
        let hasParts = chains.contains { found in
            !whole.contains(found.name) && found.rules.contains { decides($0, in: found) }
        }
        for found in chains {
            let start = whole.contains(found.name) ? "" : "\(found.name): "
            for rule in found.rules where !table.isOfNeighbour(rule) {
                // Where it leads, rules hold under its condition.
                let leads = hasParts && rule.targets(table).contains { !whole.contains($0) }
                if decides(rule, in: found) || leads { add(start + rule.withoutComment.text(in: family)) }
            }
        }
    }

    /// The chains that all packets of the first one may meet: none that only rules with a condition lead to.
    private static func chainsForAll(_ chains: [Chain], in table: Table) -> Set<String> {
        var names: Set<String> = Set(chains.prefix(1).map(\.name))
        var count = 0
        while count < names.count {
            count = names.count
            for chain in chains where names.contains(chain.name) {
                for rule in chain.rules where !rule.hasCondition { names.formUnion(rule.targets(table)) }
            }
        }
        return names
    }

    private mutating func add(_ text: String) {
        if let kind = Self.kind(of: text), drops {
            if !kinds.contains(kind) { kinds.append(kind) }
        } else if !text.hasPrefix("ct state invalid"), !rules.contains(text) {
            rules.append(text)
        }
    }

    /// What a rule without any other condition lets through, in a word.
    private static func kind(of text: String) -> String? {
        let states = "established,related"
        let replies = [states, "{ established, related }", "related,established"]
        if replies.contains(where: { text == "ct state \($0) accept" }) { return "replies" }
        if text == "ct state vmap { invalid : drop, established : accept, related : accept }" { return "replies" }
        let protocols = ["icmp", "ipv6-icmp", "{ icmp, ipv6-icmp }"]
        let loads = ["meta l4proto", "ip protocol", "ip6 nexthdr"]
        return loads.contains { load in protocols.contains { text == "\(load) \($0) accept" } } ? "ICMP" : nil
    }

    /// Whether it refuses something.
    var refuses: Bool { drops || !rules.isEmpty }

    private var packets: String { hook == .output ? "what this host sends" : "forwarded packets" }

    /// A sentence that begins with `start`, and a line for each rule.
    func lines(_ start: String) -> [String] {
        let verb = drops ? "refuses \(packets)" : hook == .output ? "lets out \(packets)" : "lets \(packets) through"
        if rules.isEmpty {
            return ["\(start) \(verb)\(kinds.isEmpty ? "" : " but \(kinds.joined(separator: " and "))")."]
        }
        return ["\(start) \(verb) but:"] + (kinds + rules).rules(atMost: Self.listedRules).map { "  \($0)" }
    }
}

extension Table {
    /// The filters at a hook, of people and not of programs that run containers.
    func filters(_ hook: Hook) -> [FilterSummary] {
        guard !isOfNeighbour else { return [] }
        return chains.filter { chain in
            guard let base = chain.base, base.type == "filter", base.hook == hook else { return false }
            // An open default for what is forwarded is easily taken for a closed one.
            return base.policy == .drop || chain.rules.contains { !isOfNeighbour($0) }
                || hook == .forward && chain.rules.isEmpty
        }.map { FilterSummary($0, of: self, at: hook) }
    }
}

extension Chain {
    /// Whether a rule behind this one lets packets through, or may.
    fileprivate func accepts(after rule: Rule) -> Bool {
        guard let place = rules.firstIndex(of: rule) else { return false }
        return rules[rules.index(after: place)...].contains {
            $0.expressions.last == .verdict(.accept) || $0.target != nil
        }
    }
}

extension Rule {
    /// Whether it drops or rejects.
    func refuses(in family: TableFamily) -> Bool {
        expressions.last == .verdict(.drop) || answer(in: family) != nil
    }

    /// The rule without its comment and its counter.
    fileprivate var withoutComment: Rule { Rule(expressions.filter { $0 != .counter }) }
}
