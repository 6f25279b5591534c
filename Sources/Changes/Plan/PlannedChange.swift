public import Compiler
public import Kernel
public import Policies
public import Rulesets
public import System

/// What applying a policy would change.
public struct PlannedChange {
    /// The policy.
    public let policy: Policy
    /// What it compiles to, with those who are let in for a time.
    public let compiled: CompiledPolicy
    /// The same without them.
    public let table: Table
    /// The grants that end with their service.
    public let ending: [GrantRecord]
    /// What is live, the tables of others too.
    public let ruleset: WholeRuleset
    /// The steps.
    public let transaction: Transaction

    private let policies: PlannedPolicies

    /// Compiles the policy, and reads what is live.
    public init(
        _ policy: Policy, onto store: any RulesetStore, carrying grants: GrantBook
    ) throws(KernelError) {
        let plain = compile(policy)
        ruleset = try WholeRuleset(store, expecting: [plain.table])
        let live = ruleset.own.table
        self.policy = policy
        table = plain.table
        compiled = grants.target(plain.table, onto: live).map(plain.carrying) ?? plain
        let kept = Set(grants.ending(with: plain.table).records)
        ending = grants.active.filter { !kept.contains($0) }
        transaction = Transaction(from: live, to: compiled.table, named: Names.table)
        policies = PlannedPolicies(live, compiled.table, policy)
    }

    /// The table that portreeve owns, as it is.
    public var snapshot: TableSnapshot { ruleset.own }

    /// Whether there is nothing to do.
    public var isEmpty: Bool { transaction.isEmpty }

    /// What the table that is live lets in.
    public var before: DecompiledPolicy { policies.before }

    /// What the table that is to be live lets in.
    public var after: DecompiledPolicy { policies.after }

    /// What becomes of the services, by name.
    public var services: [ServiceChange] { isEmpty ? [] : policies.services }

    /// What changes, object by object: worked out anew each time.
    public var objects: [ObjectChange] { ObjectChange.all(of: transaction, in: snapshot.table) }

    /// What it was, in a few words, for the history.
    public var summary: String {
        var counts = [(policy.services.count, "added")]
        // The first table has every service of the policy: none need be read from it.
        if snapshot.table != nil {
            counts = [(ObjectChange.Action.add, "added"), (.change, "changed"), (.remove, "removed")]
                .map { action, word in (services.count { $0.action == action }, word) }
        }
        counts.removeAll { $0.0 == 0 }
        guard !counts.isEmpty else { return "no service changed" }
        return "services: " + counts.map { "\($0) \($1)" }.joined(separator: ", ")
    }
}

/// What the tables of a plan are read back to: each once, when it is first asked for.
private final class PlannedPolicies {
    private let live: Table?
    private let target: Table
    private let policy: Policy

    lazy var before = DecompiledPolicy(live)
    lazy var after = DecompiledPolicy(target)
    lazy var services = ServiceChange.all(from: before, to: after, of: policy)

    init(_ live: Table?, _ target: Table, _ policy: Policy) {
        self.live = live
        self.target = target
        self.policy = policy
    }
}
