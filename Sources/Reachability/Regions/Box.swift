internal import Addressing

/// Ports and sources: every port of the one set with every source of the other.
struct Box: Hashable {
    /// The ports as they were dialled; `nil` for all.
    var ports: IntervalSet<UInt16>?
    /// The number of the set of sources; `nil` for all.
    var sources: SourceSpace.ID?

    /// What is in both boxes.
    func intersection(_ other: Box, _ space: SourceSpace) -> Box {
        Box(
            ports: combine(ports, other.ports) { $0.intersection($1) },
            sources: combine(sources, other.sources) { space.intersection($0, $1) })
    }

    /// Whether nothing is in the box, as far as that is known.
    func isEmpty(_ space: SourceSpace) -> Bool { ports?.isEmpty == true || sources.map(space.isEmpty) == true }

    private func combine<Value>(_ left: Value?, _ right: Value?, _ both: (Value, Value) -> Value) -> Value? {
        guard let left else { return right }
        return right.map { both(left, $0) } ?? left
    }
}

/// The packets that a condition holds of.
struct Condition: Hashable {
    /// Disjoint boxes: outside of them it does not hold.
    var boxes: [Box]
    /// Whether it holds of all that is in them; otherwise it may.
    var isExact = true

    /// Holds of every packet.
    static let always = Condition(boxes: [Box()])
    /// Holds of none.
    static let never = Condition(boxes: [])
    /// May hold of any.
    static let open = Condition(boxes: [Box()], isExact: false)

    /// Where both hold.
    func and(_ other: Condition, _ space: SourceSpace) -> Condition {
        let both = boxes.flatMap { left in other.boxes.map { left.intersection($0, space) } }
        return Condition(boxes: both.filter { !$0.isEmpty(space) }, isExact: isExact && other.isExact)
    }
}

extension Condition {
    /// Where a condition holds on a key that is one of `readings`: exact where it is the same for all of them.
    init(_ readings: [[Octet]], _ condition: ([Octet]) -> Condition) {
        self = condition(readings[0])
        for reading in readings.dropFirst() {
            let other = condition(reading)
            guard other != self else { continue }
            // Where it holds for some alone, it may hold; where it holds for each of something else, of anything.
            let holding = [self, other].filter { !$0.boxes.isEmpty }
            self = holding.count == 1 || holding.allSatisfy { $0.boxes == boxes } ? holding[0] : .open
            isExact = false
        }
    }
}

/// Packets that have come to the same point in the same way.
struct Piece: Hashable {
    /// The ports as they were dialled.
    var ports: IntervalSet<UInt16>
    /// The number of the set of sources.
    var sources: SourceSpace.ID
    /// What has become of them so far.
    var way: Way
    /// The numbers of the rules that may or may not have sent them here, ascending; empty when it is certain.
    var doubts: [Int] = []

    /// The part in a box, and the disjoint parts outside of it.
    func split(by box: Box, _ space: SourceSpace) -> (inside: Piece?, outside: [Piece]) {
        var (inside, outside) = (self, [Piece]())
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

    /// The parts in the boxes, and those outside of all.
    func split(by boxes: [Box], _ space: SourceSpace) -> (inside: [Piece], outside: [Piece]) {
        var (inside, outside) = ([Piece](), [self])
        for box in boxes {
            outside = outside.flatMap { piece -> [Piece] in
                let parts = piece.split(by: box, space)
                if let part = parts.inside { inside.append(part) }
                return parts.outside
            }
        }
        return (inside, outside)
    }

    /// The same, sent here by a rule that may not have done so.
    func doubted(by rule: Int) -> Piece {
        guard !doubts.contains(rule) else { return self }
        var piece = self
        piece.doubts = (doubts + [rule]).sorted()
        return piece
    }
}
