internal import Addressing
internal import Reachability
internal import Rulesets

extension Sequence<Table> {
    /// The multicast and broadcast addresses that rules compare with, at most 16: RFC 5771, RFC 4291 2.7, RFC 919 7; of broadcast
    /// addresses of a network only those of this host.
    func groupAddresses(_ circumstances: Circumstances) -> [IPAddress] {
        let broadcasts = circumstances.broadcasts
        var found: Set<IPAddress> = []
        for table in self {
            for chain in table.chains {
                for rule in chain.rules {
                    for value in rule.constants(table) {
                        guard let address = IPAddress(bigEndianBytes: value),
                            address.isGroup || broadcasts.contains(address)
                        else { continue }
                        found.insert(address)
                    }
                }
            }
        }
        return found.sorted().prefix(16).map(\.self)
    }
}

extension Sequence<Table> {
    /// The addresses that stand for all groups and broadcast addresses, if a rule decides by the kind of the destination:
    /// the group of all hosts, of which each is a member (RFC 1112 4, RFC 4291 2.7.1), and the limited broadcast address.
    var kindAddresses: [IPAddress] {
        let decides = contains { table in
            table.withNativeExtensions.chains.contains { chain in
                chain.rules.contains { $0.testsDestinationKind || $0.comparesGroups(table) }
            }
        }
        return decides ? [.ipv4(0xe000_0001), .ipv4(.max), .ipv6(0xff02 << 112 | 1)] : []
    }
}

extension Circumstances {
    /// The circumstances of packets to a group or a broadcast address.
    func dialling(_ group: IPAddress) -> Circumstances {
        var there = self
        (there.addresses, there.tellsAddressesApart) = (AddressSet(group), false)
        there.destinationKind = group.isMulticast ? .multicast : .broadcast
        return there
    }

    /// The broadcast addresses of the networks of this host.
    var broadcasts: Set<IPAddress> { routes?.broadcasts() ?? [] }
}

extension IPAddress {
    /// Whether it is a multicast address or the limited broadcast address.
    var isGroup: Bool { isMulticast || self == .ipv4(.max) }

    /// Whether it is a multicast address.
    fileprivate var isMulticast: Bool {
        switch self {
        case .ipv4(let value): value >> 28 == 0xe
        case .ipv6(let value): value >> 120 == 0xff
        }
    }
}

extension Rule {
    /// Whether it tests the kind of the destination, or that of the packet.
    fileprivate var testsDestinationKind: Bool {
        expressions.contains { expression in
            switch expression {
            case .route(let query): query.result == .addressType && query.flags.contains(.destination)
            case .meta(.packetType, _): true
            default: false
            }
        }
    }

    /// Whether it compares the destination with a range that has several groups, such as 224.0.0.0/4.
    fileprivate func comparesGroups(_ table: Table) -> Bool {
        destinations(in: table).map { found in
            [AddressFamily.ipv4, .ipv6].contains { family in
                let all = family == .ipv4 ? IPAddress.ipv4(0xe000_0001) : .ipv6(0xff02 << 112 | 1)
                return found.part(family) != .all(family) && found.contains(all)
                    && found.part(family) != AddressSet(all)
            }
        } ?? false
    }

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
