internal import Rulesets

extension RegionEvaluation {
    /// The result of a rule for a piece.
    struct RuleResult {
        /// The pieces that continue with the next rule.
        var next: [Piece] = []
        /// The pieces that continue with the next rule if an uncertain match of this one fails.
        var skipped: [Piece] = []
        /// The pieces that continue with the next rule if the uncertain matches so far succeed: a certain one fails then.
        var failed: [Piece] = []
        /// The pieces that are accepted in this base chain.
        var accepted: [Piece] = []
        /// The pieces that return to the calling chain.
        var returned: [Piece] = []
    }

    /// A piece during a rule.
    fileprivate struct Thread {
        var piece: Piece
        var registers = RegisterFile()
        /// Whether a match of this rule was uncertain.
        var isDoubted = false
        /// Whether a register has one of several values, and it is uncertain which.
        var isChosen = false

        /// The thread with another piece.
        func with(_ piece: Piece) -> Thread {
            var thread = self
            thread.piece = piece
            return thread
        }
    }

    /// Runs a rule.
    func evaluate(_ scope: RuleScope, _ piece: Piece) -> RuleResult {
        var result = RuleResult()
        var threads = [Thread(piece: piece)]
        for (index, expression) in scope.chain.rules[scope.rule].expressions.enumerated() {
            var following: [Thread] = []
            for thread in threads { step(expression, index, scope, thread, &following, &result) }
            threads = following
            if threads.isEmpty { break }
        }
        for thread in threads { result.pass(thread) }
        guard !result.skipped.isEmpty || !result.failed.isEmpty else { return result }
        result.settle(number(scope), unless: piece.doubts, space)
        return result
    }

    private func step(
        _ expression: Expression, _ index: Int, _ scope: RuleScope, _ thread: Thread, _ following: inout [Thread],
        _ result: inout RuleResult
    ) {
        var thread = thread
        if let load = setting.load(expression, thread.piece.state, at: hook) {
            switch load {
            case .fails: result.pass(thread)
            case .value(let value, let destination):
                if tracksDestinations, value.contains(where: \.isOfDestination) { track(thread.piece) }
                thread.registers.store(value, in: destination)
                following.append(thread)
            case .choice(let values, let destination):
                thread.isChosen = true
                thread.piece = thread.piece.doubted(by: number(scope))
                for value in values {
                    thread.registers.store(value, in: destination)
                    following.append(thread)
                }
            }
            return
        }
        if let statement = setting.statement(expression) {
            if case .opaque = expression { thread.registers = RegisterFile() }
            return run(statement, scope, thread, &following, &result)
        }
        switch expression {
        case .bitwise(let operation):
            thread.registers.apply(operation)
            following.append(thread)
        case .byteOrder(let operation):
            thread.registers.apply(operation)
            following.append(thread)
        case .compare(let comparison):
            let (condition, isInverted) = self.condition(comparison, thread.registers)
            match([condition], isInverted, scope, thread, &following, &result)
        case .range(let range):
            let key = thread.registers.load(range.source, range.lower.count)
            let condition = Condition(setting.destinations.readings(of: key)) {
                conditions.between($0[...], range.lower[...], range.upper[...])
            }
            match([condition], range.isInverted, scope, thread, &following, &result)
        case .lookup(let lookup): lookUp(lookup, index, scope, thread, &following, &result)
        default: doubt(thread.piece, scope)
        }
    }

    private func condition(_ comparison: Comparison, _ registers: RegisterFile) -> (Condition, isInverted: Bool) {
        let value = comparison.value
        let readings = setting.destinations.readings(of: registers.load(comparison.source, value.count))
        let least = [UInt8](repeating: 0, count: value.count)
        let greatest = [UInt8](repeating: .max, count: value.count)
        let isInverted = [.notEqual, .greater, .less].contains(comparison.operator)
        let condition = Condition(readings) { key in
            switch comparison.operator {
            case .equal, .notEqual: conditions.equal(key, value)
            case .lessOrEqual, .greater: conditions.between(key[...], least[...], value[...])
            case .greaterOrEqual, .less: conditions.between(key[...], value[...], greatest[...])
            }
        }
        return (condition, isInverted)
    }

