public import Compiler
public import Kernel
public import Policies
internal import Printing
public import Rulesets
public import System

/// The changes that `apply` would make.
public struct PlannedChange {
    /// The policy.
    public let policy: Policy
    /// The compiled policy with the current grants.
    public let compiled: CompiledPolicy
    /// The compiled policy without grants.
    public let table: Table
    /// The live tables, including those of other programs.
    public let ruleset: WholeRuleset
    /// The steps.
    public let transaction: Transaction

    /// What the change means for the services and the other parts of a policy.
    public let meaning: PolicyChange

    /// Compiles the policy, and reads the live tables.
    public init(
        _ policy: Policy, onto store: any RulesetStore, carrying grants: GrantBook
    ) throws(KernelError) {
        let plain = compile(policy)
        ruleset = try WholeRuleset(store, expecting: [plain.table])
        let live = ruleset.own.table
        self.policy = policy
        table = plain.table
        compiled = grants.target(plain.table, onto: live).map(plain.carrying) ?? plain
        transaction = Transaction(from: live, to: compiled.table, named: Names.table)
        meaning = PolicyChange(from: live, to: compiled.table, of: policy, ending: grants.ended(by: plain.table))
    }

    /// The live table of portreeve.
    public var snapshot: TableSnapshot { ruleset.own }

    /// Whether there is nothing to change.
    public var isEmpty: Bool { transaction.isEmpty }

    /// The access that the live table allows.
    public var before: DecompiledPolicy { meaning.before }

    /// The access that the table after the change allows.
    public var after: DecompiledPolicy { meaning.after }

    /// The changes of services, by name.
    public var services: [ServiceChange] { isEmpty ? [] : meaning.services }

    /// The changes of entries of `trusted`, by name.
    public var trusted: [ServiceChange] { isEmpty ? [] : meaning.trusted }

    /// The changes of lines of `outbound`, by name.
    public var outbound: [ServiceChange] { isEmpty ? [] : meaning.outbound }

    /// The changes by object, computed on every access.
    public var objects: [ObjectChange] { ObjectChange.all(of: transaction, in: snapshot.table) }

    /// At most this many services are named in a summary.
    private static let namedServices = 3

    /// A summary for the history.
    ///
    /// Where no service changes, it names what else does since `record`, the change that is in force.
    public func summary(since record: @autoclosure () -> AppliedRecord?) -> String {
        var counts = [(policy.services.count, "added", "")]
        // The first table adds every service of the policy, so none need be decompiled from it.
        if snapshot.table != nil {
            counts = [(ObjectChange.Action.add, "added"), (.change, "changed"), (.remove, "removed")]
                .map { action, word in
                    let names = services.filter { $0.action == action }.map(\.name)
                    return (names.count, word, " (\(names.listed(atMost: Self.namedServices)))")
                }
        }
        counts.removeAll { $0.0 == 0 }
        let lines = outbound.isEmpty ? "" : "\(outbound.count) of outbound"
        guard !counts.isEmpty || !lines.isEmpty else {
            let old = record()?.policy(ReadingOptions())
            let parts = old.map { PolicyDifference(from: $0, to: policy).parts } ?? []
            return parts.isEmpty ? "no service changed" : parts.joined(separator: ", ")
        }
        guard !counts.isEmpty else { return "lines changed: \(lines)" }
        let text = "services: " + counts.map { "\($0) \($1)\($2)" }.joined(separator: ", ")
        return lines.isEmpty ? text : "\(text); lines changed: \(lines)"
    }
}
