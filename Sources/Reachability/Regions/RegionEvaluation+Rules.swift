internal import Addressing
internal import Rulesets

extension RegionEvaluation {
    /// A piece during a rule.
    struct Part {
        var piece: Piece
        /// The index of the piece that it was before the rule.
        let origin: Int
    }

    /// The result of a rule for pieces.
    struct RuleResult {
        /// The pieces that continue with the next rule.
        var next: [Piece] = []
        /// The parts that continue with the next rule if an uncertain match of this one fails.
        var skipped: [Part] = []
        /// The parts that continue with the next rule if the uncertain matches so far succeed: a certain one fails then.
        var failed: [Part] = []
        /// The pieces that are accepted in this base chain.
        var accepted: [Piece] = []
        /// The pieces that return to the calling chain.
        var returned: [Piece] = []
    }

    /// Parts of pieces during a rule, at least one, in the same state so far as the rule reads it.
    struct Thread {
        var parts: [Part]
        var registers = RegisterFile()
        /// Whether a match of this rule was uncertain.
        var isDoubted = false
        /// Whether a register has one of several values, and it is uncertain which.
        var isChosen = false

        /// Their state, so far as the rule reads it.
        var state: PacketState {
            get { parts[0].piece.state }
            set {
                let shared = SharedState(newValue)
                for index in parts.indices { parts[index].piece.shared = shared }
            }
        }

        var pieces: [Piece] { parts.map(\.piece) }

        /// The same thread with other parts.
        func with(_ parts: [Part], isDoubted: Bool? = nil) -> Thread {
            var thread = self
            thread.parts = parts
            thread.isDoubted = isDoubted ?? self.isDoubted
            return thread
        }
    }

    /// Runs a rule on pieces in the same state, so far as the rule reads it.
    func evaluate(_ scope: RuleScope, _ pieces: [Piece], _ exact: ExactRule?) -> RuleResult {
        var result = RuleResult()
        var parts = pieces.enumerated().map { Part(piece: $1, origin: $0) }
        var first = 0
        if let exact, exact.isMet(in: pieces[0].state) {
            parts = match(parts, exact.boxes, &result)
            first = exact.matches
        }
        guard !parts.isEmpty else { return result }
        var threads = [Thread(parts: parts)]
        for (index, expression) in scope.chain.rules[scope.rule].expressions.enumerated().dropFirst(first) {
            var following: [Thread] = []
            for thread in threads { step(expression, index, scope, thread, &following, &result) }
            threads = following
            if threads.isEmpty { break }
        }
        for thread in threads { result.pass(thread) }
        guard !result.skipped.isEmpty || !result.failed.isEmpty else { return result }
        result.settle(number(scope), among: pieces, space)
        return result
    }

    /// The parts in all of the boxes; the rule certainly ends for the others.
    private func match(_ parts: [Part], _ boxes: [Box], _ result: inout RuleResult) -> [Part] {
        boxes.reduce(parts) { parts, box in
            var (inside, outside): ([Part], [Part]) = ([], [])
            split(parts, by: [box], &inside, &outside)
            result.next += outside.map(\.piece)
            return inside
        }
    }

    private func step(
        _ expression: Expression, _ index: Int, _ scope: RuleScope, _ thread: Thread, _ following: inout [Thread],
        _ result: inout RuleResult
    ) {
        var thread = thread
        if let load = setting.load(expression, thread.state, at: hook) {
            switch load {
            case .fails: result.pass(thread)
            case .value(let value, let destination):
                if expression.readsInterfaceOfDestination { trackRoute(thread) }
                thread.registers.store(value, in: destination)
                following.append(thread)
            case .choice(let values, let destination):
                thread.isChosen = true
                thread.parts = doubted(thread.parts, by: scope)
                for value in values {
                    thread.registers.store(value, in: destination)
                    following.append(thread)
                }
            }
            return
        }
        if let statement = setting.statement(expression) {
            if case .opaque = expression, statement.mayLoad { thread.registers = RegisterFile() }
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
            let key = thread.registers.load(comparison.source, comparison.value.count)
            track(comparison, key, thread)
            let (condition, isInverted) = self.condition(comparison, key)
            match([condition], isInverted, scope, thread, &following, &result)
        case .range(let range):
            let key = thread.registers.load(range.source, range.lower.count)
            track(range, key, thread)
            let condition = Condition(setting.destinations.readings(of: key)) {
                conditions.between($0[...], range.lower[...], range.upper[...])
            }
            match([condition], range.isInverted, scope, thread, &following, &result)
        case .lookup(let lookup): lookUp(lookup, index, scope, thread, &following, &result)
        default: doubt(thread.pieces, scope)
        }
    }

