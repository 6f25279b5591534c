public import Rulesets

/// A place in a ruleset that decides over a packet, or that keeps others from knowing.
public struct RuleReference: Hashable, Sendable {
    /// The table.
    public var table: TableName
    /// The chain.
    public var chain: String
    /// The place of the rule in the chain, from 0; `nil` for the policy at a base chain's end, and for the chain itself.
    public var index: Int?
    /// The rule; `nil` where there is no `index`.
    public var rule: Rule?
    /// The chain's policy, where that is meant.
    public var policy: BaseChain.Policy?

    /// A place of these parts.
    public init(table: TableName, chain: String, index: Int? = nil, rule: Rule? = nil, policy: BaseChain.Policy? = nil)
    {
        self.table = table
        self.chain = chain
        self.index = index
        self.rule = rule
        self.policy = policy
    }
}

extension RuleReference: CustomStringConvertible {
    /// Table, chain, and the rule as nft writes it: `inet filter input: tcp dport 22 drop`.
    public var description: String {
        let place = "\(table) \(chain)"
        if let rule { return "\(place): \(rule.text(in: table.family))" }
        return policy.map { "\(place): policy \($0)" } ?? place
    }
}
