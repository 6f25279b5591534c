internal import Addressing
internal import Rulesets

extension Sequence<Table> {
    /// The multicast addresses and the limited broadcast address that rules compare with, at most 16: RFC 5771, RFC 4291 2.7,
    /// RFC 919 7.
    var groupAddresses: [IPAddress] {
        var found: Set<IPAddress> = []
        for table in self {
            for chain in table.chains {
                for rule in chain.rules {
                    for value in rule.constants(table) {
                        guard let address = IPAddress(bigEndianBytes: value), address.isGroup else { continue }
                        found.insert(address)
                    }
                }
            }
        }
        return found.sorted().prefix(16).map(\.self)
    }
}

extension IPAddress {
    /// Whether it is a multicast address or the limited broadcast address.
    var isGroup: Bool {
        switch self {
        case .ipv4(let value): value >> 28 == 0xe || value == .max
        case .ipv6(let value): value >> 120 == 0xff
        }
    }
}

extension Rule {
    /// The constants with which it compares.
    fileprivate func constants(_ table: Table) -> [[UInt8]] {
        expressions.flatMap { expression -> [[UInt8]] in
            switch expression {
            case .compare(let comparison): [comparison.value]
            case .range(let range): [range.lower]
            case .lookup(let lookup): lookup.keys(table)
            default: []
            }
        }
    }
}

extension Lookup {
    /// The keys of a set of few elements.
    fileprivate func keys(_ table: Table) -> [[UInt8]] {
        let elements: SetElements? =
            switch set {
            case .anonymous(let set): set.elements
            case .named(let name): table.set(name)?.elements
            }
        switch elements?.prefix(64) {
        case .list(let list)?: return list.map(\.key)
        case .ranges32(let ranges)?: return ranges.map { $0.lowerBound.bigEndianBytes }
        case .ranges128(let ranges)?: return ranges.map { $0.lowerBound.bigEndianBytes }
        case nil: return []
        }
    }
}
