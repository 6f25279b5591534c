internal import Addressing
internal import Changes
internal import Compiler
internal import Kernel
internal import Policies
internal import Rulesets

extension PlannedChange {
    /// The line in the colour of what it says.
    func styled(_ line: String, _ action: ObjectChange.Action, _ console: Console) -> String {
        switch action {
        case .add: console.styled(line, .green)
        case .remove: console.styled(line, .red)
        case .change: console.styled(line, .yellow)
        }
    }

    /// One line per entry of `trusted` and per service, in columns, and lines for `deny` and for grants.
    func sourceLines(named names: SourceNames) -> [(line: String, action: ObjectChange.Action)] {
        let changes = trusted + services + outbound
        let nameWidth = changes.map(\.title.count).max() ?? 0
        let portWidth = min(changes.map(\.ports.count).max() ?? 0, 24)
        var lines = changes.map { change in
            let columns =
                [change.title.padded(to: nameWidth), change.ports.padded(to: portWidth)] + change.details(named: names)
            return ("\(change.action.sign) \(columns.joined(separator: "  "))", change.action)
        }
        if before.outboundMode != after.outboundMode {
            lines.append(
                ("~ defaults.outbound  \(before.outboundMode.rawValue) -> \(after.outboundMode.rawValue)", .change))
        }
        lines += denyLines
        lines += masquerades.map { ("\($0.action.sign) masquerade  \($0.name)  \($0.text)", $0.action) }
        lines += ending.map { grant in
            let isGone = !after.services.contains { $0.name == grant.service }
            let reason = isGone ? "with its service" : "since \"families\" leaves out \(grant.address.family)"
            return ("- grant  \(grant.service) from \(grant.address)  ends \(reason)", .remove)
        }
        return lines
    }

    /// What `deny` shuts out from now on, and what it does no longer.
    private var denyLines: [(line: String, action: ObjectChange.Action)] {
        let gained = after.denied.subtracting(before.denied)
        let lost = before.denied.subtracting(after.denied)
        let entries = Set(policy.deny?.entries ?? [])
        // Of a group, what `never-deny` leaves of it.
        let groups = policy.groups.filter { entries.contains($0.name) }.map {
            ($0.name, $0.addresses.intersection(after.denied))
        }
        let others = policy.groups.map { ($0.name, $0.addresses) }
        return (gained.isEmpty ? [] : [("+ deny  from \(gained.text(as: groups))", .add)])
            + (lost.isEmpty ? [] : [("- deny  from \(lost.text(as: others))", .remove)])
    }

    /// One line per object that the lines of services do not cover, or per object at all, and how many rules only move.
    func otherLines(_ console: Console, _ verbose: Bool) -> [String] {
        let isNew = snapshot.table == nil
        let isOtherMode = before.outboundMode != after.outboundMode
        let lines = outbound.map { ObjectChange.outbound($0.name) } + (isOtherMode ? [ObjectChange.outbound("")] : [])
        let told = Set((trusted + services).map(\.name) + masquerades.map(\.name) + lines)
        let denies = before.denied != after.denied
        let shown = objects.filter { change in
            verbose || (isNew ? change.isTable : !change.isImplied(by: told, denying: denies))
        }.flatMap(ObjectLine.all)
        let moved = ObjectLine.moved(among: shown)
        let changed = shown.filter { $0.object != ObjectLine.rule || !moved.contains($0.place) }
        return changed.map { styled($0.text, $0.action, console) }
            + movedLines(moved, verbose).map { styled($0, .change, console) }
    }

    /// The rules that only move in their chain: each, or their count.
    private func movedLines(_ moved: Set<ObjectLine.Place>, _ verbose: Bool) -> [String] {
        if verbose { return moved.map { "~ rule \($0.name)  moved: \($0.text ?? "")" }.sorted() }
        let chains = Set(moved.map(\.name)).sorted().joined(separator: ", ")
        return moved.isEmpty ? [] : ["~ rule \(chains)  \(counted(moved.count, "rule")) moved"]
    }

    /// A summary in one line.
    var counts: String {
        let counts = [ObjectChange.Action.add, .change, .remove].map { action in
            "\(services.count { $0.action == action }) to \(action.rawValue)"
        }
        let more = outbound.count - Self.namedLines
        let names = outbound.prefix(Self.namedLines).map(\.name).joined(separator: ", ")
        let lines = outbound.isEmpty ? "" : "; outbound: \(names)\(more > 0 ? " and \(more) more" : "") changed"
        let steps = counted(transaction.operations.count, "ruleset change")
        return "services: \(counts.joined(separator: ", "))\(lines); \(steps) at once"
    }

    /// At most this many lines of `outbound` are named in the summary.
    private static var namedLines: Int { 8 }
}

/// A change of an entry of `masquerade`.
struct MasqueradeChange {
    let name: String
    let before: DecompiledMasquerade?
    let after: DecompiledMasquerade?

    var action: ObjectChange.Action { before == nil ? .add : after == nil ? .remove : .change }

    /// The entry, or the entries before and after.
    var text: String { [before, after].compactMap { $0?.text }.joined(separator: " -> ") }
}

extension PlannedChange {
    /// Every entry of `masquerade` that is added, removed or changed, by name.
    var masquerades: [MasqueradeChange] {
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
