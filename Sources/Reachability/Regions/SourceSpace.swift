internal import Addressing

/// The sets of source addresses of one family in an evaluation, each with a number.
///
/// Operations on numbers are cached. The difference of a large set is computed only when its addresses are needed: most
/// such differences end in a drop and never are.
final class SourceSpace {
    /// The number of a set.
    typealias ID = Int

    /// A set, computed or not.
    struct Node {
        var spans: IntervalSet<UInt128>?
        /// Until `spans` is computed the set is `base` without `hole`.
        var base: ID = 0
        var hole: ID = 0
        /// The number of differences from here to a computed set.
        var depth = 0
    }

    private struct Operands: Hashable {
        var left: ID
        var right: ID
    }

    private(set) var nodes: [Node] = []
    private var numbers: [IntervalSet<UInt128>: ID] = [:]
    /// The canonical number of each set: equal sets have the same.
    private var canonicals: [ID: ID] = [0: 0, 1: 1]
    private var intersections: [Operands: ID] = [:]
    private var differences: [Operands: ID] = [:]
    private var unions: [Operands: ID] = [:]

    /// The differences of sets up to this many ranges are computed at once.
    private static let small = 64
    /// The longest chain of differences that are not computed.
    private static let maximumDepth = 256
    /// A set of up to this many ranges is cut from such a chain range by range.
    private static let few = 8

    /// Every address.
    let all: ID
    /// No address.
    let none: ID

    /// The space of addresses of `width` bits.
    init(width: Int) {
        let everything = IntervalSet<UInt128>(0...(width == 128 ? .max : (1 << UInt128(width)) - 1))
        nodes = [Node(spans: everything), Node(spans: IntervalSet())]
        numbers = [everything: 0, IntervalSet(): 1]
        all = 0
        none = 1
    }

    /// The number of a set.
    func number(_ spans: IntervalSet<UInt128>) -> ID {
        if let known = numbers[spans] { return known }
        nodes.append(Node(spans: spans))
        numbers[spans] = nodes.count - 1
        canonicals[nodes.count - 1] = nodes.count - 1
        return nodes.count - 1
    }

    /// The addresses of a set.
    func spans(_ id: ID) -> IntervalSet<UInt128> {
        if let spans = nodes[id].spans { return spans }
        // From the nearest computed set; a loop, since the chain may be long.
        var holes: [ID] = []
        var base = id
        while nodes[base].spans == nil {
            holes.append(nodes[base].hole)
            base = nodes[base].base
        }
        let hole = IntervalSet(holes.flatMap { spans($0).ranges })
        let result = (nodes[base].spans ?? IntervalSet()).subtracting(hole)
        nodes[id].spans = result
        return result
    }

    /// The canonical number of a set.
    func canonical(_ id: ID) -> ID {
        if let known = canonicals[id] { return known }
        let number = number(spans(id))
        canonicals[id] = number
        return number
    }

    /// A range that has every address of a set: the least one if the set is computed.
    func bounds(_ id: ID) -> ClosedRange<UInt128> {
        var base = id
        while nodes[base].spans == nil { base = nodes[base].base }
        guard let ranges = nodes[base].spans?.ranges, let first = ranges.first, let last = ranges.last else {
            return 0...0
        }
        return first.lowerBound...last.upperBound
    }

    /// The number of ranges of a set, so far as they are computed.
    func count(_ id: ID) -> Int { nodes[id].spans?.ranges.count ?? 1 }

    /// Whether the set is known to be empty.
    func isEmpty(_ id: ID) -> Bool { nodes[id].spans?.isEmpty ?? false }

    /// The addresses in both sets.
    func intersection(_ left: ID, _ right: ID) -> ID {
        if left == right || right == all { return left }
        if left == all { return right }
        if left == none || right == none { return none }
        let operands = Operands(left: left, right: right)
        if let known = intersections[operands] { return known }
        let result: ID
        if nodes[left].spans == nil, let spans = nodes[right].spans, spans.ranges.count <= Self.few {
            result = number(cut(spans, from: left))
        } else if nodes[right].spans == nil, let spans = nodes[left].spans, spans.ranges.count <= Self.few {
            result = number(cut(spans, from: right))
        } else if nodes[left].spans == nil {
            // (base - hole) & right = (base & right) - hole: with a small `right` the large base is never touched.
            let base = nodes[left].base
            let hole = nodes[left].hole
            result = difference(intersection(base, right), hole)
        } else {
            result = number(spans(left).intersection(spans(right)))
        }
        intersections[operands] = result
        return result
    }

    /// The addresses of a small set that are in a set which is not computed.
    private func cut(_ small: IntervalSet<UInt128>, from id: ID) -> IntervalSet<UInt128> {
        var holes: [ID] = []
        var base = id
        while nodes[base].spans == nil {
            holes.append(nodes[base].hole)
            base = nodes[base].base
        }
        var result = (nodes[base].spans ?? IntervalSet()).intersection(small)
        for hole in holes where !result.isEmpty { result = result.subtracting(spans(hole)) }
        return result
    }

    /// The addresses only in the left set.
    func difference(_ left: ID, _ right: ID) -> ID {
        if left == right || right == all || left == none { return none }
        if right == none { return left }
        let operands = Operands(left: left, right: right)
        if let known = differences[operands] { return known }
        let result: ID
        if let spans = nodes[left].spans, spans.ranges.count <= Self.small,
            left != all || self.spans(right).ranges.count <= Self.small
        {
            result = number(spans.subtracting(self.spans(right)))
        } else {
            let depth = nodes[left].spans == nil ? nodes[left].depth + 1 : 1
            nodes.append(Node(spans: nil, base: left, hole: right, depth: depth))
            result = nodes.count - 1
            if depth >= Self.maximumDepth { _ = spans(result) }
        }
        differences[operands] = result
        return result
    }

    /// The addresses in either set.
    func union(_ left: ID, _ right: ID) -> ID {
        if left == right || right == none { return left }
        if left == none { return right }
        let operands = Operands(left: min(left, right), right: max(left, right))
        if let known = unions[operands] { return known }
        let result = number(spans(left).union(spans(right)))
        unions[operands] = result
        return result
    }

    /// The addresses in any of these sets, without a set for each step on the way: those of thousands of sets would fill the
    /// memory.
    func union(of sets: some Collection<ID>) -> ID {
        guard sets.count > 2 else { return sets.reduce(none, union) }
        return number(IntervalSet(sets.flatMap { spans($0).ranges }))
    }
}
