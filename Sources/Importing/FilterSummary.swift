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
    /// The rules that decide otherwise than its default, in nft's notation.
    private(set) var rules: [String] = []

    /// More rules than these are counted.
    private static let listedRules = 8

    /// The summary of a base chain with all that it leads to.
    init(_ chain: Chain, of table: Table, at hook: Hook) {
        (self.hook, self.table, self.chain) = (hook, table.name, chain.name)
        let family = table.name.family
        let rules = table.chains(from: chain) { !table.isOfNeighbour($0) }.flatMap { found in
            (table.chain(found.name) ?? found).rules.filter { !table.isOfNeighbour($0) }
        }
        let last = chain.rules.last.map { $0.refuses(in: family) && !$0.hasCondition }
        drops = chain.base?.policy == .drop || last == true
        for rule in rules {
            let isException =
                drops ? rule.expressions.last == .verdict(.accept) : rule.refuses(in: family) && rule.hasCondition
            if isException { add(rule.withoutComment.text(in: family)) }
        }
    }

    private mutating func add(_ text: String) {
        let kind = text.contains("established") ? "replies" : text.contains("icmp") ? "ICMP" : nil
        if let kind, drops {
            if !kinds.contains(kind) { kinds.append(kind) }
        } else if !text.contains("ct state invalid"), !rules.contains(text) {
            rules.append(text)
        }
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
            return base.policy == .drop || chain.rules.contains { !isOfNeighbour($0) }
        }.map { FilterSummary($0, of: self, at: hook) }
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
