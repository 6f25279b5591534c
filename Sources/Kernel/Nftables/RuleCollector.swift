internal import CNftnl
internal import Rulesets

/// Collects the rules of a table, chain by chain, from the messages of a dump.
///
/// If the kernel has the expected rules, those are returned: a table of thousands of chains is then neither decoded nor
/// stored twice, and comparing it with the expected table is nearly free.
struct RuleCollector {
    /// The rules of one chain.
    struct Chain {
        /// The expected rules.
        private let expected: [Rule]
        /// The number of rules at the start that are as expected.
        private var agreeing = 0
        /// The rules from the first unexpected one on.
        private var others: [Rule] = []
        /// The handle and the counter of each rule.
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

    /// The expected tables, most likely first.
    private let candidates: [Table]
    private var comparison = RuleComparison()
    private var finished: [String: Chain] = [:]
    /// The chain of the last rule: a dump lists the rules chain by chain.
    private var open: (name: String, chain: Chain)?

    /// A collector that compares rules with the first candidate that has the chain.
    init(expecting candidates: [Table]) { self.candidates = candidates }

    /// Adds a rule; `false` if it is invalid.
    mutating func add(_ attributes: Attributes) -> Bool {
        let isOfOpenChain = (open?.name).map { attributes.has(NFTA_RULE_CHAIN, named: $0) } ?? false
        if !isOfOpenChain {
            guard let name = attributes.name(NFTA_RULE_CHAIN) else { return false }
            if let open { finished[open.name] = open.chain }
            open = (name, finished.removeValue(forKey: name) ?? Chain(expecting: expectation(name)))
        }
        return open?.chain.add(attributes, &comparison) ?? false
    }

    /// The rules by the name of their chain; chains without rules are missing.
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
