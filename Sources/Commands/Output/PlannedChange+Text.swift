internal import Addressing
internal import Auditing
internal import Changes
internal import Compiler
internal import Kernel
internal import Policies
internal import Rulesets

extension PlannedChange {
    /// The plan for people.
    ///
    /// - Parameters:
    ///   - consequences: who gains and loses access, and what else changes.
    ///   - console: the console.
    ///   - verbose: whether every object has a line.
    ///   - isWhole: whether all lines of a section are shown; by default with `verbose` alone.
    ///   - hint: the option or the command that shows all lines.
    /// - Returns: the lines.
    func text(
        _ consequences: Consequences, _ console: Console, verbose: Bool, isWhole: Bool? = nil,
        hint: String = "--verbose"
    ) -> String {
        let isWhole = isWhole ?? verbose
        if isEmpty {
            let others = consequences.breakLines(console, isWhole: isWhole, hint: hint).flatMap(\.self)
            return (["in sync: nothing to do"] + others).joined(separator: "\n")
        }
        let names = SourceNames(policy)
        let lines =
            meaning.lines(named: names).map { $0.styled(console) } + otherLines(console, verbose)
        let sections =
            consequences.breakLines(console, isWhole: isWhole, hint: hint)
            + [
                lines,
                consequences.accessLines(console, named: names, isWhole: isWhole, hint: hint),
                [meaning.counts(steps: transaction.operations.count)],
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

    /// A sentence about a loaded table that another program changed since the policy was applied; `nil` if none did.
    func driftNote(_ comparison: Verification) -> String? {
        let drift = comparison.drift.filter { $0.severity != .notice }
        guard !isEmpty, comparison.verified.isRecorded, snapshot.table != nil, !drift.isEmpty else { return nil }
        return "the loaded table is not what was applied (\(counted(drift.count, "difference")), "
            + "which \"portreeve verify\" lists): this plan also undoes that"
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
        let translations = meaning.masquerades.map { change in
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
