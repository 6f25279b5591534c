internal import Addressing

/// The sets of source addresses of one family that an evaluation meets, each with a number.
///
/// A set that is met again has the same number, and an operation on numbers is done once. What is left of a big set
/// is worked out only when somebody asks: most of what is left is dropped unseen.
final class SourceSpace {
    /// A set's number.
    typealias ID = Int

    /// How a set came to be.
    private struct Node {
        var spans: IntervalSet<UInt128>?
        /// `base` without `hole`, while it is not worked out.
        var base: ID = 0
        var hole: ID = 0
        /// How many holes stand between it and a set that is worked out.
        var depth = 0
    }

    private struct Operands: Hashable {
        var left: ID
        var right: ID
    }

    private var nodes: [Node] = []
    private var numbers: [IntervalSet<UInt128>: ID] = [:]
    /// The number that a set has by what is in it.
    private var canonicals: [ID: ID] = [0: 0, 1: 1]
    private var intersections: [Operands: ID] = [:]
    private var differences: [Operands: ID] = [:]
    private var unions: [Operands: ID] = [:]

    /// Sets up to this size are worked out at once.
    private static let small = 64
    /// Holes that may stand one behind the other.
    private static let maximumDepth = 64

    /// Every address.
    let all: ID
    /// No address.
    let none: ID

    /// The space of addresses of `width` bits.
    init(width: Int) {
        let everything = IntervalSet<UInt128>(0...(width == 128 ? .max : (1 << UInt128(width)) - 1))
        nodes = [Node(spans: everything), Node(spans: IntervalSet())]
        numbers = [everything: 0, IntervalSet(): 1]
        (all, none) = (0, 1)
    }

    /// The number of a set.
    func number(_ spans: IntervalSet<UInt128>) -> ID {
        if let known = numbers[spans] { return known }
        nodes.append(Node(spans: spans))
        numbers[spans] = nodes.count - 1
        canonicals[nodes.count - 1] = nodes.count - 1
        return nodes.count - 1
    }

    /// The set of this number, worked out.
    func spans(_ id: ID) -> IntervalSet<UInt128> {
        if let spans = nodes[id].spans { return spans }
        // From the nearest set that is worked out; a loop, since the way there may be long.
        var holes: [ID] = []
        var base = id
        while nodes[base].spans == nil {
            holes.append(nodes[base].hole)
            base = nodes[base].base
        }
        let hole = holes.reduce(IntervalSet()) { $0.union(spans($1)) }
        let result = (nodes[base].spans ?? IntervalSet()).subtracting(hole)
        nodes[id].spans = result
        return result
    }

    /// The one number of the set, however it came to be.
    func canonical(_ id: ID) -> ID {
        if let known = canonicals[id] { return known }
        let number = number(spans(id))
        canonicals[id] = number
        return number
    }

    /// Whether the set is known to be empty.
    func isEmpty(_ id: ID) -> Bool { nodes[id].spans?.isEmpty ?? false }

    /// What is in both sets.
    func intersection(_ left: ID, _ right: ID) -> ID {
        if left == right || right == all { return left }
        if left == all { return right }
        if left == none || right == none { return none }
        let operands = Operands(left: left, right: right)
        if let known = intersections[operands] { return known }
        let result: ID
        if nodes[left].spans == nil {
            // (base - hole) & right = (base & right) - hole: with a small `right` the big base is never touched.
            let (base, hole) = (nodes[left].base, nodes[left].hole)
            result = difference(intersection(base, right), hole)
        } else {
            result = number(spans(left).intersection(spans(right)))
        }
        intersections[operands] = result
        return result
    }

    /// What is in the left set alone.
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

    /// What is in either set.
    func union(_ left: ID, _ right: ID) -> ID {
        if left == right || right == none { return left }
        if left == none { return right }
        let operands = Operands(left: min(left, right), right: max(left, right))
        if let known = unions[operands] { return known }
        let result = number(spans(left).union(spans(right)))
        unions[operands] = result
        return result
    }
}
