internal import Rulesets

extension PacketEvaluation {
    /// Runs one expression; returns the conclusion if the expression ends the evaluation.
    mutating func step(_ expression: Expression, _ walk: inout PacketWalk) -> PacketConclusion? {
        if let load = setting.load(expression, walk.state, at: walk.hook) {
            switch load {
            case .fails: walk.endRule()
            case .value(let value, let destination):
                walk.registers.store(value.map { $0.resolved(packet) }, in: destination)
                walk.expression += 1
            case .choice(let values, let destination): return choose(values, destination, walk)
            }
            return nil
        }
        if let statement = setting.statement(expression) { return run(statement, of: expression, &walk) }
        switch expression {
        case .bitwise(let operation): walk.registers.apply(operation)
        case .byteOrder(let operation): walk.registers.apply(operation)
        case .compare(let comparison):
            let value = walk.registers.load(comparison.source, comparison.value.count)
            let certainty = setting.destinations.certainty(of: value) {
                $0.compares(comparison.operator, comparison.value)
            }
            return match(certainty, &walk)
        case .range(let range):
            let value = walk.registers.load(range.source, range.lower.count)
            let isInRange = setting.destinations.certainty(of: value) {
                $0.isInRange(from: range.lower, to: range.upper)
            }
            return match(range.isInverted ? isInRange.negated : isInRange, &walk)
        case .lookup(let lookup): return lookUp(lookup, &walk)
        default: return end(walk, .unknown([place(walk)]), nil)
        }
        walk.expression += 1
        return nil
    }

    /// Continues with this rule, with the next one, or with both if the match is uncertain.
    private mutating func match(_ certainty: Certainty, _ walk: inout PacketWalk) -> PacketConclusion? {
        switch certainty {
        case .yes: walk.expression += 1
        case .no: walk.endRule()
        case .open:
            let place = place(walk)
            var skipped = walk
            skipped.endRule()
            var taken = walk
            taken.expression += 1
            return fork([skipped, taken], at: place)
        }
        return nil
    }

    /// Continues with each of the values that a register may have.
    private mutating func choose(
        _ values: [[SymbolicByte]], _ destination: Register, _ walk: PacketWalk
    ) -> PacketConclusion? {
        let walks = values.map { value in
            var taken = walk
            taken.registers.store(value, in: destination)
            taken.expression += 1
            return taken
        }
        return fork(walks, at: place(walk))
    }

    private mutating func run(
        _ statement: Statement, of expression: Expression, _ walk: inout PacketWalk
    ) -> PacketConclusion? {
        switch expression {
        case .limit, .connectionCount, .dynamicSet: walk.isLimited = true
        case .xtables(let match) where match.isLimit: walk.isLimited = true
        case .opaque where statement.mayLoad: walk.registers = RegisterFile()
        default: break
        }
        switch statement {
        case .passes: walk.expression += 1
        case .fails: walk.endRule()
        case .mayFail: return match(.open, &walk)
        case .sets(let kind, let register):
            walk.state.set(kind, to: hooks.readsMarks ? register : nil, of: walk.registers)
            walk.expression += 1
        case .setsLabels(let source):
            walk.state.add(labels: walk.registers.load(source, ConntrackLabel.length))
            walk.expression += 1
        case .stopsTracking:
            walk.state.stopTracking()
            walk.expression += 1
        case .setsZone(let number, let direction):
            walk.state.set(zone: number, direction: direction, walk.registers)
            walk.expression += 1
        case .verdict(let verdict): return decide(verdict, &walk)
        case .reject(let reject):
            walk.trace.append(.init(place: place(walk), action: "\(reject)"))
            return end(walk, .refuse, place(walk))
        case .translate(let addresses, let ports, let toThisHost):
            translate(addresses, ports, toThisHost, &walk)
            switch setting.loses(walk.state) {
            case .no: return decide(.accept, &walk)
            case .yes: return end(walk, .refuse, place(walk))
            case .open: return end(walk, .unknown([place(walk)]), nil)
            }
        case .translateSource(let addresses):
            if walk.hook == .input { walk.state.translateSource(addresses, walk.registers, setting) }
            return decide(.accept, &walk)
        case .accept: return decide(.accept, &walk)
        case .opaque: return end(walk, .unknown([place(walk)]), nil)
        }
        return nil
    }

    /// Applies a verdict.
    mutating func decide(_ verdict: Verdict, _ walk: inout PacketWalk) -> PacketConclusion? {
        let place = place(walk)
        if verdict != .continue { walk.trace.append(.init(place: place, action: "\(verdict)")) }
        switch verdict {
        case .accept: walk.endBaseChain()
        case .drop: return end(walk, .refuse, place)
        case .continue: walk.endRule()
        case .return:
            walk.endRule()
            if let last = walk.frames.indices.last { walk.frames[last].rule = .max }
        case .jump(let chain): return enter(chain, &walk, returns: true)
        case .goto(let chain): return enter(chain, &walk, returns: false)
        case .other: return end(walk, .unknown([place]), nil)
        }
        return nil
    }

