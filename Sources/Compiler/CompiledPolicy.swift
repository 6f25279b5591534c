public import Policies
public import Rulesets

/// The compiled table of a policy, and the places in the policy that its parts come from.
public struct CompiledPolicy: Hashable, Sendable {
    /// The table.
    public var table: Table
    /// The places in the policy.
    public var origins: Origins
}

/// The places in the policy of chains and sets.
public struct Origins: Hashable, Sendable {
    /// The place of the service of each chain, by the name of the chain.
    public var chains: [String: SourceLocation] = [:]
    /// The place of the sources of each set, by the name of the set.
    public var sets: [String: SourceLocation] = [:]
    /// The place of `deny`, for rules of the base chains that match sources; `nil` without `deny`.
    public var deny: SourceLocation?

    init() {}
}
