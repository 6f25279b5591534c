internal import Addressing
internal import Rulesets

extension TransportProtocol {
    /// The protocols with ports, and those without ports that a rule names, by number.
    ///
    /// ICMP, ICMPv6 and IGMP are left out: their packets differ in more than the source.
    static func all(in tables: [Table]) -> [TransportProtocol] {
        var numbers: Set<UInt8> = []
        for table in tables {
            for chain in table.chains {
                for rule in chain.rules { numbers.formUnion(named(in: rule, of: table)) }
            }
        }
        let others = numbers.map(Self.init(rawValue:)).filter { ![.icmp, .igmp, .icmpv6].contains($0) && !$0.hasPorts }
        return withPorts + others.sorted { $0.rawValue < $1.rawValue }
    }

    private static func named(in rule: Rule, of table: Table) -> [UInt8] {
        var isLoaded = false
        return rule.expressions.flatMap { expression -> [UInt8] in
            switch expression {
            case .meta(.transportProtocol, _): isLoaded = true
            case .compare(let comparison) where isLoaded && comparison.value.count == 1:
                isLoaded = false
                return comparison.value
            case .lookup(let lookup) where isLoaded:
                isLoaded = false
                return keys(of: lookup.set, in: table).compactMap(\.first)
            // Another load takes the register.
            case .meta, .payload, .conntrack, .route: isLoaded = false
            default: break
            }
            return []
        }
    }

    private static func keys(of target: Lookup.Target, in table: Table) -> [[UInt8]] {
        let elements: SetElements? =
            switch target {
            case .anonymous(let set): set.elements
            case .named(let name): table.set(name)?.elements
            }
        guard case .list(let list)? = elements else { return [] }
        return list.map(\.key)
    }
}