    private func translate(
        _ addresses: RegisterPair?, _ ports: RegisterPair?, _ toThisHost: Bool, _ walk: inout PacketWalk
    ) {
        guard !walk.state.isTranslated else { return }
        walk.redirection = place(walk)
        walk.state.translate(addresses, ports, toThisHost: toThisHost, walk.registers, setting)
    }

    private mutating func lookUp(_ lookup: Lookup, _ walk: inout PacketWalk) -> PacketConclusion? {
        let found: (definition: SetDefinition, elements: SetElements?)?
        switch lookup.set {
        case .anonymous(let set): found = (set.definition, set.elements)
        case .named(let name):
            found = walk.frames.last.flatMap { hooks.set(name, table: $0.table, setting.circumstances.limits) }
        }
        guard let (definition, known) = found else { return end(walk, .unknown([place(walk)]), nil) }
        let key = walk.registers.load(lookup.source, Int(definition.keyLength))
        // The elements that rules add to a set are unknown.
        let isOpen = known == nil || definition.flags.contains(.object)
        let elements = known ?? definition.noElements
        guard let destination = lookup.destination else {
            if isOpen, endsAfterLookup(walk) {
                walk.endRule()
                return nil
            }
            let found =
                isOpen ? .open : setting.destinations.certainty(of: key) { elements.holds($0, definition) }
            return match(lookup.isInverted ? found.negated : found, &walk)
        }
        guard !isOpen, case .list(let list) = elements else { return end(walk, .unknown([place(walk)]), nil) }
        return lookUp(key, in: list, definition, destination, &walk)
    }

    /// Whether the rule ends whatever the look-up finds: the next expression is a limit that is kept.
    private func endsAfterLookup(_ walk: PacketWalk) -> Bool {
        guard let frame = walk.frames.last else { return false }
        let expressions = frame.chain.rules[frame.rule].expressions
        return setting.endsRule(expressions.dropFirst(walk.expression + 1).first)
    }

    /// Continues with the value of the element that has the key, or with the values of all elements that may have it.
    private mutating func lookUp(
        _ key: [SymbolicByte], in list: [SetElement], _ definition: SetDefinition, _ destination: Register,
        _ walk: inout PacketWalk
    ) -> PacketConclusion? {
        let plain = list.filter { $0.flags & SetElement.catchAll == 0 }
        let holding = plain.map { element in
            (element, setting.destinations.certainty(of: key) { element.holds($0, definition) })
        }.filter { $0.1 != .no }
        let held = holding.filter { $0.1 == .yes }.map(\.0)
        let candidates = holding.filter { !held.hide($0.0, definition) }
        let certain = candidates.filter { $0.1 == .yes }
        if let (element, _) = certain.first, certain.count == candidates.count,
            Set(certain.map(\.0.withoutKey)).count == 1
        {
            return go(on: element, destination, &walk)
        }
        let rest = list.first { $0.flags & SetElement.catchAll != 0 }
        guard !candidates.isEmpty else {
            guard let rest else {
                walk.endRule()
                return nil
            }
            return go(on: rest, destination, &walk)
        }
        let isFound = setting.destinations.readings(of: key).allSatisfy { reading in
            plain.contains { $0.holds(reading, definition) == .yes }
        }
        // Elements with the same value have the same effect.
        var seen: Set<[SetElement]> = []
        let different = candidates.map(\.0).filter { seen.insert([$0.withoutKey]).inserted }
        return followAll(different + (rest.map { [$0] } ?? []), destination, walk, mayMiss: !isFound)
    }

    private mutating func followAll(
        _ elements: [SetElement], _ destination: Register, _ walk: PacketWalk, mayMiss: Bool
    ) -> PacketConclusion? {
        var skipped = walk
        skipped.endRule()
        let walks = elements.map { element in
            var taken = walk
            taken.element = (element, destination)
            return taken
        }
        return fork((mayMiss ? [skipped] : []) + walks, at: place(walk))
    }

    /// Continues with the value of an element of a map, unless one of its expressions ends the rule (`nft_lookup_eval`).
    mutating func go(
        on element: SetElement, _ destination: Register, _ walk: inout PacketWalk
    ) -> PacketConclusion? {
        var mayFail = false
        for expression in element.expressions {
            if expression != .counter { walk.isLimited = true }
            switch setting.statement(expression) {
            case .passes?: break
            case .fails?:
                walk.endRule()
                return nil
            case .mayFail?: mayFail = true
            default: return end(walk, .unknown([place(walk)]), nil)
            }
        }
        if mayFail {
            let certain = SetElement(key: element.key, value: element.value)
            return followAll([certain], destination, walk, mayMiss: true)
        }
        switch element.value {
        case .verdict(let verdict)? where destination == .verdict: return decide(verdict, &walk)
        case .bytes(let bytes)?:
            walk.registers.store([SymbolicByte](constants: bytes), in: destination)
            walk.expression += 1
            return nil
        default: return end(walk, .unknown([place(walk)]), nil)
        }
    }
}
