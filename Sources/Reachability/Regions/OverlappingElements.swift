internal import Addressing
internal import Rulesets

/// Elements of a concatenation with ranges that have keys in common (`net/netfilter/nft_set_pipapo.c`).
///
/// The kernel finds the element that was inserted first, and refuses one whose first or last key is in an element before it. So an element
/// inside of another one was inserted before that, and is found; of two that cross, the first one is not known here.
extension SetElement {
    /// Whether all of its keys are in another element, too.
    fileprivate func isInside(_ other: SetElement, _ fields: [Range<Int>]) -> Bool {
        fields.allSatisfy { field in
            !key[field].lexicographicallyPrecedes(other.key[field])
                && !(other.upper ?? other.key)[field].lexicographicallyPrecedes((upper ?? key)[field])
        }
    }

    /// Whether some of its keys are in another element, too.
    fileprivate func overlaps(_ other: SetElement, _ fields: [Range<Int>]) -> Bool {
        fields.allSatisfy { field in
            !(upper ?? key)[field].lexicographicallyPrecedes(other.key[field])
                && !(other.upper ?? other.key)[field].lexicographicallyPrecedes(key[field])
        }
    }
}

extension [SetElement] {
    /// The largest number of elements that are compared; more are assumed to overlap.
    private static var maximumCompared: Int { 1000 }

    /// Whether one of these, which a key certainly has, is found before another element, since it is inside of that.
    func hide(_ outer: SetElement, _ definition: SetDefinition) -> Bool {
        guard definition.flags.contains(.concatenated), !definition.fieldLengths.isEmpty else { return false }
        return contains { $0 != outer && $0.isInside(outer, definition.fields) }
    }

    /// The conditions under which each element of a concatenated map is found: where elements cross whose contents differ, it is not known.
    func resolved(_ conditions: [Condition], _ definition: SetDefinition, _ space: SourceSpace) -> [Condition] {
        let fields = definition.fields
        guard count <= Self.maximumCompared, !fields.isEmpty else {
            return conditions.map { Condition(boxes: $0.boxes, isExact: false) }
        }
        return indices.map { index in
            var own = conditions[index]
            for other in indices where other != index && self[index].overlaps(self[other], fields) {
                let isInside = self[other].isInside(self[index], fields)
                if !isInside, self[index].isInside(self[other], fields) { continue }
                let isAlike = self[index].withoutKey == self[other].withoutKey
                // Of two alike, either may be the first one.
                if !isInside, isAlike, other > index { continue }
                if (isInside || isAlike), conditions[other].isExact {
                    own.boxes = own.subtracting(conditions[other].boxes, space)
                } else {
                    own.isExact = false
                }
            }
            return own
        }
    }
}

extension Condition {
    /// Its boxes without the packets in other boxes.
    fileprivate func subtracting(_ others: [Box], _ space: SourceSpace) -> [Box] {
        others.reduce(boxes) { left, other in left.flatMap { $0.subtracting(other, space) } }
    }
}

extension Box {
    /// The packets in this box and not in another one, as disjoint boxes.
    fileprivate func subtracting(_ other: Box, _ space: SourceSpace) -> [Box] {
        let both = intersection(other, space)
        guard !both.isEmpty(space) else { return [self] }
        let all = IntervalSet<UInt16>.all
        var left: [Box] = []
        if let ports = other.ports { left.append(Box(ports: (self.ports ?? all).subtracting(ports), sources: sources)) }
        if let hole = other.sources {
            left.append(Box(ports: both.ports, sources: space.difference(sources ?? space.all, hole)))
        }
        return left.filter { !$0.isEmpty(space) }
    }
}
