internal import Addressing
internal import Rulesets

/// The rules of a chain that packets of one family and protocol may match, in order.
final class ChainOrder {
    /// The indices of the rules in the chain, ascending.
    let rules: [Int]
    private let bounds: [RuleBounds]
    private let sources: BoundsIndex?
    private let destinations: BoundsIndex?
    private let ports: BoundsIndex?
    /// For each position, how many more of the rules from it on bound only the ports than bound only the sources.
    private let balance: [Int]

    /// Chains with fewer rules are searched one by one.
    private static let leastIndexed = 16

    /// The order of the rules that have these bounds.
    init(_ all: [RuleBounds], _ family: AddressFamily, _ transport: TransportProtocol) {
        rules = all.indices.filter { all[$0].allow(family, transport) }
        bounds = rules.map { all[$0] }
        let isIndexed = rules.count >= Self.leastIndexed
        sources = isIndexed ? BoundsIndex(bounds.map(\.sources)) : nil
        destinations = isIndexed ? BoundsIndex(bounds.map(\.destinations)) : nil
        ports = isIndexed && transport.hasPorts ? BoundsIndex(bounds.map(\.ports)) : nil
        var balance = 0
        self.balance = bounds.reversed().map { bounds in
            balance += (bounds.ports != nil ? 1 : 0) - (bounds.sources != nil ? 1 : 0)
            return balance
        }.reversed()
    }

    /// The parts of pieces that the rule at a position may match, and the parts that it cannot match.
    ///
    /// A rule for one port and some sources leaves an area in the shape of an L. It is cut along the ports unless more of
    /// the following rules are for sources alone, so that they meet few of its parts.
    func cut(
        _ pieces: [Piece], at position: Int, _ setting: Setting, _ space: SourceSpace
    ) -> (inside: [Piece], outside: [Piece]) {
        guard balance[position] >= 0, !setting.isSent, bounds[position].sources != nil,
            let ports = bounds[position].ports, ports.lowerBound == ports.upperBound,
            let port = UInt16(exactly: ports.lowerBound)
        else { return (pieces, []) }
        let box = Box(ports: IntervalSet([port...port]))
        var (inside, outside): ([Piece], [Piece]) = ([], [])
        for piece in pieces {
            guard piece.state.headerPort == .dialledPort else {
                inside.append(piece)
                continue
            }
            let parts = piece.split(by: box, space)
            if let part = parts.inside { inside.append(part) }
            outside += parts.outside
        }
        return (inside, outside)
    }

    /// The rule at a position as boxes, if it matches exactly the packets in its bounds.
    func exactRule(_ position: Int, _ space: SourceSpace) -> ExactRule? {
        let bounds = bounds[position]
        guard let matches = bounds.exactMatches else { return nil }
        let ports = bounds.ports.map { Box(ports: IntervalSet(UInt16($0.lowerBound)...UInt16($0.upperBound))) }
        let sources = bounds.sources.map { Box(sources: space.number(IntervalSet($0))) }
        return ExactRule(
            matches: matches, boxes: (bounds.isPortFirst ? [ports, sources] : [sources, ports]).compactMap(\.self))
    }

    /// Whether the rule at a position may read or change where packets go.
    func readsTarget(_ position: Int) -> Bool { bounds[position].readsTarget }

    /// The position of the first rule from `start` on that may match; `nil` if there is none.
    func next(from start: Int, _ extent: Extent) -> Int? {
        var position = start
        while position < bounds.count {
            var found: Int? = position
            if let sources { found = found.flatMap { sources.first(from: $0, overlapping: extent.sources) } }
            if let destinations, let range = extent.destinations {
                found = found.flatMap { destinations.first(from: $0, overlapping: range) }
            }
            if let ports, let range = extent.ports {
                found = found.flatMap { ports.first(from: $0, overlapping: range) }
            }
            guard let found else { return nil }
            guard found == position else {
                position = found
                continue
            }
            if extent.overlaps(bounds[position]) { return position }
            position += 1
        }
        return nil
    }
}

/// A rule that matches the packets that are in all of its boxes, and no others.
struct ExactRule {
    /// The number of expressions that match.
    let matches: Int
    /// The boxes, in the order of the matches.
    let boxes: [Box]

    /// Whether pieces in a state have in their headers what they came with.
    func isMet(in state: PacketState) -> Bool {
        state.source == nil && (state.headerPort == .dialledPort || boxes.allSatisfy { $0.ports == nil })
    }
}

