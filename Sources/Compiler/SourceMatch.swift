internal import Addressing
internal import Rulesets

/// The sources that the first expressions of a rule match: the inverse of `Match.source` and `Match.family`.
struct SourceMatch {
    /// The addresses.
    let addresses: AddressSet
    /// The expressions after the match.
    let rest: ArraySlice<Expression>

    /// The place of an address in the network header.
    enum Field {
        case source
        case destination

        /// The offset in bytes: RFC 791 3.1, RFC 8200 3.
        func offset(_ family: AddressFamily) -> UInt32 {
            switch self {
            case .source: family == .ipv4 ? 12 : 8
            case .destination: family == .ipv4 ? 16 : 24
            }
        }
    }

    /// Reads the start of `rule`; `nil` if it is not a match on sources, or on destinations, as the compiler makes it.
    init?(_ rule: Rule, in sets: [String: AddressSet], of field: Field = .source) {
        guard rule.expressions.count >= 2, case .meta(.networkProtocol, into: .first) = rule.expressions[0],
            case .compare(let family) = rule.expressions[1], family.operator == .equal, family.value.count == 1
        else { return nil }
        let rest = rule.expressions[2...]
        switch TableFamily(rawValue: family.value[0]) {
        case .ipv4:
            guard let (set, rest) = Self.sources(rest, .ipv4, offset: field.offset(.ipv4), sets, as: UInt32.self) else {
                return nil
            }
            addresses = AddressSet(ipv4: set)
            self.rest = rest
        case .ipv6:
            guard let (set, rest) = Self.sources(rest, .ipv6, offset: field.offset(.ipv6), sets, as: UInt128.self)
            else { return nil }
            addresses = AddressSet(ipv6: set)
            self.rest = rest
        default: return nil
        }
    }

    private static func sources<Bound>(
        _ expressions: ArraySlice<Expression>, _ family: AddressFamily, offset: UInt32,
        _ sets: [String: AddressSet], as _: Bound.Type
    ) -> (IntervalSet<Bound>, ArraySlice<Expression>)? {
        guard case .payload(let load)? = expressions.first else { return (.all, expressions) }
        guard load.base == .network, load.offset == offset else { return nil }
        let rest = expressions.dropFirst()
        switch rest.first {
        case .lookup(let lookup)? where !lookup.isInverted && lookup.destination == nil:
            guard case .named(let name) = lookup.set, let set: IntervalSet<Bound> = sets[name]?.part() else {
                return nil
            }
            return (set, rest.dropFirst())
        case .bitwise(let bitwise)?:
            guard case .compare(let comparison)? = rest.dropFirst().first, comparison.operator == .equal else {
                return nil
            }
            let upper = zip(comparison.value, bitwise.mask).map { $0 | ~$1 }
            return interval(comparison.value, upper, rest.dropFirst(2))
        case .compare(let comparison)? where comparison.operator == .equal:
            let padding = Bound.bitWidth / 8 - comparison.value.count
            guard padding >= 0 else { return nil }
            let zeros = Array(repeating: UInt8(0), count: padding)
            let ones = Array(repeating: UInt8(255), count: padding)
            return interval(comparison.value + zeros, comparison.value + ones, rest.dropFirst())
        case .compare(let lower)? where lower.operator == .greaterOrEqual:
            guard case .compare(let upper)? = rest.dropFirst().first, upper.operator == .lessOrEqual else { return nil }
            return interval(lower.value, upper.value, rest.dropFirst(2))
        // As nft 1.1.3 encodes the two comparisons.
        case .range(let range)? where !range.isInverted: return interval(range.lower, range.upper, rest.dropFirst())
        default: return nil
        }
    }

    private static func interval<Bound>(
        _ lower: [UInt8], _ upper: [UInt8], _ rest: ArraySlice<Expression>
    ) -> (IntervalSet<Bound>, ArraySlice<Expression>)? {
        guard lower.count == Bound.bitWidth / 8, upper.count == lower.count else { return nil }
        let first = Bound(bigEndianBytes: lower)
        let last = Bound(bigEndianBytes: upper)
        return first <= last ? (IntervalSet([first...last]), rest) : nil
    }
}

extension Table {
    /// The addresses of each set of plain ranges, by name.
    var addressSets: [String: AddressSet] {
        let pairs = sets.compactMap { set -> (String, AddressSet)? in
            switch set.elements {
            case .ranges32(let ranges): (set.name, AddressSet(ipv4: ranges, ipv6: []))
            case .ranges128(let ranges): (set.name, AddressSet(ipv4: [], ipv6: ranges))
            case .list: nil
            }
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }
}

extension AddressSet {
    /// The addresses of the family with this width.
    fileprivate func part<Bound>() -> IntervalSet<Bound>? {
        ipv4 as? IntervalSet<Bound> ?? ipv6 as? IntervalSet<Bound>
    }
}