    private func condition(_ comparison: Comparison, _ key: [SymbolicByte]) -> (Condition, isInverted: Bool) {
        let value = comparison.value
        let readings = setting.destinations.readings(of: key)
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
    func match(
        _ list: [Condition], _ isInverted: Bool, _ scope: RuleScope, _ thread: Thread, _ following: inout [Thread],
        _ result: inout RuleResult
    ) {
        var rest = thread.parts
        for condition in list where !rest.isEmpty {
            var (inside, outside): ([Part], [Part]) = ([], [])
            split(rest, by: condition.boxes, &inside, &outside)
            rest = outside
            guard !inside.isEmpty else { continue }
            guard condition.isExact else {
                let doubted = thread.with(doubted(inside, by: scope), isDoubted: true)
                result.skipped += doubted.parts
                following.append(doubted)
                continue
            }
            if isInverted { result.pass(thread.with(inside)) } else { following.append(thread.with(inside)) }
        }
        guard !rest.isEmpty else { return }
        if isInverted { following.append(thread.with(rest)) } else { result.pass(thread.with(rest)) }
    }

    /// Adds the parts inside the boxes, and those outside of all.
    func split(_ parts: [Part], by boxes: [Box], _ inside: inout [Part], _ outside: inout [Part]) {
        if boxes.isEmpty { return outside += parts }
        if boxes.count == 1, boxes[0] == Box() { return inside += parts }
        spend(parts.count * boxes.count)
        for part in parts {
            let pieces = part.piece.split(by: boxes, space)
            for piece in pieces.inside { inside.append(Part(piece: piece, origin: part.origin)) }
            for piece in pieces.outside { outside.append(Part(piece: piece, origin: part.origin)) }
        }
    }

    /// The parts after an uncertain match.
    func doubted(_ parts: [Part], by scope: RuleScope) -> [Part] {
        let place = number(scope)
        return parts.map { Part(piece: $0.piece.doubted(by: place), origin: $0.origin) }
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
            thread.state.set(kind, to: hooks.readsMarks ? register : nil, of: thread.registers)
            following.append(thread)
        case .setsLabels(let source):
            thread.state.add(labels: thread.registers.load(source, ConntrackLabel.length))
            following.append(thread)
        case .stopsTracking:
            thread.state.stopTracking()
            following.append(thread)
        case .setsZone(let number, let direction):
            thread.state.set(zone: number, direction: direction, thread.registers)
            following.append(thread)
        case .verdict(let verdict): decide(verdict, scope, thread, &result)
        case .reject: refuse(thread.pieces, number(scope))
        case .accept: result.accepted += thread.pieces
        case .translate(let addresses, let ports, let toThisHost):
            if !thread.state.isTranslated {
                let before = thread.pieces
                thread.state.translate(addresses, ports, toThisHost: toThisHost, thread.registers, setting)
                let place = number(scope)
                for piece in before { outcome.redirected.append((piece, place, thread.state)) }
            }
            switch setting.loses(thread.state) {
            case .no: result.accepted += thread.pieces
            case .yes: refuse(thread.pieces, number(scope))
            case .open: doubt(thread.pieces, scope)
            }
        case .translateSource(let addresses):
            if hook == .input { thread.state.translateSource(addresses, thread.registers, setting) }
            result.accepted += thread.pieces
        case .opaque: doubt(thread.pieces, scope)
        }
    }

    func decide(_ verdict: Verdict, _ scope: RuleScope, _ thread: Thread, _ result: inout RuleResult) {
        switch verdict {
        case .accept: result.accepted += thread.pieces
        case .drop: refuse(thread.pieces, number(scope))
        case .continue: result.next += thread.pieces
        case .return: result.returned += thread.pieces
        case .other: doubt(thread.pieces, scope)
        case .jump(let name):
            guard let chain = hooks.tables[scope.table].chain(name) else { return doubt(thread.pieces, scope) }
            jump(to: chain, scope, thread, &result)
        case .goto(let name):
            guard let chain = hooks.tables[scope.table].chain(name) else { return doubt(thread.pieces, scope) }
            let inner = run(chain, table: scope.table, thread.pieces, depth: scope.depth + 1)
            result.accepted += inner.accepted
            result.returned += inner.returned
        }
    }

    private func jump(to chain: Chain, _ scope: RuleScope, _ thread: Thread, _ result: inout RuleResult) {
        guard thread.isDoubted else {
            let inner = run(chain, table: scope.table, thread.pieces, depth: scope.depth + 1)
            result.accepted += inner.accepted
            result.next += inner.returned
            return
        }
        for part in thread.parts {
            let inner = run(chain, table: scope.table, [part.piece], depth: scope.depth + 1)
            result.accepted += inner.accepted
            for returned in inner.returned {
                // A certain return is as if the jump did not match.
                let isUnchanged = returned.doubts == part.piece.doubts
                result.pass(thread.with([Part(piece: returned, origin: part.origin)], isDoubted: isUnchanged))
            }
        }
    }
}

extension Expression {
    /// Whether it asks if the destination is an address of the input interface.
    ///
    /// Other queries of the routing tables have the same result for all addresses of this host.
    fileprivate var readsInterfaceOfDestination: Bool {
        if case .route(let query) = self { query.flags.contains(.inputInterface) } else { false }
    }
}

extension RegionEvaluation.RuleResult {
    /// Continues a thread with the next rule, since this rule certainly ends for it.
    mutating func pass(_ thread: RegionEvaluation.Thread) {
        if thread.isDoubted && !thread.isChosen { failed += thread.parts } else { next += thread.pieces }
    }

    /// Continues with the next rule, without the doubt about this one where it makes no difference: the packets that a
    /// certain match stops go on there whether or not the uncertain matches before it succeed.
    fileprivate mutating func settle(_ rule: Int, among pieces: [Piece], _ space: SourceSpace) {
        defer { (skipped, failed) = ([], []) }
        var left = Dictionary(grouping: skipped, by: \.origin).mapValues { $0.map(\.piece) }
        for part in failed {
            let piece = part.piece
            let others = left[part.origin] ?? []
            guard !pieces[part.origin].doubts.contains(rule), others.contains(where: { $0.shared == piece.shared })
            else {
                next.append(piece)
                continue
            }
            let box = Box(ports: piece.ports, sources: piece.sources)
            left[part.origin] = others.flatMap { $0.shared == piece.shared ? $0.split(by: box, space).outside : [$0] }
            next.append(piece.certain(of: rule))
        }
        for origin in left.keys.sorted() { next += left[origin] ?? [] }
    }
}

extension Piece {
    /// The piece without the doubt about a rule.
    fileprivate func certain(of rule: Int) -> Piece {
        var piece = self
        piece.doubts.removeAll { $0 == rule }
        return piece
    }
}
