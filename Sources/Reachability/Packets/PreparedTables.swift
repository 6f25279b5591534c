public import Rulesets

/// Tables as packets meet them: made once for many packets, since that looks at every rule.
public struct PreparedTables {
    /// The hooks in each possible order of their chains.
    let alternatives: [Hooks]
    let ties: ChainTies

    /// All tables of a ruleset, in the order in which the kernel lists them.
    public init(_ tables: [Table]) {
        let hooks = Hooks(tables: tables)
        (alternatives, ties) = (hooks.alternatives, hooks.ties)
    }
}
