internal import Addressing
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
    private static let listedRules = 20

    /// The summary of a base chain with all that it leads to.
    init(_ chain: Chain, of table: Table, at hook: Hook) {
        (self.hook, self.table, self.chain) = (hook, table.name, chain.name)
        let family = table.name.family
        let chains = table.chains(from: chain) { !table.isOfNeighbour($0) }.map { table.chain($0.name) ?? $0 }
        let whole = Self.chainsForAll(chains, in: table)
        let last = chain.rules.last.map { $0.refuses(in: family) && !$0.hasCondition }
        drops = chain.base?.policy == .drop || last == true
        func decides(_ rule: Rule, in found: Chain) -> Bool {
            if drops, rule.refuses(in: family) { return rule.hasCondition && chains.accept(after: rule, in: found) }
            guard !drops else { return rule.expressions.last == .verdict(.accept) }
            return rule.refuses(in: family) && (rule.hasCondition || !whole.contains(found.name))
        }
        let hasParts = chains.contains { found in
            !whole.contains(found.name) && found.rules.contains { decides($0, in: found) }
        }
        var seen: Set<String> = []
        func walk(_ found: Chain) {
            guard seen.insert(found.name).inserted else { return }
            let start = whole.contains(found.name) ? "" : "\(found.name): "
            for rule in found.rules where !table.isOfNeighbour(rule) {
                let targets = rule.targets(table)
                // Where it leads, rules hold under its condition.
                let leads = hasParts && targets.contains { !whole.contains($0) }
                let text = start + rule.withoutComment.text(in: family)
                if decides(rule, in: found) || leads || drops && Self.kind(of: text) != nil { add(text) }
                // As a packet meets them.
                chains.filter { targets.contains($0.name) }.forEach(walk)
            }
        }
        walk(chains.first ?? chain)
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
        let (start, end) = ("ct state vmap { ", " }")
        if text.hasPrefix(start), text.hasSuffix(end) {
            let verdicts = Set(text.dropFirst(start.count).dropLast(end.count).split(separator: ", ").map(String.init))
            return verdicts.isSuperset(of: ["established : accept", "related : accept"])
                && verdicts.allSatisfy { rest in
                    rest.hasSuffix(" : accept") != (rest == "invalid : drop")
                } ? "replies" : nil
        }
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
        let start = "\(start) \(verb) but \(kinds.map { "\($0)," }.joined(separator: " "))"
        return [kinds.isEmpty ? "\(start.dropLast()):" : "\(start.dropLast()) and:"]
            + rules.joinedRuns.rules(atMost: Self.listedRules).map { "  \($0)" }
    }
}

extension [String] {
    /// The fewest rules in a row that are counted.
    private static var shortestRun: Int { 3 }

    /// The rules, of those in a row that differ only in addresses the first one and the number of the others.
    fileprivate var joinedRuns: Self {
        reduce(into: [[String]]()) { runs, rule in
            if let last = runs.last?.last, last.withoutAddresses == rule.withoutAddresses {
                runs[runs.count - 1].append(rule)
            } else {
                runs.append([rule])
            }
        }.flatMap { run in
            run.count < Self.shortestRun ? run : ["\(run[0]), and so for \(run.count - 1) more addresses"]
        }
    }
}

extension String {
    /// A rule with a mark in the place of each address.
    fileprivate var withoutAddresses: String {
        split(separator: " ").map { word in
            (try? AddressRange(String(word))) == nil ? String(word) : "*"
        }.joined(separator: " ")
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

extension [Chain] {
    /// Whether a rule behind this one lets packets through, or may: in its chain, or in one that leads there.
    fileprivate func accept(after rule: Rule, in chain: Chain, _ seen: Set<String> = []) -> Bool {
        guard let place = chain.rules.firstIndex(of: rule), !seen.contains(chain.name) else { return false }
        if chain.rules[chain.rules.index(after: place)...].contains(where: \.mayAccept) { return true }
        return contains { caller in
            caller.rules.contains {
                $0.target == chain.name && accept(after: $0, in: caller, seen.union([chain.name]))
            }
        }
    }
}

extension Rule {
    /// Whether it drops or rejects.
    func refuses(in family: TableFamily) -> Bool {
        expressions.last == .verdict(.drop) || answer(in: family) != nil
    }

    fileprivate var mayAccept: Bool { expressions.last == .verdict(.accept) || target != nil }

    /// The rule without its comment and its counter.
    fileprivate var withoutComment: Rule { Rule(expressions.filter { $0 != .counter }) }
}
