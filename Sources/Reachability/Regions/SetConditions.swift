internal import Addressing
internal import Rulesets

/// The elements that a look-up finds, each with the packets for which it does.
struct SetConditions: Hashable {
    /// What a look-up finds in an element.
    struct Content: Hashable {
        /// The value; `nil` in a set without values.
        let value: SetElement.Value?
        /// The expressions that run once a map has found the element, such as a limit; empty in a set, where they make a
        /// condition inexact.
        var expressions: [Expression] = []
    }

    /// The elements with one content.
    struct Group: Hashable {
        /// The content.
        let content: Content
        /// The packets for which one of the elements is found; exact groups of a map are disjoint.
        var condition: Condition
    }

    /// The groups, the exact ones first.
    var groups: [Group]
    /// The content of the catch-all element; `nil` without one.
    var rest: Content?
    /// All ports of a map whose elements depend only on the port, and are exact; otherwise `nil`.
    var ports: IntervalSet<UInt16>?

    /// Where `ports` is not `nil`: the ports of each group, ascending and disjoint.
    private var portGroups: [PortGroup] = []

    private struct PortGroup: Hashable {
        let ports: ClosedRange<UInt16>
        let group: Int
    }

    init(groups: [Group], ports: IntervalSet<UInt16>? = nil) {
        self.groups = groups
        self.ports = ports
        guard ports != nil else { return }
        for (index, group) in groups.enumerated() {
            for range in group.condition.boxes.flatMap({ $0.ports?.ranges ?? [] }) {
                portGroups.append(PortGroup(ports: range, group: index))
            }
        }
        portGroups.sort { $0.ports.lowerBound < $1.ports.lowerBound }
    }

    /// The groups with one of these ports, each once, where `ports` is not `nil`.
    func groups(with ports: IntervalSet<UInt16>) -> Set<Int> {
        var found: Set<Int> = []
        for range in ports.ranges {
            for index in firstGroup(endingAtOrAbove: range.lowerBound)..<portGroups.count {
                guard portGroups[index].ports.lowerBound <= range.upperBound else { break }
                found.insert(portGroups[index].group)
            }
        }
        return found
    }

    private func firstGroup(endingAtOrAbove port: UInt16) -> Int {
        portGroups.partitioningIndex { $0.ports.upperBound >= port }
    }

    /// Any element may be found.
    static let open = SetConditions(groups: [Group(content: Content(value: nil), condition: .open)])
}

extension SetConditions {
    /// The result for a key with several possible values: exact if it is the same for all of them.
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

/// Translates sets to conditions, once for each set and key.
final class SetReader {
    /// The identity of a set: its name, or the rule and expression of an anonymous set.
    struct Identity: Hashable {
        let table: Int
        let name: String
        let rule: Int
        let expression: Int
    }

    private struct Key: Hashable {
        let set: Identity
        let bytes: [SymbolicByte]
    }

    private let conditions: Conditions
    private var cache: [Key: SetConditions] = [:]
    private var indices: [Identity: ElementIndex] = [:]

    /// Fewer elements are not worth an index.
    private static let leastIndexed = 8

    init(_ conditions: Conditions) { self.conditions = conditions }

    /// The result of a look-up of `key` in a set.
    func read(
        _ identity: Identity, _ definition: SetDefinition, _ elements: SetElements, _ key: [SymbolicByte]
    ) -> SetConditions {
        let cacheKey = Key(set: identity, bytes: key)
        if let known = cache[cacheKey] { return known }
        let result: SetConditions
        switch elements {
        case .ranges32(let ranges): result = sources(ranges, key)
        case .ranges128(let ranges): result = sources(ranges, key)
        case .list(let list): result = read(candidates(list, identity, definition, key), definition, key)
        }
        cache[cacheKey] = result
        return result
    }