    /// Splits a thread by alternative conditions, the exact ones first.
    private func match(
        _ list: [Condition], _ isInverted: Bool, _ scope: RuleScope, _ thread: Thread, _ following: inout [Thread],
        _ result: inout RuleResult
    ) {
        var rest = [thread.piece]
        for condition in list {
            var inside: [Piece] = []
            rest = rest.flatMap { piece -> [Piece] in
                let parts = piece.split(by: condition.boxes, space)
                inside += parts.inside
                return parts.outside
            }
            if !condition.isExact, !inside.isEmpty { inside = inside.map { $0.doubted(by: number(scope)) } }
            for piece in inside {
                var part = thread
                part.piece = piece
                guard condition.isExact else {
                    part.isDoubted = true
                    result.skipped.append(piece)
                    following.append(part)
                    continue
                }
                if isInverted { result.pass(part) } else { following.append(part) }
            }
        }
        for piece in rest {
            var part = thread
            part.piece = piece
            if isInverted { following.append(part) } else { result.pass(part) }
        }
    }

    private func run(
        _ statement: Statement, _ scope: RuleScope, _ start: Thread, _ following: inout [Thread],
        _ result: inout RuleResult
    ) {
        var thread = start
        switch statement {
        case .passes: following.append(thread)
        case .fails: result.pass(thread)
        case .mayFail: match([.open], false, scope, thread, &following, &result)
        case .sets(let kind, let register):
            thread.piece.state.set(kind, to: hooks.readsMarks ? register : nil, of: thread.registers)
            following.append(thread)
        case .setsLabels(let source):
            thread.piece.state.add(labels: thread.registers.load(source, ConntrackLabel.length))
            following.append(thread)
        case .stopsTracking:
            thread.piece.state.stopTracking()
            following.append(thread)
        case .verdict(let verdict): decide(verdict, scope, thread, &result)
        case .reject: refuse(thread.piece, number(scope))
        case .accept: result.accepted.append(thread.piece)
        case .translate(let addresses, let ports, let toThisHost):
            if !thread.piece.state.isTranslated {
                let before = thread.piece
                thread.piece.state.translate(addresses, ports, toThisHost: toThisHost, thread.registers, setting)
                outcome.redirected.append((before, number(scope), thread.piece.state))
            }
            result.accepted.append(thread.piece)
        case .opaque: doubt(thread.piece, scope)
        }
    }

    private func decide(_ verdict: Verdict, _ scope: RuleScope, _ thread: Thread, _ result: inout RuleResult) {
        let piece = thread.piece
        switch verdict {
        case .accept: result.accepted.append(piece)
        case .drop: refuse(piece, number(scope))
        case .continue: result.next.append(piece)
        case .return: result.returned.append(piece)
        case .other: doubt(piece, scope)
        case .jump(let name), .goto(let name):
            guard let chain = hooks.tables[scope.table].chain(name) else { return doubt(piece, scope) }
            let inner = run(chain, table: scope.table, [piece], depth: scope.depth + 1)
            result.accepted += inner.accepted
            guard case .jump = verdict else { return result.returned += inner.returned }
            for returned in inner.returned {
                // A certain return is as if the jump did not match.
                var thread = thread.with(returned)
                thread.isDoubted = thread.isDoubted && returned.doubts == piece.doubts
                result.pass(thread)
            }
        }
    }

