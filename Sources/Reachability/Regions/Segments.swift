internal import Addressing

extension AccessRegions.Segment {
    /// The access of the sources of a piece.
    private enum Access: Int {
        case open
        case possiblyOpen
        case possiblyClosed
        case unknown
    }

    private struct Claim {
        let ports: ClosedRange<UInt16>
        let piece: Piece
        let access: Access
    }

    /// The segments of all ports, from the result of an evaluation.
    ///
    /// Certain pieces are disjoint. Uncertain pieces overlap; if all pieces of a packet have the same access, it is certain.
    static func all(of outcome: RegionEvaluation.Outcome, _ space: SourceSpace) -> [Self] {
        var claims: [Claim] = []
        func add(_ piece: Piece, _ access: Access) {
            for range in piece.ports.ranges { claims.append(Claim(ports: range, piece: piece, access: access)) }
        }
        for piece in outcome.accepted { add(piece, piece.doubts.isEmpty ? .open : .possiblyOpen) }
        for (piece, _) in outcome.refused where !piece.doubts.isEmpty { add(piece, .possiblyClosed) }
        for piece in outcome.unknown { add(piece, .unknown) }
        claims.sort { $0.ports.lowerBound < $1.ports.lowerBound }
        var edges: Set<Int> = [0, Int(UInt16.max) + 1]
        for claim in claims { edges.formUnion([Int(claim.ports.lowerBound), Int(claim.ports.upperBound) + 1]) }
        let sorted = edges.sorted()
        var segments: [Self] = []
        var active: [Claim] = []
        var next = 0
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
        for claim in claims {
            let access = claim.access.rawValue
            sets[access] = space.union(sets[access], claim.piece.sources)
        }
        let possiblyOpen = sets[Access.possiblyOpen.rawValue]
        let possiblyClosed = sets[Access.possiblyClosed.rawValue]
        let undecided = sets[Access.unknown.rawValue]
        let certain = space.difference(space.difference(possiblyOpen, possiblyClosed), undecided)
        let unknown = space.union(space.intersection(possiblyOpen, possiblyClosed), undecided)
        self.ports = ports
        open = space.canonical(space.union(sets[Access.open.rawValue], certain))
        self.unknown = space.canonical(unknown)
        doubts = self.unknown == space.none ? [] : Set(claims.flatMap(\.piece.doubts)).sorted()
    }

    fileprivate func isContinued(by other: Self) -> Bool {
        open == other.open && unknown == other.unknown && doubts == other.doubts
    }
}

extension [AccessRegions.Segment] {
    /// The segments of `others`, with these in their place at some ports.
    func spliced(into others: Self, at ports: IntervalSet<UInt16>) -> Self {
        var parts: [(range: ClosedRange<UInt16>, isInside: Bool)] = ports.ranges.map { ($0, true) }
        parts += IntervalSet<UInt16>.all.subtracting(ports).ranges.map { ($0, false) }
        parts.sort { $0.range.lowerBound < $1.range.lowerBound }
        var result: Self = []
        var next = [true: 0, false: 0]
        for (range, isInside) in parts {
            let list = isInside ? self : others
            var index = next[isInside] ?? 0
            while index < list.count, list[index].ports.lowerBound <= range.upperBound {
                if list[index].ports.overlaps(range) {
                    var segment = list[index]
                    segment.ports = segment.ports.clamped(to: range)
                    result.append(joining: segment)
                }
                guard list[index].ports.upperBound <= range.upperBound else { break }
                index += 1
            }
            next[isInside] = index
        }
        return result
    }

    /// Adds a segment that follows the last one, to it where both have the same access.
    private mutating func append(joining segment: Element) {
        if let last, last.isContinued(by: segment) {
            self[count - 1].ports = last.ports.lowerBound...segment.ports.upperBound
        } else {
            append(segment)
        }
    }
}
