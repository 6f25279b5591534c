internal import Addressing
internal import Auditing
internal import Changes
internal import Compiler
internal import Kernel
internal import Policies
internal import Rulesets

extension PlannedChange {
    /// The plan for people; `hint` is the option or the command that shows all lines.
    func text(
        _ consequences: Consequences, _ console: Console, verbose: Bool, hint: String = "--verbose"
    ) -> String {
        if isEmpty {
            let others = consequences.breakLines(console, isWhole: verbose, hint: hint).flatMap(\.self)
            return (["in sync: nothing to do"] + others).joined(separator: "\n")
        }
        let lines =
            sourceLines.map { styled($0.line, $0.action, console) } + otherLines(console, verbose)
        let sections =
            consequences.breakLines(console, isWhole: verbose, hint: hint)
            + [
                lines,
                consequences.accessLines(console, named: SourceNames(policy), isWhole: verbose, hint: hint), [counts],
            ]
        return sections.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    /// A sentence about what was applied, where the plan alone would mislead: nothing changes in the table although the file
    /// was edited, or the table was changed by another program.
    func note(since comparison: Verification, _ waiting: WaitingChange?) -> String? {
        guard let edit = comparison.verified.difference, isEmpty else { return driftNote(comparison) }
        if let waiting {
            return "nothing to load, but \(edit.sentence): \(waiting.firstStep) first, "
                + "then \"portreeve apply\" records the policy in the file"
        }
        return "nothing to load, but \(edit.sentence): \"portreeve apply\" records the policy in the file"
    }

    private func driftNote(_ comparison: Verification) -> String? {
        let drift = comparison.drift.filter { $0.severity != .notice }
        guard !isEmpty, comparison.verified.isRecorded, snapshot.table != nil, !drift.isEmpty else { return nil }
        return "the loaded table is not what was applied (\(counted(drift.count, "difference")), "
            + "which \"portreeve verify\" lists): this plan undoes that, too"
    }

    private func styled(_ line: String, _ action: ObjectChange.Action, _ console: Console) -> String {
        switch action {
        case .add: console.styled(line, .green)
        case .remove: console.styled(line, .red)
        case .change: console.styled(line, .yellow)
        }
    }

    /// One line per entry of `trusted` and per service, in columns, and lines for `deny` and for grants.
    private var sourceLines: [(line: String, action: ObjectChange.Action)] {
        let changes = trusted + services + outbound
        let nameWidth = changes.map(\.title.count).max() ?? 0
        let portWidth = min(changes.map(\.ports.count).max() ?? 0, 24)
        var lines = changes.map { change in
            let columns = [change.title.padded(to: nameWidth), change.ports.padded(to: portWidth)] + change.details
            return ("\(change.action.sign) \(columns.joined(separator: "  "))", change.action)
        }
        let gained = after.denied.subtracting(before.denied)
        let lost = before.denied.subtracting(after.denied)
        if before.outboundMode != after.outboundMode {
            lines.append(
                ("~ defaults.outbound  \(before.outboundMode.rawValue) -> \(after.outboundMode.rawValue)", .change))
        }
        if !gained.isEmpty { lines.append(("+ deny  from \(gained.text)", .add)) }
        if !lost.isEmpty { lines.append(("- deny  from \(lost.text)", .remove)) }
        lines += masquerades.map { ("\($0.action.sign) masquerade  \($0.name)  \($0.text)", $0.action) }
        lines += ending.map { grant in
            let isGone = !after.services.contains { $0.name == grant.service }
            let reason = isGone ? "with its service" : "since \"families\" leaves out \(grant.address.family)"
            return ("- grant  \(grant.service) from \(grant.address)  ends \(reason)", .remove)
        }
        return lines
    }

    /// One line per object: all, or those that the lines of services do not cover.
    private func otherLines(_ console: Console, _ verbose: Bool) -> [String] {
        let isNew = snapshot.table == nil
        let isOtherMode = before.outboundMode != after.outboundMode
        let lines = outbound.map { ObjectChange.outbound($0.name) } + (isOtherMode ? [ObjectChange.outbound("")] : [])
        let told = Set((trusted + services).map(\.name) + masquerades.map(\.name) + lines)
        let shown = objects.filter { change in
            verbose || (isNew ? change.isTable : !change.isImplied(by: told))
        }
        return shown.flatMap(ObjectLine.all).map { styled($0.text, $0.action, console) }
    }

    /// A summary in one line.
    private var counts: String {
        let counts = [ObjectChange.Action.add, .change, .remove].map { action in
            "\(services.count { $0.action == action }) to \(action.rawValue)"
        }
        let lines = outbound.isEmpty ? "" : "; outbound: \(counted(outbound.count, "line")) changed"
        return
            "services: \(counts.joined(separator: ", "))\(lines); \(counted(transaction.operations.count, "step")) in one transaction"
    }

    /// The plan for programs.
    func json(
        _ consequences: Consequences, _ orphaned: OrphanedSessions, since comparison: Verification?, lockout: Lockout?,
        _ waiting: WaitingChange?
    ) -> JSON {
        let serviceLines = [("trusted", trusted), ("service", services), ("outbound", outbound)].flatMap {
            object, changes in
            changes.map { change in
                let word = change.isOutbound ? "to" : "from"
                return
                    ObjectLine(
                        action: change.action, object: object, name: change.name,
                        before: change.before.map { "\($0.portsText) \(word) \($0.sources.text)" },
                        after: change.after.map { "\($0.portsText) \(word) \($0.sources.text)" }
                    )
            }
        }
        let translations = masquerades.map { change in
            ObjectLine(
                action: change.action, object: "masquerade", name: change.name, before: change.before?.text,
                after: change.after?.text)
        }
        let lines = serviceLines + translations + objects.flatMap(ObjectLine.all)
        return [
            "format_version": 1, "in_sync": .bool(isEmpty), "generation": .number(Int(snapshot.generation)),
            "changes": .array(lines.map(\.json)),
            "access": consequences.access.json, "breaks": .array(consequences.breakages.map(\.breakageJSON)),
            "sessions": orphaned.json, "edited": JSON(comparison?.verified.edit),
            "unknown_names": .array(policy.names.filter(\.isUnknown).map { .string($0.name) }),
            "drifted": .bool(comparison.flatMap(driftNote) != nil), "refused": JSON(lockout?.reasons),
            "pending": waiting?.json ?? .null,
        ]
    }
}

/// A change of an entry of `masquerade`.
private struct MasqueradeChange {
    let name: String
    let before: DecompiledMasquerade?
    let after: DecompiledMasquerade?

    var action: ObjectChange.Action { before == nil ? .add : after == nil ? .remove : .change }

    /// The entry, or the entries before and after.
    var text: String { [before, after].compactMap { $0?.text }.joined(separator: " -> ") }
}

extension PlannedChange {
    /// Every entry of `masquerade` that is added, removed or changed, by name.
    private var masquerades: [MasqueradeChange] {
        let old = Dictionary(before.masquerades.map { ($0.name, $0) }) { first, _ in first }
        let new = Dictionary(after.masquerades.map { ($0.name, $0) }) { first, _ in first }
        return Set(old.keys).union(new.keys).sorted().compactMap { name in
            old[name] == new[name] ? nil : MasqueradeChange(name: name, before: old[name], after: new[name])
        }
    }
}

extension ServiceChange {
    /// The name, and that it is a line of `outbound`.
    fileprivate var title: String { isOutbound ? "outbound \(name)" : name }
}

extension String {
    /// The text, filled with spaces on the right.
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