    private func lookUp(
        _ lookup: Lookup, _ index: Int, _ scope: RuleScope, _ thread: Thread, _ following: inout [Thread],
        _ result: inout RuleResult
    ) {
        guard let found = set(lookup.set, index, scope) else { return doubt(thread.piece, scope) }
        let (identity, definition, elements) = found
        let isOpen = definition.flags.contains(.dynamic) && elements.isEmpty || definition.flags.contains(.object)
        let later = scope.chain.rules[scope.rule].expressions.dropFirst(index + 1)
        // A look-up before a limit that is kept: the rule ends whatever it finds.
        if isOpen, lookup.destination == nil, setting.endsRule(later.first) {
            return result.next.append(thread.piece)
        }
        let key = thread.registers.load(lookup.source, Int(definition.keyLength))
        let held =
            isOpen
            ? SetConditions.open
            : SetConditions(
                setting.destinations.readings(of: key).map { reader.read(identity, definition, elements, $0) })
        guard let destination = lookup.destination else {
            let all = held.groups.map(\.condition) + (held.hasRest ? [.always] : [])
            return match(all, lookup.isInverted, scope, thread, &following, &result)
        }
        guard !isOpen else { return doubt(thread.piece, scope) }
        var rest = [thread.piece]
        for group in held.groups {
            var outside: [Piece] = []
            for piece in held.ports == nil ? rest : [thread.piece] {
                let parts = piece.split(by: group.condition, space, placed: { number(scope) })
                for part in parts.inside {
                    go(on: group.value, destination, scope, thread.with(part), &following, &result)
                }
                outside += parts.outside
            }
            if held.ports == nil { rest = outside }
        }
        if let ports = held.ports { rest = thread.piece.split(by: [Box(ports: ports)], space).outside }
        guard held.hasRest else {
            let isCertain = held.groups.allSatisfy(\.condition.isExact)
            for piece in rest {
                var thread = thread.with(piece)
                thread.isDoubted = thread.isDoubted && isCertain
                result.pass(thread)
            }
            return
        }
        for piece in rest { go(on: held.rest, destination, scope, thread.with(piece), &following, &result) }
    }

    /// Continues with the value of an element of a map.
    private func go(
        on value: SetElement.Value?, _ destination: Register, _ scope: RuleScope, _ thread: Thread,
        _ following: inout [Thread], _ result: inout RuleResult
    ) {
        switch value {
        case .verdict(let verdict)? where destination == .verdict: decide(verdict, scope, thread, &result)
        case .bytes(let bytes)?:
            var thread = thread
            thread.registers.store([SymbolicByte](constants: bytes), in: destination)
            following.append(thread)
        default: doubt(thread.piece, scope)
        }
    }

    private func set(
        _ target: Lookup.Target, _ index: Int, _ scope: RuleScope
    ) -> (SetReader.Identity, SetDefinition, SetElements)? {
        switch target {
        case .anonymous(let set):
            let identity = SetReader.Identity(
                table: scope.table, name: scope.chain.name, rule: scope.rule, expression: index)
            return (identity, set.definition, set.elements)
        case .named(let name):
            guard let set = hooks.tables[scope.table].set(name) else { return nil }
            return (.init(table: scope.table, name: name, rule: -1, expression: -1), set.definition, set.elements)
        }
    }
}

extension RegionEvaluation.RuleResult {
    /// Continues a thread with the next rule, since this rule certainly ends for it.
    fileprivate mutating func pass(_ thread: RegionEvaluation.Thread) {
        if thread.isDoubted && !thread.isChosen { failed.append(thread.piece) } else { next.append(thread.piece) }
    }

    /// Continues with the next rule, without the doubt about this one where it makes no difference: the packets that a
    /// certain match stops go on there whether or not the uncertain matches before it succeed.
    fileprivate mutating func settle(_ rule: Int, unless known: [Int], _ space: SourceSpace) {
        defer { (skipped, failed) = ([], []) }
        for piece in failed {
            let others = skipped.filter { $0.state == piece.state }
            guard !known.contains(rule), !others.isEmpty else {
                next.append(piece)
                continue
            }
            let box = Box(ports: piece.ports, sources: piece.sources)
            skipped = skipped.flatMap { $0.state == piece.state ? $0.split(by: box, space).outside : [$0] }
            next.append(piece.certain(of: rule))
        }
        next += skipped
    }
}

extension Piece {
    /// The piece without the doubt about a rule.
    fileprivate func certain(of rule: Int) -> Piece {
        var piece = self
        piece.doubts.removeAll { $0 == rule }
        return piece
    }

    /// The parts that satisfy a condition, and the parts to look up further; if it is not exact, uncertain parts are in both.
    fileprivate func split(
        by condition: Condition, _ space: SourceSpace, placed: () -> Int
    ) -> (inside: [Piece], outside: [Piece]) {
        let parts = split(by: condition.boxes, space)
        guard !condition.isExact, !parts.inside.isEmpty else { return parts }
        let place = placed()
        let doubted = parts.inside.map { $0.doubted(by: place) }
        return (doubted, parts.outside + doubted)
    }
}
