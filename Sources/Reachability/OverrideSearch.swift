internal import Addressing
internal import Rulesets

/// Finds the connections that are open in one ruleset and refused, redirected or unknown in another.
struct OverrideSearch {
    private struct Scope: Hashable {
        let transport: TransportProtocol
        let family: AddressFamily
        let effect: AccessOverride.Effect
    }

    /// The first table, which has no effect on its own connections.
    let own: TableName
    let spaces: SourceSpaces
    let rules: RuleNumbers
    let bridges: Set<String>
    private var found: [AccessOverride] = []
    /// The ports with a source that is not certain to be met by an effect.
    private var survivors: [Scope: [ClosedRange<UInt16>]] = [:]

    init(own: TableName, spaces: SourceSpaces, rules: RuleNumbers, bridges: Set<String>) {
        self.own = own
        self.spaces = spaces
        self.rules = rules
        self.bridges = bridges
    }

    /// The effects, each with whether it affects all sources.
    var overrides: [AccessOverride] {
        let survivors = survivors.mapValues { IntervalSet($0) }
        return found.map { override in
            var override = override
            let scope = Scope(transport: override.transport, family: override.family, effect: override.effect)
            let rest = survivors[scope] ?? IntervalSet()
            override.isWhole = override.effect.isDrop && rest.intersection(IntervalSet(override.ports)).isEmpty
            return override
        }
    }

    /// Adds the result for the packets of a class, of which these segments are open in the first ruleset.
    mutating func add(
        _ outcome: RegionEvaluation.Outcome, _ key: AccessRegions.Key, _ open: [AccessRegions.Segment]
    ) {
        var surviving = outcome.accepted + outcome.unknown
        var effects = EffectCollector()
        let isOfContainers = key.interface.pattern.map(bridges.contains) == true
        for (piece, place) in outcome.refused {
            let isLeftOut = isOfContainers && piece.state.isForwarded
            if isLeftOut || !piece.doubts.isEmpty { surviving.append(piece) }
            if isLeftOut { continue }
            effects.add(piece, piece.doubts.isEmpty ? .refused : .unknown, piece.doubts.first ?? place, rules)
        }
        for (piece, place, state) in outcome.redirected where rules.all[place].table != own {
            // A redirection that may happen leads to where it leads if it does.
            let effect: AccessOverride.Effect =
                state.isForwarded ? .forwarded : piece.doubts.isEmpty ? .redirected : .unknown
            effects.add(piece, effect, effect == .unknown ? piece.doubts.first ?? place : place, rules)
        }
        for piece in outcome.unknown {
            if let doubt = piece.doubts.last { effects.add(piece, .unknown, doubt, rules) }
        }
        for effect in effects.all { meet(effect, key, open) }
        keep(surviving, .refused, key, open)
    }

    /// Adds the packets after the first one that are certain to be refused: what depends on a process or the like is left out.
    mutating func add(
        exchange outcome: RegionEvaluation.Outcome, _ effect: AccessOverride.Effect, _ key: AccessRegions.Key,
        _ open: [AccessRegions.Segment]
    ) {
        var effects = EffectCollector()
        for (piece, place) in outcome.refused where piece.doubts.isEmpty {
            effects.add(piece, effect, place, rules)
        }
        for effect in effects.all { meet(effect, key, open) }
        let doubted = outcome.refused.map(\.piece).filter { !$0.doubts.isEmpty }
        keep(outcome.accepted + outcome.unknown + doubted, effect, key, open)
    }

    /// Adds the clients that do not find this host, or perhaps not, and those that it may lose.
    mutating func add(
        discovery outcome: RegionEvaluation.Outcome, forgotten: [(piece: Piece, place: Int)], _ key: AccessRegions.Key,
        _ open: [AccessRegions.Segment]
    ) {
        add(exchange: outcome, .unresolved, key, open)
        var effects = EffectCollector()
        for piece in outcome.unknown { effects.add(piece, .unknown, piece.doubts[0], rules) }
        for (piece, place) in forgotten { effects.add(piece, .forgotten, place, rules) }
        for effect in effects.all { meet(effect, key, open) }
    }

