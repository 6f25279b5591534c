public import Policies
public import Rulesets

/// The table that a policy compiles to, and where each part of it comes from.
public struct CompiledPolicy: Hashable, Sendable {
    /// The table.
    public var table: Table
    /// Where its parts come from.
    public var origins: Origins
}

/// The places in the policy that chains and sets come from.
public struct Origins: Hashable, Sendable {
    /// The place of each chain that a service makes.
    public var chains: [String: SourceLocation] = [:]
    /// The place of each set of sources.
    public var sets: [String: SourceLocation] = [:]
    /// The start of the policy, for what comes from it as a whole.
    public var policy: SourceLocation
    /// The place of `deny`, for the rules of the base chains that speak of sources.
    public var deny: SourceLocation?

    init(policy: SourceLocation) { self.policy = policy }

    /// The place of the chain, or of the policy.
    public func location(ofChain name: String) -> SourceLocation { chains[name] ?? policy }

    /// The place of the set, or of the policy.
    public func location(ofSet name: String) -> SourceLocation { sets[name] ?? policy }
}
