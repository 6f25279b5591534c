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
    static func all(of outcome: RegionEvaluation.Outcome, _ space: SourceSpace, _ budget: WorkBudget) -> [Self] {
        var claims: [Claim] = []
        func add(_ piece: Piece, _ access: Access) {
            for range in piece.ports.ranges { claims.append(Claim(ports: range, piece: piece, access: access)) }
        }
        for piece in outcome.accepted { add(piece, piece.doubts.isEmpty ? .open : .possiblyOpen) }
        for (piece, _) in outcome.refused where !piece.doubts.isEmpty { add(piece, .possiblyClosed) }
        for piece in outcome.unknown { add(piece, .unknown) }
        return segments(of: claims, space, budget, excess: outcome.excess)
    }

    /// The segments of claims; beyond the budget they are unknown because of the rule with the number `excess`.
    private static func segments(
        of claims: [Claim], _ space: SourceSpace, _ budget: WorkBudget, excess: Int?
    ) -> [Self] {
        var edges: Set<Int> = [0, Int(UInt16.max) + 1]
        for claim in claims { edges.formUnion([Int(claim.ports.lowerBound), Int(claim.ports.upperBound) + 1]) }
        let sorted = edges.sorted()
        let starting = Dictionary(grouping: claims) { Int($0.ports.lowerBound) }
        let ending = Dictionary(grouping: claims) { Int($0.ports.upperBound) + 1 }
        var segments: [Self] = []
        var sweep = Sweep(space)
        for index in 1..<sorted.count {
            let (lower, end) = (sorted[index - 1], sorted[index])
            sweep.move(ending: ending[lower] ?? [], starting: starting[lower] ?? [], at: lower)
            guard budget.hasRoom else {
                let rest = UInt16(lower)...UInt16.max
                segments.append(
                    Self(ports: rest, open: space.none, unknown: space.all, doubts: excess.map { [$0] } ?? []))
                break
            }
            let segment = sweep.segment(UInt16(lower)...UInt16(end - 1))
            if segment.open != segments.last?.open { budget.keep(space.count(segment.open)) }
            if let last = segments.last, last.isContinued(by: segment) {
                segments[segments.count - 1].ports = last.ports.lowerBound...segment.ports.upperBound
            } else {
                segments.append(segment)
            }
        }
        return segments
    }

    /// The claims on one port after the other.
    private struct Sweep {
        private let space: SourceSpace
        /// The sources that are certain to be open here.
        private var open: SourceSpace.ID
        /// The uncertain claims on the port.
        private var uncertain: [Claim] = []
        /// The last segment; the next one is the same but for the ports if no claim begins or ends.
        private var last: AccessRegions.Segment?

        init(_ space: SourceSpace) {
            self.space = space
            open = space.none
        }

        /// Goes on to the port where these claims end or begin.
        ///
        /// Certain claims on a port are disjoint: the sources of those that end are in no other.
        mutating func move(ending: [Claim], starting: [Claim], at port: Int) {
            func sources(_ claims: [Claim]) -> SourceSpace.ID {
                space.union(of: claims.filter { $0.access == .open }.map(\.piece.sources))
            }
            let (gone, come) = (sources(ending), sources(starting))
            if gone != space.none || come != space.none {
                open = space.canonical(space.union(space.difference(open, gone), come))
                last = nil
            }
            if ending.contains(where: { $0.access != .open }) {
                uncertain.removeAll { Int($0.ports.upperBound) < port }
                last = nil
            }
            let others = starting.filter { $0.access != .open }
            guard !others.isEmpty else { return }
            uncertain += others
            last = nil
        }

        mutating func segment(_ ports: ClosedRange<UInt16>) -> AccessRegions.Segment {
            var segment = last ?? AccessRegions.Segment(ports, open, uncertain, space)
            segment.ports = ports
            last = segment
            return segment
        }
    }

    private init(_ ports: ClosedRange<UInt16>, _ certainlyOpen: SourceSpace.ID, _ claims: [Claim], _ space: SourceSpace)
    {
        func sources(_ access: Access) -> SourceSpace.ID {
            space.union(of: claims.filter { $0.access == access }.map(\.piece.sources))
        }
        self.ports = ports
        (open, unknown, doubts) = (certainlyOpen, space.none, [])
        guard !claims.isEmpty else { return }
        let (possiblyOpen, possiblyClosed) = (sources(.possiblyOpen), sources(.possiblyClosed))
        let undecided = sources(.unknown)
        let certain = space.difference(space.difference(possiblyOpen, possiblyClosed), undecided)
        open = space.canonical(space.union(certainlyOpen, certain))
        unknown = space.canonical(space.union(space.intersection(possiblyOpen, possiblyClosed), undecided))
        doubts = unknown == space.none ? [] : Set(claims.flatMap(\.piece.doubts)).sorted()
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
