internal import CNftnl
internal import Rulesets

/// Gathers the rules of a table, chain by chain, from the messages of a dump.
///
/// Where the kernel has just the rules that are expected, these are given back: a table of thousands of chains is then
/// neither decoded nor kept twice, and comparing it with what was expected costs next to nothing.
struct RuleCollector {
    /// The rules of one chain.
    struct Chain {
        /// The rules that may be expected.
        private let expected: [Rule]
        /// How many rules from the start are those that are expected.
        private var agreeing = 0
        /// The rules from the first one on that is not.
        private var others: [Rule] = []
        /// What the kernel keeps with each rule.
        private(set) var states: [RuleState] = []

        fileprivate init(expecting expected: [Rule]) { self.expected = expected }

        /// The rules, in order.
        var rules: [Rule] {
            agreeing == expected.count && others.isEmpty ? expected : Array(expected[..<agreeing]) + others
        }

        fileprivate mutating func add(_ attributes: Attributes, _ comparison: inout RuleComparison) -> Bool {
            let place = states.count
            let expected = place < self.expected.count ? self.expected[place] : nil
            guard let received = ReceivedRule(from: attributes, expecting: expected, &comparison) else { return false }
            if others.isEmpty, received.rule == expected {
                agreeing += 1
            } else {
                others.append(received.rule)
            }
            states.append(received.state)
            return true
        }
    }

    /// The tables that may be expected, most likely first.
    private let candidates: [Table]
    private var comparison = RuleComparison()
    private var finished: [String: Chain] = [:]
    /// The chain of the last rule: a dump goes from chain to chain.
    private var open: (name: String, chain: Chain)?

    /// A collector that compares the rules with those of the first candidate that has the chain.
    init(expecting candidates: [Table]) { self.candidates = candidates }

    /// Takes a rule in; `false` when it does not read.
    mutating func add(_ attributes: Attributes) -> Bool {
        let isOfOpenChain = (open?.name).map { attributes.has(NFTA_RULE_CHAIN, named: $0) } ?? false
        if !isOfOpenChain {
            guard let name = attributes.name(NFTA_RULE_CHAIN) else { return false }
            if let open { finished[open.name] = open.chain }
            open = (name, finished.removeValue(forKey: name) ?? Chain(expecting: expectation(name)))
        }
        return open?.chain.add(attributes, &comparison) ?? false
    }

    /// The rules of each chain that has any, by its name.
    var chains: [String: Chain] {
        guard let open else { return finished }
        return finished.merging([open.name: open.chain]) { $1 }
    }

    private func expectation(_ chain: String) -> [Rule] {
        for table in candidates {
            if let chain = table.chain(chain) { return chain.rules }
        }
        return []
    }
}