/// The least ranges that have all values of some packets.
struct Extent {
    /// The sources.
    let sources: ClosedRange<UInt128>
    /// The destinations in the header; `nil` if they are not known.
    let destinations: ClosedRange<UInt128>?
    /// The destination ports in the header; `nil` if they are not known.
    let ports: ClosedRange<UInt128>?

    /// Whether a rule with these bounds may match one of the packets.
    func overlaps(_ bounds: RuleBounds) -> Bool {
        func overlap(_ left: ClosedRange<UInt128>?, _ right: ClosedRange<UInt128>?) -> Bool {
            guard let left, let right else { return true }
            return left.overlaps(right)
        }
        return overlap(sources, bounds.sources) && overlap(destinations, bounds.destinations)
            && overlap(ports, bounds.ports)
    }
}

extension Extent {
    /// The ranges of a piece, of packets with these properties.
    init(_ piece: Piece, _ setting: Setting, _ space: SourceSpace) {
        guard !setting.isReply else {
            self = Extent(reply: piece, space)
            return
        }
        guard !setting.isLeaving else {
            self = Extent(leaving: piece, setting, space)
            return
        }
        // Rules behind a translation of the source read another address.
        sources = piece.state.source == nil ? space.bounds(piece.sources) : 0...UInt128.max
        destinations = piece.state.destination?.constants.map {
            let number = UInt128(bigEndianBytes: $0)
            return number...number
        }
        guard setting.transport.hasPorts else {
            ports = nil
            return
        }
        if piece.state.headerPort == .dialledPort {
            let (first, last) = (piece.ports.ranges.first, piece.ports.ranges.last)
            ports = first.flatMap { first in last.map { UInt128(first.lowerBound)...UInt128($0.upperBound) } }
        } else {
            ports = piece.state.headerPort.constants.map {
                let number = UInt128(bigEndianBytes: $0)
                return number...number
            }
        }
    }
}

extension Extent {
    /// The ranges of the packets of this host to a piece: its sources are the far ends.
    private init(leaving piece: Piece, _ setting: Setting, _ space: SourceSpace) {
        var ports: ClosedRange<UInt128>?
        if setting.transport.hasPorts, piece.state.headerPort == .dialledPort,
            let first = piece.ports.ranges.first, let last = piece.ports.ranges.last
        {
            ports = UInt128(first.lowerBound)...UInt128(last.upperBound)
        }
        let destinations = piece.state.isTranslated ? nil : space.bounds(piece.sources)
        (sources, self.destinations, self.ports) = (0...UInt128.max, destinations, ports)
    }

    /// The ranges of the replies to a piece: they go to its sources, at ports that are not known.
    private init(reply piece: Piece, _ space: SourceSpace) {
        (sources, destinations, ports) = (0...UInt128.max, space.bounds(piece.sources), nil)
    }
}

/// The orders of all chains of a ruleset, made as they are needed.
final class ChainOrders {
    private struct Place: Hashable {
        let table: Int
        let chain: String
    }

    private struct Key: Hashable {
        let place: Place
        let family: AddressFamily
        let transport: TransportProtocol
    }

    private var bounds: [Place: [RuleBounds]] = [:]
    private var orders: [Key: ChainOrder] = [:]

    /// The order of a chain of the table with this index.
    func order(of chain: Chain, _ index: Int, in table: TableFamily, _ setting: Setting) -> ChainOrder {
        let place = Place(table: index, chain: chain.name)
        let key = Key(place: place, family: setting.family, transport: setting.transport)
        if let known = orders[key] { return known }
        let all = bounds[place] ?? chain.rules.map { RuleBounds($0, in: table) }
        bounds[place] = all
        let order = ChainOrder(all, setting.family, setting.transport)
        orders[key] = order
        return order
    }
}

/// The pieces that wait for rules of a chain, by the position of the rule.
struct Agenda {
    private var pieces: [Int: [Piece]] = [:]
    /// The positions as a heap, the least one first.
    private var heap: [Int] = []

    /// Lets a piece wait for a rule.
    mutating func add(_ piece: Piece, at position: Int) {
        if pieces[position]?.append(piece) == nil {
            pieces[position] = [piece]
            push(position)
        }
    }

    /// The least position, and the pieces that wait for it.
    mutating func next() -> (position: Int, pieces: [Piece])? {
        guard let position = heap.first else { return nil }
        pop()
        return (position, pieces.removeValue(forKey: position) ?? [])
    }

    private mutating func push(_ position: Int) {
        heap.append(position)
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func pop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while 2 * parent + 1 < heap.count {
            let (left, right) = (2 * parent + 1, 2 * parent + 2)
            let least = right < heap.count && heap[right] < heap[left] ? right : left
            guard heap[least] < heap[parent] else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
