internal import Rulesets

/// Sentences at the head of a policy about the rules that it was written from.
struct Surroundings {
    /// The sentences.
    let sentences: [String]

    /// The sentences about the tables of a takeover.
    init(_ takeover: Takeover) {
        let going = takeover.lost.filter { lost in
            takeover.whole.contains { $0.name == lost.table && $0.chain(lost.chain)?.base?.hook == .forward }
        }.map { "\($0.table) \($0.chain)" }
        // Rules of other programs may stay in a chain that accepts by default from then on.
        let forwarding = takeover.remaining.flatMap(\.forwardFilters).filter { !going.contains($0) }
        let leaving = takeover.remaining.flatMap(\.outputFilters)
        let before: [String?] = [
            "Those rules stay loaded, and decide as well, until the commands that import lists have removed them.",
            FirewalldZones(takeover.whole).sentence,
            going.isEmpty
                ? nil
                : "Packets that this host forwards are filtered by \(going.listed); \(going.count == 1 ? "that goes" : "those go"), and this policy has nothing in its place.",
            forwarding.isEmpty
                ? nil
                : "Packets that this host forwards are filtered by \(forwarding.listed), which \(forwarding.count == 1 ? "stays" : "stay"): they are no part of this policy.",
        ]
        let sending =
            leaving.isEmpty
            ? nil
            : "What this host sends is filtered by \(leaving.listed), which \(leaving.count == 1 ? "stays" : "stay")."
        sentences = (before + takeover.whole.flatMap(\.passageSentences) + [sending]).compactMap(\.self)
    }
}

extension Table {
    /// The base chains that filter forwarded packets, of people and not of programs that run containers.
    fileprivate var forwardFilters: [String] { filters(.forward).map { "\(name) \($0.name)" } }

    /// The same of packets that this host sends.
    fileprivate var outputFilters: [String] { filters(.output).map { "\(name) \($0.name)" } }

    private func filters(_ hook: Hook) -> [Chain] {
        guard !isOfNeighbour else { return [] }
        return chains.filter { chain in
            guard let base = chain.base, base.type == "filter", base.hook == hook else { return false }
            return base.policy == .drop || chain.rules.contains { !isOfNeighbour($0) }
        }
    }

    /// What each filter of forwarded packets lets through or refuses, in a sentence.
    fileprivate var passageSentences: [String] {
        withNativeExtensions.filters(.forward).map { chain in
            let rules = chains(from: chain) { !isOfNeighbour($0) }.flatMap { found in
                (withNativeExtensions.chain(found.name) ?? found).rules.filter { !isOfNeighbour($0) }
            }
            let last = chain.rules.last.map { $0.refuses(in: name.family) && !$0.hasCondition }
            let drops = chain.base?.policy == .drop || last == true
            let verb = drops ? "refuses forwarded packets" : "lets forwarded packets through"
            let exceptions = exceptions(rules, drops).joined(separator: ", ")
            return exceptions.isEmpty
                ? "\(name) \(chain.name) \(verb)." : "\(name) \(chain.name) \(verb), but for \(exceptions)."
        }
    }

    /// The exceptions of a filter in words; the first of many rules in nft's notation.
    private func exceptions(_ rules: [Rule], _ drops: Bool) -> [String] {
        let others = rules.filter {
            drops ? $0.expressions.last == .verdict(.accept) : $0.refuses(in: name.family) && $0.hasCondition
        }
        var kinds: [String] = []
        var texts: [String] = []
        for text in others.map({ $0.withoutComment.text(in: name.family) }) {
            let kind = text.contains("established") ? "replies" : text.contains("icmp") ? "ICMP" : nil
            if let kind, drops {
                if !kinds.contains(kind) { kinds.append(kind) }
            } else if !text.contains("ct state invalid"), !texts.contains(text) {
                texts.append(text)
            }
        }
        let more = texts.count - Self.listedRules
        return kinds + texts.prefix(Self.listedRules).map { "\"\($0)\"" }
            + (more > 0 ? ["\(more) more rule\(more == 1 ? "" : "s")"] : [])
    }

    /// More rules than these are counted.
    private static var listedRules: Int { 3 }
}

extension Rule {
    /// Whether it drops or rejects.
    fileprivate func refuses(in family: TableFamily) -> Bool {
        expressions.last == .verdict(.drop) || answer(in: family) != nil
    }

    /// The rule without its comment and its counter.
    fileprivate var withoutComment: Rule { Rule(expressions.filter { $0 != .counter }) }
}

extension [String] {
    /// The elements with commas.
    fileprivate var listed: String { joined(separator: ", ") }
}
