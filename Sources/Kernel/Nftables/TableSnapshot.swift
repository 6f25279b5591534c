public import Rulesets

/// A table as it was at one generation of the ruleset.
public struct TableSnapshot: Hashable, Sendable {
    /// The generation: every commit by anybody makes a new one.
    public var generation: UInt32
    /// The table; `nil` when there is none of this name.
    public var table: Table?
    /// What the kernel keeps with the rules: by the name of the chain, one for each rule, in order.
    public var states: [String: [RuleState]]
    /// The sets that were not dumped: the kernel confirmed that they hold what was expected.
    public var confirmedSets: Set<String> = []

    /// A snapshot of these parts.
    public init(generation: UInt32, table: Table?, states: [String: [RuleState]] = [:]) {
        self.generation = generation
        self.table = table
        self.states = states
    }
}

/// What the kernel keeps with a rule.
public struct RuleState: Hashable, Sendable {
    /// The number by which the kernel knows the rule: unique in its table.
    public var handle: UInt64
    /// The packets that its first counter has counted; `nil` when it has none.
    public var packets: UInt64?
    /// Their bytes.
    public var bytes: UInt64?

    /// A state of these parts.
    public init(handle: UInt64, packets: UInt64? = nil, bytes: UInt64? = nil) {
        self.handle = handle
        self.packets = packets
        self.bytes = bytes
    }
}
