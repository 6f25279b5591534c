internal import Addressing

/// A product of ports and sources: each port of one set with each source of the other.
struct Box: Hashable {
    /// The dialled ports; `nil` for all.
    var ports: IntervalSet<UInt16>?
    /// The set of sources; `nil` for all.
    var sources: SourceSpace.ID?

    /// The packets in both boxes.
    func intersection(_ other: Box, _ space: SourceSpace) -> Box {
        Box(
            ports: combine(ports, other.ports) { $0.intersection($1) },
            sources: combine(sources, other.sources) { space.intersection($0, $1) })
    }

    /// Whether the box is known to be empty.
    func isEmpty(_ space: SourceSpace) -> Bool { ports?.isEmpty == true || sources.map(space.isEmpty) == true }

    private func combine<Value>(_ left: Value?, _ right: Value?, _ both: (Value, Value) -> Value) -> Value? {
        guard let left else { return right }
        return right.map { both(left, $0) } ?? left
    }
}

/// The packets that satisfy a condition.
struct Condition: Hashable {
    /// Disjoint boxes; packets outside do not satisfy the condition.
    var boxes: [Box]
    /// Whether all packets in the boxes satisfy it; otherwise they may or may not.
    var isExact = true

    /// True for all packets.
    static let always = Condition(boxes: [Box()])
    /// True for no packet.
    static let never = Condition(boxes: [])
    /// Unknown for all packets.
    static let open = Condition(boxes: [Box()], isExact: false)

    /// The packets that satisfy both conditions.
    func and(_ other: Condition, _ space: SourceSpace) -> Condition {
        let both = boxes.flatMap { left in other.boxes.map { left.intersection($0, space) } }
        return Condition(boxes: both.filter { !$0.isEmpty(space) }, isExact: isExact && other.isExact)
    }
}

extension Condition {
    /// A condition on a key that has one of the values `readings`: exact if it is the same for all of them.
    init(_ readings: [[SymbolicByte]], _ condition: ([SymbolicByte]) -> Condition) {
        self = condition(readings[0])
        for reading in readings.dropFirst() {
            let other = condition(reading)
            guard other != self else { continue }
            // True for some values only: possible for these packets. Different for each: possible for all packets.
            let holding = [self, other].filter { !$0.boxes.isEmpty }
            self = holding.count == 1 || holding.allSatisfy { $0.boxes == boxes } ? holding[0] : .open
            isExact = false
        }
    }
}
