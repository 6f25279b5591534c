public import Rulesets

/// A table as of one generation of the ruleset.
public struct TableSnapshot: Hashable, Sendable {
    /// The generation; every commit by any process makes a new one.
    public var generation: UInt32
    /// The table; `nil` if it does not exist.
    public var table: Table?
    /// The kernel's number of the table, which no later table gets before the next boot; `nil` without a table.
    public var handle: UInt64?
    /// The handles and counters of the rules, in order, by the name of the chain.
    public var states: [String: [RuleState]]
    /// The sets that were not dumped: the kernel confirmed the expected elements.
    public var confirmedSets: Set<String> = []

    /// The generation after one more commit: `nf_tables_commit` leaves out 0.
    public var nextGeneration: UInt32 { generation == .max ? 1 : generation + 1 }

    /// A snapshot of these parts.
    public init(generation: UInt32, table: Table?, states: [String: [RuleState]] = [:]) {
        self.generation = generation
        self.table = table
        self.states = states
    }
}

/// The handle and the counter of a rule.
public struct RuleState: Hashable, Sendable {
    /// The kernel's number of the rule, unique in its table.
    public var handle: UInt64
    /// The number of packets in its first counter; `nil` if it has none.
    public var packets: UInt64?
    /// The number of bytes in them.
    public var bytes: UInt64?

    /// A state of these parts.
    public init(handle: UInt64, packets: UInt64? = nil, bytes: UInt64? = nil) {
        self.handle = handle
        self.packets = packets
        self.bytes = bytes
    }
}
