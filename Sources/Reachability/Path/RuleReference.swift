public import Rulesets

/// A rule, the policy of a base chain, or a chain that decides on a packet or makes the verdict unknown.
public struct RuleReference: Hashable, Sendable {
    /// The table.
    public var table: TableName
    /// The chain.
    public var chain: String
    /// The index of the rule in the chain, from 0; `nil` for the policy or the chain itself.
    public var index: Int?
    /// The rule; `nil` without `index`.
    public var rule: Rule?
    /// The policy of the base chain; `nil` for a rule or the chain itself.
    public var policy: BaseChain.Policy?
    /// Whether the evaluation ended here because the ruleset has too many combinations.
    public var isBeyondBudget: Bool
    /// Whether it is not known when the chain runs, and the verdict depends on that.
    public var isOfUnknownOrder: Bool

    /// A reference of these parts.
    public init(
        table: TableName, chain: String, index: Int? = nil, rule: Rule? = nil, policy: BaseChain.Policy? = nil,
        isBeyondBudget: Bool = false, isOfUnknownOrder: Bool = false
    ) {
        self.table = table
        self.chain = chain
        self.index = index
        self.rule = rule
        self.policy = policy
        self.isBeyondBudget = isBeyondBudget
        self.isOfUnknownOrder = isOfUnknownOrder
    }
}

extension RuleReference: CustomStringConvertible {
    /// Table, chain, and the rule in nft's notation: `inet filter input: tcp dport 22 drop`.
    public var description: String {
        let place = "\(table) \(chain)"
        if let rule {
            let end = isBeyondBudget ? " (not evaluated from here on: too many combinations of rules)" : ""
            return "\(place): \(rule.text(in: table.family))\(end)"
        }
        if isOfUnknownOrder {
            return "\(place) (another table has a chain of this priority: the kernel does not tell their order)"
        }
        return policy.map { "\(place): policy \($0)" } ?? place
    }
}