    /// Records on which ports a source is not certain to be met by an effect.
    private mutating func keep(
        _ surviving: [Piece], _ effect: AccessOverride.Effect, _ key: AccessRegions.Key, _ open: [AccessRegions.Segment]
    ) {
        let scope = Scope(transport: key.transport, family: key.family, effect: effect)
        survivors[scope, default: []] += open.ports(of: surviving, spaces[key.family])
    }

    private mutating func meet(_ effect: Effect, _ key: AccessRegions.Key, _ open: [AccessRegions.Segment]) {
        let space = spaces[key.family]
        let all = space.union(of: effect.pieces.map(\.piece.sources))
        let owners = SourceOwners(effect.pieces, space)
        for range in effect.ports.ranges {
            for segment in AccessRegions.segments(open, range) {
                let sources = space.canonical(space.intersection(segment.open, all))
                guard sources != space.none else { continue }
                found.append(
                    AccessOverride(
                        effect: effect.effect, place: rules.all[owners.place(of: space.bounds(sources).lowerBound)],
                        transport: key.transport, ports: segment.ports.clamped(to: range), family: key.family,
                        sources: spaces.addresses(sources, key.family), isWhole: false, interface: key.interface,
                        destination: key.destination))
            }
        }
    }
}

/// Pieces with the same effect in the same chain, on the same ports.
private struct Effect {
    let effect: AccessOverride.Effect
    let ports: IntervalSet<UInt16>
    /// The pieces, each with the number of the rule or policy.
    var pieces: [(piece: Piece, place: Int)]
}

/// Collects the effects of many rules of a chain: they are one finding.
private struct EffectCollector {
    private struct Key: Hashable {
        let effect: AccessOverride.Effect
        let table: TableName
        let chain: String
        let ports: IntervalSet<UInt16>
    }

    /// The effects, in the order in which they were added.
    private(set) var all: [Effect] = []
    private var places: [Key: Int] = [:]

    mutating func add(_ piece: Piece, _ effect: AccessOverride.Effect, _ place: Int, _ rules: RuleNumbers) {
        let rule = rules.all[place]
        let key = Key(effect: effect, table: rule.table, chain: rule.chain, ports: piece.ports)
        if let index = places[key] {
            all[index].pieces.append((piece, place))
        } else {
            places[key] = all.count
            all.append(Effect(effect: effect, ports: piece.ports, pieces: [(piece, place)]))
        }
    }
}

/// Finds the rule that has an effect on a source.
private struct SourceOwners {
    private var ranges: [(lower: UInt128, place: Int)] = []

    init(_ pieces: [(piece: Piece, place: Int)], _ space: SourceSpace) {
        for (piece, place) in pieces {
            if pieces.count == 1 {
                ranges.append((0, place))
            } else {
                ranges += space.spans(piece.sources).ranges.map { ($0.lowerBound, place) }
            }
        }
        ranges.sort { $0.lower < $1.lower }
    }

    /// The number of the rule with the last range that begins at or below a source.
    func place(of source: UInt128) -> Int {
        var (low, high) = (0, ranges.count - 1)
        while low < high {
            let middle = (low + high + 1) / 2
            if ranges[middle].lower <= source { low = middle } else { high = middle - 1 }
        }
        return ranges[low].place
    }
}

extension [AccessRegions.Segment] {
    /// The ports on which one of the pieces has a source that is open.
    fileprivate func ports(of pieces: [Piece], _ space: SourceSpace) -> [ClosedRange<UInt16>] {
        // Those with the most sources first: they have most of the ports.
        let wide = pieces.sorted { space.count($0.sources) > space.count($1.sources) }
        return flatMap { segment -> [ClosedRange<UInt16>] in
            var rest = IntervalSet(segment.ports)
            for piece in wide where !rest.isEmpty {
                let common = rest.intersection(piece.ports)
                guard !common.isEmpty,
                    space.canonical(space.intersection(piece.sources, segment.open)) != space.none
                else { continue }
                rest = rest.subtracting(common)
            }
            return IntervalSet(segment.ports).subtracting(rest).ranges
        }
    }
}
