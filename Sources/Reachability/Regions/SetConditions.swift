internal import Addressing
internal import Rulesets

/// What a look-up finds for which packets.
struct SetConditions: Hashable {
    /// Elements of one value.
    struct Group: Hashable {
        /// The value; `nil` in a set without values.
        let value: SetElement.Value?
        /// Where an element is found; groups of a map are disjoint where they are exact.
        var condition: Condition
    }

    /// The elements, the exact ones first.
    var groups: [Group]
    /// The value of the catch-all element; `nil` without one.
    var rest: SetElement.Value?
    /// Whether there is a catch-all element.
    var hasRest = false
    /// Every port of a map that asks for nothing else; `nil` where one asks for more, or is not exact.
    var ports: IntervalSet<UInt16>?

    /// May find anything.
    static let open = SetConditions(groups: [Group(value: nil, condition: .open)])
}

extension SetConditions {
    /// What a look-up finds of a key that is one of several: certain where it is the same for all of them.
    init(_ readings: [SetConditions]) {
        self = readings[0]
        guard readings.contains(where: { $0 != self }) else { return }
        var seen: Set<Group> = []
        groups = readings.flatMap(\.groups).compactMap { group in
            var doubted = group
            doubted.condition.isExact = false
            return seen.insert(doubted).inserted ? doubted : nil
        }
        ports = nil
    }
}

/// Reads sets into conditions, each once for each shape of key.
final class SetReader {
    /// Which set: by name, or by the rule that holds it.
    struct Identity: Hashable {
        let table: Int
        let name: String
        let rule: Int
        let expression: Int
    }

    private struct Key: Hashable {
        let set: Identity
        let octets: [Octet]
    }

    private let conditions: Conditions
    private var cache: [Key: SetConditions] = [:]

    init(_ conditions: Conditions) { self.conditions = conditions }

    /// What a look-up of `key` finds in a set.
    func read(
        _ identity: Identity, _ definition: SetDefinition, _ elements: SetElements, _ key: [Octet]
    ) -> SetConditions {
        let cacheKey = Key(set: identity, octets: key)
        if let known = cache[cacheKey] { return known }
        let result: SetConditions
        switch elements {
        case .ranges32(let ranges): result = sources(ranges, key)
        case .ranges128(let ranges): result = sources(ranges, key)
        case .list(let list): result = read(list, definition, key)
        }
        cache[cacheKey] = result
        return result
    }

    /// A set of flat ranges: at once where the key is the source address, else range by range.
    private func sources<Bound: FixedWidthInteger & UnsignedInteger>(
        _ ranges: [ClosedRange<Bound>], _ key: [Octet]
    ) -> SetConditions {
        let whole = (0..<conditions.addressLength).map { Octet(.source(UInt8($0))) }
        if key == whole {
            let spans = IntervalSet(ranges.map { UInt128($0.lowerBound)...UInt128($0.upperBound) })
            let box = Box(sources: conditions.space.number(spans))
            return SetConditions(groups: [.init(value: nil, condition: Condition(boxes: [box]))])
        }
        var collector = GroupCollector(space: conditions.space)
        for range in ranges {
            let (lower, upper) = (range.lowerBound.bigEndianBytes, range.upperBound.bigEndianBytes)
            collector.add(nil, conditions.between(key[...], lower[...], upper[...]))
        }
        return collector.finished(isOverlapping: false)
    }

    private func read(_ list: [SetElement], _ definition: SetDefinition, _ key: [Octet]) -> SetConditions {
        var collector = GroupCollector(space: conditions.space)
        var rest: SetElement?
        for element in list {
            guard element.flags & SetElement.catchAll == 0 else {
                rest = element
                continue
            }
            collector.add(element.value, condition(element, definition, key))
        }
        let isConcatenatedMap = definition.flags.isSuperset(of: [.concatenated, .map])
        var result = collector.finished(isOverlapping: isConcatenatedMap && list.overlap(definition.fields))
        (result.rest, result.hasRest) = (rest?.value, rest != nil)
        return result
    }

