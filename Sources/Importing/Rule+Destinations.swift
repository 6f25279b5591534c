internal import Addressing
internal import Rulesets

extension Rule {
    /// The destinations that it matches, as far as it compares them alone with constants; `nil` if it does not.
    func destinations(in table: Table) -> AddressSet? { addresses(in: table, \.destinationFamily) }

    /// The sources that it matches, in the same way.
    func sources(in table: Table) -> AddressSet? { addresses(in: table, \.sourceFamily) }

    private func addresses(in table: Table, _ familyOfField: KeyPath<Payload, AddressFamily?>) -> AddressSet? {
        var found: AddressSet?
        var loaded: (family: AddressFamily, mask: [UInt8]?)?
        for expression in expressions {
            switch expression {
            case .payload(let payload): loaded = payload[keyPath: familyOfField].map { ($0, nil) }
            case .bitwise(let operation): loaded?.mask = operation.mask
            case .meta, .conntrack, .route, .byteOrder: loaded = nil
            default:
                if let field = loaded, let part = expression.addresses(field.family, field.mask, table) {
                    found = found.map { $0.intersection(part) } ?? part
                }
            }
        }
        return found
    }
}

extension Payload {
    /// The family of the destination that it loads: RFC 791 3.1, RFC 8200 3; `nil` for another field.
    fileprivate var destinationFamily: AddressFamily? {
        switch (base, offset, length) {
        case (.network, 16, 1...4): .ipv4
        case (.network, 24, 5...16): .ipv6
        default: nil
        }
    }

    /// The same of the source.
    var sourceFamily: AddressFamily? {
        switch (base, offset, length) {
        case (.network, 12, 1...4): .ipv4
        case (.network, 8, 5...16): .ipv6
        default: nil
        }
    }
}

extension Expression {
    /// The addresses that a comparison of an address with constants lets pass; `nil` for another expression.
    fileprivate func addresses(_ family: AddressFamily, _ mask: [UInt8]?, _ table: Table) -> AddressSet? {
        switch self {
        case .compare(let comparison) where comparison.operator == .equal:
            return AddressSet(family, from: comparison.value, to: comparison.value, mask)
        case .range(let range) where !range.isInverted:
            return AddressSet(family, from: range.lower, to: range.upper, mask)
        case .lookup(let lookup) where lookup.destination == nil && !lookup.isInverted && mask == nil:
            let elements: SetElements? =
                switch lookup.set {
                case .anonymous(let set): set.elements
                case .named(let name): table.set(name)?.elements
                }
            switch elements {
            case .ranges32(let ranges)?: return AddressSet(ipv4: ranges, ipv6: [])
            case .ranges128(let ranges)?: return AddressSet(ipv4: [], ipv6: ranges)
            case .list(let list)?:
                let parts = list.map { AddressSet(family, from: $0.key, to: $0.upper ?? $0.key, nil) }
                guard !parts.contains(nil) else { return nil }
                return parts.compactMap(\.self).reduce(AddressSet()) { $0.union($1) }
            case nil: return nil
            }
        default: return nil
        }
    }
}

extension AddressSet {
    /// The addresses between two of a family, of which the first bytes are given, and the bits outside of a mask are free; `nil` if they are none.
    fileprivate init?(_ family: AddressFamily, from lower: [UInt8], to upper: [UInt8], _ mask: [UInt8]?) {
        let width = family == .ipv4 ? 4 : 16
        guard lower.count == upper.count, lower.count <= width, mask.map({ $0.count == lower.count }) ?? true else {
            return nil
        }
        let bits = mask ?? Array(repeating: 0xff, count: lower.count)
        let first = UInt128(bigEndianBytes: lower + Array(repeating: 0, count: width - lower.count))
        let last = UInt128(
            bigEndianBytes: zip(upper, bits).map { $0 | ~$1 } + Array(repeating: 0xff, count: width - upper.count))
        guard first <= last else { return nil }
        self =
            family == .ipv4
            ? AddressSet(ipv4: IntervalSet([UInt32(first)...UInt32(last)]))
            : AddressSet(ipv6: IntervalSet([first...last]))
    }
}
