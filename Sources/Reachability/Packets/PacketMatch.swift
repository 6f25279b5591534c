internal import Addressing
internal import Rulesets

/// Whether a packet matches: yes, no, or unknown (`open`).
enum Certainty {
    case yes
    case no
    case open

    init(_ value: Bool) { self = value ? .yes : .no }

    /// The opposite.
    var negated: Certainty {
        switch self {
        case .yes: .no
        case .no: .yes
        case .open: .open
        }
    }
}

/// Comparisons of bytes of which only some bits are known.
extension [SymbolicByte] {
    /// Whether a comparison with a constant is true.
    func compares(_ operation: Comparison.Operator, _ value: [UInt8]) -> Certainty {
        switch operation {
        case .equal: equals(value)
        case .notEqual: equals(value).negated
        case .less: isBelow(value)
        case .greaterOrEqual: isBelow(value).negated
        case .greater: isAbove(value)
        case .lessOrEqual: isAbove(value).negated
        }
    }

    /// Whether the bytes are equal to a constant.
    func equals(_ value: [UInt8]) -> Certainty {
        if isOther(than: value) { return .no }
        guard !zip(self, value).contains(where: { $0.excludes($1) }) else { return .no }
        return allSatisfy { $0.mask == 0 } ? .yes : .open
    }

    /// Whether the bytes are in a range of constants, both ends included, in memory order.
    func isInRange(from lower: [UInt8], to upper: [UInt8]) -> Certainty {
        if lower == upper { return equals(lower) }
        switch (isBelow(lower), isAbove(upper)) {
        case (.yes, _), (_, .yes): return .no
        case (.no, .no): return .yes
        default: return .open
        }
    }

    private func isBelow(_ value: [UInt8]) -> Certainty {
        if let least = leastOfAll, !least.lexicographicallyPrecedes(value) { return .no }
        if map(\.greatest).lexicographicallyPrecedes(value) { return .yes }
        return map(\.least).lexicographicallyPrecedes(value) ? .open : .no
    }

    private func isAbove(_ value: [UInt8]) -> Certainty {
        if value.lexicographicallyPrecedes(leastOfAll ?? map(\.least)) { return .yes }
        return value.lexicographicallyPrecedes(map(\.greatest)) ? .open : .no
    }
}

extension SetElement {
    /// Whether a key is equal to the element's key or in its range.
    func holds(_ key: [SymbolicByte], _ definition: SetDefinition) -> Certainty {
        // The end of a range without a start, or an attribute that is not modelled: the meaning is unknown.
        guard flags & ~SetElement.catchAll == 0, unrecognized.isEmpty else { return .open }
        guard let upper, upper != self.key else { return key.equals(self.key) }
        guard definition.flags.contains(.concatenated), !definition.fieldLengths.isEmpty else {
            return key.isInRange(from: self.key, to: upper)
        }
        var certainty = Certainty.yes
        for field in definition.fields {
            switch Array(key[field]).isInRange(from: Array(self.key[field]), to: Array(upper[field])) {
            case .no: return .no
            case .open: certainty = .open
            case .yes: break
            }
        }
        return certainty
    }

    /// The element with what decides after it is found.
    var withoutKey: SetElement { SetElement(key: [], value: value, expressions: expressions) }

    /// Whether an expression of the element may end the rule.
    var isConditional: Bool { expressions.contains { $0 != .counter } }

    /// `NFT_SET_ELEM_CATCHALL`.
    static let catchAll: UInt32 = 2
}

extension SetDefinition {
    /// The bytes of each field in a concatenated key: each field is padded to a multiple of 4 bytes (`NFTA_SET_FIELD_LEN`).
    var fields: [Range<Int>] {
        var start = 0
        return fieldLengths.map { length in
            defer { start += (Int(length) + 3) & ~3 }
            return start..<(start + Int(length))
        }
    }
}

extension SetElements {
    /// Whether an element has the key.
    func holds(_ key: [SymbolicByte], _ definition: SetDefinition) -> Certainty {
        switch self {
        case .ranges32(let ranges): return Self.isIn(ranges, key)
        case .ranges128(let ranges): return Self.isIn(ranges, key)
        case .list(let elements):
            var certainty = Certainty.no
            for element in elements {
                let isRest = element.flags & SetElement.catchAll != 0
                switch isRest ? .yes : element.holds(key, definition) {
                case .yes where element.isConditional: certainty = .open
                case .yes: return .yes
                case .open: certainty = .open
                case .no: break
                }
            }
            return certainty
        }
    }

    private static func isIn<Bound: FixedWidthInteger>(_ ranges: [ClosedRange<Bound>], _ key: [SymbolicByte])
        -> Certainty
    {
        guard let value = key.constants.map({ Bound(bigEndianBytes: $0) }) else {
            let candidates = ranges.contains {
                key.isInRange(from: $0.lowerBound.bigEndianBytes, to: $0.upperBound.bigEndianBytes) != .no
            }
            return candidates ? .open : .no
        }
        let end = ranges.partitioningIndex { $0.lowerBound > value }
        return Certainty(end > 0 && ranges[end - 1].contains(value))
    }
}