    private func condition(_ element: SetElement, _ definition: SetDefinition, _ key: [Octet]) -> Condition {
        // A lone end of an interval, or what is not modelled: the kernel may take it for anything.
        guard element.flags == 0, element.unrecognized.isEmpty else { return .open }
        var condition: Condition
        if let upper = element.upper, upper != element.key {
            if definition.flags.contains(.concatenated), !definition.fieldLengths.isEmpty {
                condition = definition.fields.reduce(.always) { all, field in
                    all.and(conditions.between(key[field], element.key[field], upper[field]), conditions.space)
                }
            } else {
                condition = conditions.between(key[...], element.key[...], upper[...])
            }
        } else {
            condition = conditions.equal(key, element.key)
        }
        if element.isConditional, definition.flags.isDisjoint(with: [.map]) { condition.isExact = false }
        return condition
    }
}

/// Gathers elements of one value and the same ports into one box.
private struct GroupCollector {
    private struct Shape: Hashable {
        let value: SetElement.Value?
        let ports: IntervalSet<UInt16>?
        let isExact: Bool
    }

    let space: SourceSpace
    private var order: [Shape] = []
    /// The sources of each shape; `nil` for all.
    private var sources: [Shape: [ClosedRange<UInt128>]?] = [:]

    init(space: SourceSpace) { self.space = space }

    mutating func add(_ value: SetElement.Value?, _ condition: Condition) {
        for box in condition.boxes {
            let shape = Shape(value: value, ports: box.ports, isExact: condition.isExact)
            let ranges = box.sources.map { space.spans($0).ranges }
            if let known = sources[shape] {
                guard known != nil else { continue }
                if let ranges { sources[shape]??.append(contentsOf: ranges) } else { sources[shape] = .some(nil) }
            } else {
                order.append(shape)
                sources[shape] = .some(ranges)
            }
        }
    }

    /// The groups; what overlaps is not exact, since the order in which the kernel looks is not known.
    func finished(isOverlapping: Bool) -> SetConditions {
        var boxes: [SetElement.Value?: (exact: [Box], open: [Box])] = [:]
        var values: [SetElement.Value?] = []
        for shape in order {
            let ranges = sources[shape] ?? nil
            let box = Box(ports: shape.ports, sources: ranges.map { space.number(IntervalSet($0)) })
            if boxes[shape.value] == nil { values.append(shape.value) }
            if shape.isExact && !isOverlapping {
                boxes[shape.value, default: ([], [])].exact.append(box)
            } else {
                boxes[shape.value, default: ([], [])].open.append(box)
            }
        }
        let exact = values.compactMap { value -> SetConditions.Group? in
            guard let exact = boxes[value]?.exact, !exact.isEmpty else { return nil }
            return .init(value: value, condition: Condition(boxes: Self.fused(exact)))
        }
        let open = values.compactMap { value -> SetConditions.Group? in
            guard let open = boxes[value]?.open, !open.isEmpty else { return nil }
            return .init(value: value, condition: Condition(boxes: open, isExact: false))
        }
        return SetConditions(groups: exact + open, ports: open.isEmpty ? Self.ports(exact) : nil)
    }

    /// Boxes of the same sources as one.
    private static func fused(_ boxes: [Box]) -> [Box] {
        guard boxes.count > 1 else { return boxes }
        var ports: [SourceSpace.ID?: [ClosedRange<UInt16>]] = [:]
        var order: [SourceSpace.ID?] = []
        for box in boxes {
            guard let own = box.ports else { return boxes }
            if ports[box.sources] == nil { order.append(box.sources) }
            ports[box.sources, default: []] += own.ranges
        }
        return order.map { Box(ports: IntervalSet(ports[$0] ?? []), sources: $0) }
    }

    private static func ports(_ groups: [SetConditions.Group]) -> IntervalSet<UInt16>? {
        var ranges: [ClosedRange<UInt16>] = []
        for box in groups.flatMap(\.condition.boxes) {
            guard box.sources == nil, let ports = box.ports else { return nil }
            ranges += ports.ranges
        }
        return IntervalSet(ranges)
    }
}

extension [SetElement] {
    /// More elements than this are taken to overlap without a look.
    private static var maximumCompared: Int { 1000 }

    /// Whether two elements of a concatenation have a key in common.
    fileprivate func overlap(_ fields: [Range<Int>]) -> Bool {
        guard count <= Self.maximumCompared else { return true }
        return indices.contains { first in
            indices.dropFirst(first + 1).contains { second in
                fields.allSatisfy { field in
                    let (left, right) = (self[first], self[second])
                    return !(left.upper ?? left.key)[field].lexicographicallyPrecedes(right.key[field])
                        && !(right.upper ?? right.key)[field].lexicographicallyPrecedes(left.key[field])
                }
            }
        }
    }
}
