internal import Addressing
internal import Compiler
internal import Kernel
internal import Policies
internal import Rulesets
internal import System

/// What applying a policy would change.
struct PlannedChange {
    let policy: Policy
    /// What it compiles to, with those who are let in for a time.
    let compiled: CompiledPolicy
    /// The same without them.
    let table: Table
    /// The grants that end with their service.
    let ending: [GrantRecord]
    /// What is live, the tables of others too.
    let ruleset: WholeRuleset
    let transaction: Transaction

    /// Compiles the policy, and reads what is live.
    init(_ policy: Policy, onto store: any RulesetStore, carrying grants: GrantBook) throws(KernelError) {
        let compiled = compile(policy)
        self.init(policy, compiled, onto: try WholeRuleset(store, expecting: [compiled.table]), grants)
    }

    private init(
        _ policy: Policy, _ plain: CompiledPolicy, onto ruleset: WholeRuleset, _ grants: GrantBook
    ) {
        self.policy = policy
        self.ruleset = ruleset
        let live = ruleset.own.table
        table = plain.table
        compiled = grants.target(plain.table, onto: live).map(plain.carrying) ?? plain
        let kept = Set(grants.ending(with: plain.table).records)
        ending = grants.active.filter { !kept.contains($0) }
        transaction = Transaction(from: live, to: compiled.table, named: Names.table)
    }

    /// What changes, object by object: worked out anew each time.
    var objects: [ObjectChange] { ObjectChange.all(of: transaction, in: snapshot.table) }

    /// The table that portreeve owns, as it is.
    var snapshot: TableSnapshot { ruleset.own }

    /// Whether there is nothing to do.
    var isEmpty: Bool { transaction.isEmpty }

    /// The plan for people.
    func text(_ consequences: Consequences, _ console: Console, verbose: Bool) -> String {
        if isEmpty { return "in sync: nothing to do" }
        let change = PolicyChange(self)
        let lines =
            sourceLines(change).map { styled($0.line, $0.action, console) }
            + otherLines(change.services, console, verbose)
        let sections =
            [lines] + consequences.sections(console, isWhole: verbose) + [[summary(change.services)]]
        return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private func styled(_ line: String, _ action: ObjectChange.Action, _ console: Console) -> String {
        switch action {
        case .add: console.styled(line, .green)
        case .remove: console.styled(line, .red)
        case .change: console.styled(line, .yellow)
        }
    }

    /// A line a service, in columns, and one for `deny`.
    private func sourceLines(_ change: PolicyChange) -> [(line: String, action: ObjectChange.Action)] {
        let (services, old, new) = (change.services, change.old, change.new)
        let nameWidth = services.map(\.name.count).max() ?? 0
        let portWidth = min(services.map(\.ports.count).max() ?? 0, 24)
        var lines = services.map { change in
            let columns = [change.name.padded(to: nameWidth), change.ports.padded(to: portWidth)] + change.details
            return ("\(change.action.sign) \(columns.joined(separator: "  "))", change.action)
        }
        let (gained, lost) = (new.denied.subtracting(old.denied), old.denied.subtracting(new.denied))
        if !gained.isEmpty { lines.append(("+ deny  from \(gained.text)", .add)) }
        if !lost.isEmpty { lines.append(("- deny  from \(lost.text)", .remove)) }
        lines += ending.map { ("- grant  \($0.service) from \($0.address)  ends with its service", .remove) }
        return lines
    }

    /// A line an object: those that no line of a service tells of, or all.
    private func otherLines(_ services: [ServiceChange], _ console: Console, _ verbose: Bool) -> [String] {
        let isNew = snapshot.table == nil
        let told = Set(services.map(\.name))
        let shown = objects.filter { change in
            if verbose { return true }
            if isNew { return change.object == "table" }
            return !change.isTold(by: told) && !change.name.hasPrefix("deny-")
        }
        return shown.map { change in
            let texts = [change.before, change.after].compactMap { $0 }.filter { !$0.isEmpty && $0 != change.name }
            let head = "\(change.action.sign) \(change.object) \(change.name)"
            return styled(
                ([head] + texts.prefix(1) + texts.dropFirst().map { "-> \($0)" }).joined(separator: "  "),
                change.action, console)
        }
    }

    /// What it was, in a few words, for the history.
    var record: String {
        var counts = [(policy.services.count, "added")]
        // The first table has every service of the policy: none need be read from it.
        if snapshot.table != nil {
            let services = PolicyChange(self).services
            counts = [(ObjectChange.Action.add, "added"), (.change, "changed"), (.remove, "removed")]
                .map { action, word in (services.count { $0.action == action }, word) }
        }
        counts.removeAll { $0.0 == 0 }
        guard !counts.isEmpty else { return "no service changed" }
        return "services: " + counts.map { "\($0) \($1)" }.joined(separator: ", ")
    }

    /// What it amounts to, in one line.
    private func summary(_ services: [ServiceChange]) -> String {
        let counts = [ObjectChange.Action.add, .change, .remove].map { action in
            "\(services.count { $0.action == action }) to \(action.rawValue)"
        }
        return
            "services: \(counts.joined(separator: ", ")); \(counted(transaction.operations.count, "step")) in one transaction"
    }

    /// The plan for programs.
    func json(_ consequences: Consequences, _ orphaned: OrphanedSessions) -> JSON {
        let serviceChanges = PolicyChange(self).services.map { change in
            ObjectChange(
                action: change.action, object: "service", name: change.name,
                before: change.before.map { "\($0.portsText) from \($0.sources.text)" },
                after: change.after.map { "\($0.portsText) from \($0.sources.text)" }
            ).json
        }
        return [
            "format_version": 1, "in_sync": .bool(isEmpty), "generation": .number(Int(snapshot.generation)),
            "changes": .array(serviceChanges + objects.map(\.json)),
            "access": consequences.access.json, "breaks": .array(consequences.breakages.map(\.json)),
            "sessions": orphaned.json,
        ]
    }
}

/// What becomes of the services and of those who are denied, read from both tables.
private struct PolicyChange {
    let old: LoadedPolicy
    let new: LoadedPolicy
    let services: [ServiceChange]

    init(_ plan: PlannedChange) {
        old = LoadedPolicy(plan.isEmpty ? nil : plan.snapshot.table)
        new = LoadedPolicy(plan.isEmpty ? nil : plan.compiled.table)
        services = ServiceChange.all(from: old, to: new, of: plan.policy)
    }
}

extension String {
    /// The text, filled with spaces on the right.
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
