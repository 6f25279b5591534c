internal import Addressing
internal import Changes
internal import Compiler
internal import Kernel
internal import Policies
internal import Rulesets

extension PlannedChange {
    /// One line per object that the lines of services do not cover, or per object at all, and how many rules only move.
    func otherLines(_ console: Console, _ verbose: Bool) -> [String] {
        let isNew = snapshot.table == nil
        let isOtherMode = before.outboundMode != after.outboundMode
        let lines = outbound.map { ObjectChange.outbound($0.name) } + (isOtherMode ? [ObjectChange.outbound("")] : [])
        let told = Set((trusted + services).map(\.name) + meaning.masquerades.map(\.name) + lines)
        let denies = before.denied != after.denied
        let hidesTemporary = !verbose && (!meaning.temporary.isEmpty || !remains.isEmpty)
        let shown = objects.filter { change in
            verbose
                || (isNew
                    ? change.isTable
                    : !(hidesTemporary && change.isTemporary) && !change.isImplied(by: told, denying: denies))
        }.flatMap(ObjectLine.all)
        let moved = ObjectLine.moved(among: shown)
        let changed = shown.filter { $0.object != ObjectLine.rule || !moved.contains($0.place) }
        return changed.map { $0.action.styled($0.text, console) }
            + movedLines(moved, verbose).map { ObjectChange.Action.change.styled($0, console) }
            + (verbose || remains.isEmpty ? [] : [console.styled("- rules of grants and bans that are over", .faint)])
    }

    /// The rules and sets of grants and bans that are over; none if some begin or end.
    private var remains: [ObjectChange] {
        let parts = objects.filter(\.isTemporary)
        return meaning.temporary.isEmpty && parts.allSatisfy(\.isRemains) ? parts : []
    }

    /// The rules that only move in their chain: each, or their count.
    private func movedLines(_ moved: Set<ObjectLine.Place>, _ verbose: Bool) -> [String] {
        if verbose { return moved.map { "~ rule \($0.name)  moved: \($0.text ?? "")" }.sorted() }
        let chains = Set(moved.map(\.name)).sorted()
        let title = "\(chains.count == 1 ? "chain" : "chains") \(chains.joined(separator: ", "))"
        let verb = moved.count == 1 ? "moves" : "move"
        return moved.isEmpty ? [] : ["~ \(title)  \(counted(moved.count, "rule")) \(verb)"]
    }
}

extension ObjectChange {
    /// Whether it takes out a rule or a set, not elements.
    fileprivate var isRemains: Bool {
        switch object {
        case .rule, .set: action == .remove
        default: false
        }
    }
}
