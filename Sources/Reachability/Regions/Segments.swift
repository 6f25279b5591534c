internal import Addressing

extension AccessRegions.Segment {
    /// Whom a piece lets in, keeps out, or leaves in the dark.
    private enum Fate: Int {
        case open
        case openInDoubt
        case closedInDoubt
        case unknown
    }

    private struct Claim {
        let ports: ClosedRange<UInt16>
        let piece: Piece
        let fate: Fate
    }

    /// Every port's sources, worked out of the pieces that an evaluation came to.
    ///
    /// Certain pieces are disjoint. Pieces in doubt lie over each other: where all of them end alike, that is certain.
    static func all(of outcome: RegionEvaluation.Outcome, _ space: SourceSpace) -> [Self] {
        var claims: [Claim] = []
        func add(_ piece: Piece, _ fate: Fate) {
            for range in piece.ports.ranges { claims.append(Claim(ports: range, piece: piece, fate: fate)) }
        }
        for piece in outcome.accepted { add(piece, piece.doubts.isEmpty ? .open : .openInDoubt) }
        for (piece, _) in outcome.refused where !piece.doubts.isEmpty { add(piece, .closedInDoubt) }
        for piece in outcome.unknown { add(piece, .unknown) }
        claims.sort { $0.ports.lowerBound < $1.ports.lowerBound }
        var edges: Set<Int> = [0, Int(UInt16.max) + 1]
        for claim in claims { edges.formUnion([Int(claim.ports.lowerBound), Int(claim.ports.upperBound) + 1]) }
        let sorted = edges.sorted()
        var (segments, active, next) = ([Self](), [Claim](), 0)
        for (lower, end) in zip(sorted, sorted.dropFirst()) {
            active.removeAll { Int($0.ports.upperBound) < lower }
            while next < claims.count, Int(claims[next].ports.lowerBound) <= lower {
                active.append(claims[next])
                next += 1
            }
            let segment = Self(UInt16(lower)...UInt16(end - 1), active, space)
            if let last = segments.last, last.isContinued(by: segment) {
                segments[segments.count - 1].ports = last.ports.lowerBound...segment.ports.upperBound
            } else {
                segments.append(segment)
            }
        }
        return segments
    }

    private init(_ ports: ClosedRange<UInt16>, _ claims: [Claim], _ space: SourceSpace) {
        var sets = Array(repeating: space.none, count: 4)
        for claim in claims { sets[claim.fate.rawValue] = space.union(sets[claim.fate.rawValue], claim.piece.sources) }
        let perhaps = sets[Fate.openInDoubt.rawValue]
        let perhapsNot = sets[Fate.closedInDoubt.rawValue]
        let inTheDark = sets[Fate.unknown.rawValue]
        let surely = space.difference(space.difference(perhaps, perhapsNot), inTheDark)
        let unknown = space.union(space.intersection(perhaps, perhapsNot), inTheDark)
        self.ports = ports
        open = space.canonical(space.union(sets[Fate.open.rawValue], surely))
        self.unknown = space.canonical(unknown)
        doubts = self.unknown == space.none ? [] : Set(claims.flatMap(\.piece.doubts)).sorted()
    }

    private func isContinued(by other: Self) -> Bool {
        open == other.open && unknown == other.unknown && doubts == other.doubts
    }
}