    /// The result for a set of flat ranges: in one step if the key is the source address, else range by range.
    private func sources<Bound: FixedWidthInteger & UnsignedInteger>(
        _ ranges: [ClosedRange<Bound>], _ key: [SymbolicByte]
    ) -> SetConditions {
        let whole = (0..<conditions.addressLength).map { SymbolicByte(.source(UInt8($0))) }
        if key == whole {
            let spans = IntervalSet(ranges.map { UInt128($0.lowerBound)...UInt128($0.upperBound) })
            let box = Box(sources: conditions.space.number(spans))
            return SetConditions(groups: [.init(content: .init(value: nil), condition: Condition(boxes: [box]))])
        }
        var collector = GroupCollector(space: conditions.space)
        for range in ranges {
            let lower = range.lowerBound.bigEndianBytes
            let upper = range.upperBound.bigEndianBytes
            collector.add(.init(value: nil), conditions.between(key[...], lower[...], upper[...]))
        }
        return collector.finished()
    }

    /// The elements that a key may find, in their order.
    private func candidates(
        _ list: [SetElement], _ identity: Identity, _ definition: SetDefinition, _ key: [SymbolicByte]
    ) -> [SetElement] {
        guard list.count >= Self.leastIndexed, !definition.flags.contains(.concatenated), let bytes = key.constants
        else {
            return list
        }
        let index = indices[identity] ?? ElementIndex(list, key.count)
        indices[identity] = index
        return index.positions(of: bytes).map { list[$0] }
    }

    private func read(_ list: [SetElement], _ definition: SetDefinition, _ key: [SymbolicByte]) -> SetConditions {
        var collector = GroupCollector(space: conditions.space)
        var rest: SetElement?
        var plain: [SetElement] = []
        for element in list {
            if element.flags & SetElement.catchAll == 0 { plain.append(element) } else { rest = element }
        }
        var found = plain.map { condition($0, definition, key) }
        if definition.flags.isSuperset(of: [.concatenated, .map]), plain.contains(where: { $0.upper != nil }) {
            found = plain.resolved(found, definition, conditions.space)
        }
        for (element, condition) in zip(plain, found) { collector.add(content(element, definition), condition) }
        var result = collector.finished()
        result.rest = rest.map { content($0, definition) }
        return result
    }

    private func content(_ element: SetElement, _ definition: SetDefinition) -> SetConditions.Content {
        let isMap = definition.flags.contains(.map)
        return .init(value: element.value, expressions: isMap && element.isConditional ? element.expressions : [])
    }

    private func condition(_ element: SetElement, _ definition: SetDefinition, _ key: [SymbolicByte]) -> Condition {
        // The end of a range without a start, or an attribute that is not modelled: the meaning is unknown.
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

/// Merges the elements with the same content and the same ports into one box.
private struct GroupCollector {
    private struct Shape: Hashable {
        let content: SetConditions.Content
        let ports: IntervalSet<UInt16>?
        let isExact: Bool
    }

    let space: SourceSpace
    private var order: [Shape] = []
    /// The sources of each shape; `nil` for all.
    private var sources: [Shape: [ClosedRange<UInt128>]?] = [:]

    init(space: SourceSpace) { self.space = space }

    mutating func add(_ content: SetConditions.Content, _ condition: Condition) {
        for box in condition.boxes {
            let shape = Shape(content: content, ports: box.ports, isExact: condition.isExact)
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

    /// The groups.
    func finished() -> SetConditions {
        var boxes: [SetConditions.Content: (exact: [Box], open: [Box])] = [:]
        var contents: [SetConditions.Content] = []
        for shape in order {
            let ranges = sources[shape] ?? nil
            let box = Box(ports: shape.ports, sources: ranges.map { space.number(IntervalSet($0)) })
            if boxes[shape.content] == nil { contents.append(shape.content) }
            if shape.isExact {
                boxes[shape.content, default: ([], [])].exact.append(box)
            } else {
                boxes[shape.content, default: ([], [])].open.append(box)
            }
        }
        let exact = contents.compactMap { content -> SetConditions.Group? in
            guard let exact = boxes[content]?.exact, !exact.isEmpty else { return nil }
            return .init(content: content, condition: Condition(boxes: Self.fused(exact)))
        }
        let open = contents.compactMap { content -> SetConditions.Group? in
            guard let open = boxes[content]?.open, !open.isEmpty else { return nil }
            return .init(content: content, condition: Condition(boxes: open, isExact: false))
        }
        return SetConditions(groups: exact + open, ports: open.isEmpty ? Self.ports(exact) : nil)
    }

    /// The boxes with those merged that have the same sources.
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
