internal import Addressing
internal import Rulesets

extension RegionEvaluation {
    /// Splits a thread by the elements of a set, or continues with the values of a map.
    func lookUp(
        _ lookup: Lookup, _ index: Int, _ scope: RuleScope, _ thread: Thread, _ following: inout [Thread],
        _ result: inout RuleResult
    ) {
        guard let found = set(lookup.set, index, scope) else { return doubt(thread.pieces, scope) }
        let (identity, definition, known) = found
        let isOpen = known == nil || definition.flags.contains(.object)
        let elements = known ?? definition.noElements
        let later = scope.chain.rules[scope.rule].expressions.dropFirst(index + 1)
        // A look-up before a limit that is kept: the rule ends whatever it finds.
        if isOpen, lookup.destination == nil, setting.endsRule(later.first) {
            return result.next += thread.pieces
        }
        let key = thread.registers.load(lookup.source, Int(definition.keyLength))
        track(isOpen ? nil : elements, definition, key, thread)
        let held =
            isOpen
            ? SetConditions.open
            : SetConditions(
                setting.destinations.readings(of: key).map { reader.read(identity, definition, elements, $0) })
        guard let destination = lookup.destination else {
            let all = held.groups.map(\.condition) + (held.rest != nil ? [.always] : [])
            return match(all, lookup.isInverted, scope, thread, &following, &result)
        }
        guard !isOpen else { return doubt(thread.pieces, scope) }
        var contents: [(content: SetConditions.Content, parts: [Part])] = []
        var rest = held.ports == nil ? others(held, scope, thread, &contents) : byPort(held, thread, &contents)
        if let content = held.rest {
            contents.append((content, rest))
            rest = []
        }
        for (content, parts) in contents where !parts.isEmpty {
            go(on: content, destination, scope, thread.with(parts), &following, &result)
        }
        guard !rest.isEmpty else { return }
        let isCertain = held.groups.allSatisfy(\.condition.isExact)
        result.pass(thread.with(rest, isDoubted: thread.isDoubted && isCertain))
    }

    /// The parts for which an element of a map is found, one group of elements after the other; returns the parts for which
    /// none is.
    private func others(
        _ held: SetConditions, _ scope: RuleScope, _ thread: Thread,
        _ contents: inout [(content: SetConditions.Content, parts: [Part])]
    ) -> [Part] {
        var rest = thread.parts
        for group in held.groups where !rest.isEmpty {
            var (inside, outside): ([Part], [Part]) = ([], [])
            split(rest, by: group.condition.boxes, &inside, &outside)
            rest = outside
            if !group.condition.isExact, !inside.isEmpty {
                // The element may not be there: uncertain parts are in both.
                inside = doubted(inside, by: scope)
                rest += inside
            }
            contents.append((group.content, inside))
        }
        return rest
    }

    /// The parts for which an element of a map by ports is found: only the groups with one of a part's ports are searched.
    private func byPort(
        _ held: SetConditions, _ thread: Thread, _ contents: inout [(content: SetConditions.Content, parts: [Part])]
    ) -> [Part] {
        var found: [Int: [Part]] = [:]
        for part in thread.parts {
            let groups = held.groups(with: part.piece.ports)
            spend(groups.count)
            for group in groups {
                for box in held.groups[group].condition.boxes {
                    var inside = part
                    inside.piece.ports = part.piece.ports.intersection(box.ports ?? .all)
                    found[group, default: []].append(inside)
                }
            }
        }
        for group in found.keys.sorted() { contents.append((held.groups[group].content, found[group] ?? [])) }
        var (inside, outside): ([Part], [Part]) = ([], [])
        split(thread.parts, by: [Box(ports: held.ports)], &inside, &outside)
        return outside
    }

    /// Continues with the value of an element of a map, unless one of its expressions ends the rule (`nft_lookup_eval`).
    private func go(
        on content: SetConditions.Content, _ destination: Register, _ scope: RuleScope, _ thread: Thread,
        _ following: inout [Thread], _ result: inout RuleResult
    ) {
        var thread = thread
        for expression in content.expressions {
            switch setting.statement(expression) {
            case .passes?: break
            case .fails?: return result.pass(thread)
            case .mayFail?:
                thread = thread.with(doubted(thread.parts, by: scope), isDoubted: true)
                result.skipped += thread.parts
            default: return doubt(thread.pieces, scope)
            }
        }
        switch content.value {
        case .verdict(let verdict)? where destination == .verdict: decide(verdict, scope, thread, &result)
        case .bytes(let bytes)?:
            thread.registers.store([SymbolicByte](constants: bytes), in: destination)
            following.append(thread)
        default: doubt(thread.pieces, scope)
        }
    }

    private func set(
        _ target: Lookup.Target, _ index: Int, _ scope: RuleScope
    ) -> (SetReader.Identity, SetDefinition, SetElements?)? {
        switch target {
        case .anonymous(let set):
            let identity = SetReader.Identity(
                table: scope.table, name: scope.chain.name, rule: scope.rule, expression: index)
            return (identity, set.definition, set.elements)
        case .named(let name):
            guard let set = hooks.set(name, table: scope.table, setting.circumstances.limits) else { return nil }
            return (.init(table: scope.table, name: name, rule: -1, expression: -1), set.definition, set.elements)
        }
    }
}
