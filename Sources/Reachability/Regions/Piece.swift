internal import Addressing

/// Packets that have reached the same point in the same state.
struct Piece: Hashable {
    /// The dialled ports.
    var ports: IntervalSet<UInt16>
    /// The set of sources.
    var sources: SourceSpace.ID
    /// Their state, which copies of the piece share.
    var shared: SharedState
    /// The numbers of the uncertain rules on their path, ascending; empty if it is certain that the packets get here.
    var doubts: [Int] = []

    /// Their state.
    var state: PacketState { shared.state }

    /// The part inside a box, and the disjoint parts outside.
    func split(by box: Box, _ space: SourceSpace) -> (inside: Piece?, outside: [Piece]) {
        var inside = self
        var outside: [Piece] = []
        if let ports = box.ports {
            var rest = self
            inside.ports = self.ports.intersection(ports)
            guard !inside.ports.isEmpty else { return (nil, [self]) }
            rest.ports = self.ports.subtracting(ports)
            if !rest.ports.isEmpty { outside.append(rest) }
        }
        if let sources = box.sources {
            inside.sources = space.intersection(self.sources, sources)
            guard !space.isEmpty(inside.sources) else { return (nil, [self]) }
            var rest = self
            rest.ports = inside.ports
            rest.sources = space.difference(self.sources, sources)
            if !space.isEmpty(rest.sources) { outside.append(rest) }
        }
        return (inside, outside)
    }

    /// The parts inside the boxes, and the parts outside all boxes.
    func split(by boxes: [Box], _ space: SourceSpace) -> (inside: [Piece], outside: [Piece]) {
        var inside: [Piece] = []
        var outside = [self]
        for box in boxes {
            outside = outside.flatMap { piece -> [Piece] in
                let parts = piece.split(by: box, space)
                if let part = parts.inside { inside.append(part) }
                return parts.outside
            }
        }
        return (inside, outside)
    }

    /// The most rules that are named as the reason for an uncertain piece.
    static let mostDoubts = 64

    /// The piece after an uncertain match of a rule.
    func doubted(by rule: Int) -> Piece {
        guard doubts.count < Self.mostDoubts, !doubts.contains(rule) else { return self }
        var piece = self
        piece.doubts = (doubts + [rule]).sorted()
        return piece
    }
}

extension Piece {
    private struct PortsAndState: Hashable {
        let ports: IntervalSet<UInt16>
        let state: SharedState
        var doubts: [Int] = []
    }

    private struct SourcesAndState: Hashable {
        let sources: SourceSpace.ID
        let state: SharedState
        var doubts: [Int] = []
    }

    /// The pieces with uncertain ones merged, so that uncertain rules do not double their number.
    ///
    /// The union of uncertain pieces has all packets that may get here; it loses which doubts belong together.
    static func gathered(_ pieces: [Piece], _ space: SourceSpace) -> [Piece] {
        let doubted = pieces.filter { !$0.doubts.isEmpty }
        guard doubted.count > 1 else { return pieces }
        let bySources = grouped(doubted) { SourcesAndState(sources: $0.sources, state: $0.shared) }.map(united)
        let byPorts = grouped(bySources) { PortsAndState(ports: $0.ports, state: $0.shared) }.map { united($0, space) }
        return pieces.filter(\.doubts.isEmpty) + byPorts
    }

    /// The pieces with those merged that differ only in ports, then those that differ only in sources.
    static func fused(_ pieces: [Piece], _ space: SourceSpace) -> [Piece] {
        guard pieces.count > 1 else { return pieces }
        let bySources = grouped(pieces) { SourcesAndState(sources: $0.sources, state: $0.shared, doubts: $0.doubts) }
            .map(united)
        return grouped(bySources) { PortsAndState(ports: $0.ports, state: $0.shared, doubts: $0.doubts) }
            .map { united($0, space) }
    }

    /// The pieces with the same key, in the order of the first of each.
    private static func grouped<Key: Hashable>(_ pieces: [Piece], by key: (Piece) -> Key) -> [[Piece]] {
        var groups: [[Piece]] = []
        var places: [Key: Int] = [:]
        for piece in pieces {
            let place = places[key(piece), default: groups.count]
            if place == groups.count {
                places[key(piece)] = place
                groups.append([piece])
            } else {
                groups[place].append(piece)
            }
        }
        return groups
    }

    /// One piece with the ports and the doubts of all, which have the same sources.
    private static func united(_ pieces: [Piece]) -> Piece {
        guard pieces.count > 1 else { return pieces[0] }
        var piece = pieces[0]
        piece.ports = IntervalSet(pieces.flatMap(\.ports.ranges))
        piece.doubts = Array(Set(pieces.flatMap(\.doubts)).sorted().prefix(mostDoubts))
        return piece
    }

    /// One piece with the sources and the doubts of all, which have the same ports.
    private static func united(_ pieces: [Piece], _ space: SourceSpace) -> Piece {
        guard pieces.count > 1 else { return pieces[0] }
        var piece = pieces[0]
        piece.sources = space.union(of: pieces.map(\.sources))
        piece.doubts = Array(Set(pieces.flatMap(\.doubts)).sorted().prefix(mostDoubts))
        return piece
    }
}

extension [Piece] {
    /// The pieces after conntrack.
    func afterConntrack() -> [Piece] {
        var known: (before: SharedState, after: SharedState)?
        return map { piece in
            guard piece.state.tracking == .before else { return piece }
            var tracked = piece
            if let known, known.before === piece.shared {
                tracked.shared = known.after
            } else {
                var state = piece.state
                state.meetConntrack()
                tracked.shared = SharedState(state)
                known = (piece.shared, tracked.shared)
            }
            return tracked
        }
    }

    /// The pieces in runs of the same state, or of states that differ at most in where the packets go.
    func byState(isWhole: Bool) -> [[Piece]] {
        var runs: [[Piece]] = []
        for piece in self {
            if let first = runs.last?.first?.shared, isWhole ? first == piece.shared : first.isLike(piece.shared) {
                runs[runs.count - 1].append(piece)
            } else {
                runs.append([piece])
            }
        }
        return runs
    }

    /// The pieces in an order that does not depend on how they got here.
    var canonical: [Piece] {
        guard count > 1 else { return self }
        return sorted {
            ($0.sources, $0.ports.ranges.first?.lowerBound ?? 0) < ($1.sources, $1.ports.ranges.first?.lowerBound ?? 0)
        }
    }
}
