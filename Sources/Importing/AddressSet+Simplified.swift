internal import Addressing
internal import Rulesets

extension AddressSet {
    /// Sources that no packet from another host can have: the kernel drops such packets as martians.
    ///
    /// IPv4: this network but 0.0.0.0, loopback, multicast and the limited broadcast (`ip_route_input_slow` of the kernel,
    /// RFC 1122 3.2.1.3). IPv6: loopback and multicast (`ip6_rcv_core`).
    static let impossible = AddressSet(
        ipv4: IntervalSet([1...0x00ff_ffff, 0x7f00_0000...0x7fff_ffff, 0xe000_0000...0xefff_ffff, .max ... .max]),
        ipv6: IntervalSet([1...1, 0xff << 120 ... .max]))

    /// Every address of a family.
    static func all(_ family: AddressFamily) -> AddressSet {
        family == .ipv4 ? AddressSet(ipv4: .all) : AddressSet(ipv6: .all)
    }

    /// The number of ranges.
    var count: Int { ipv4.ranges.count + ipv6.ranges.count }

    /// The part of one family.
    func part(_ family: AddressFamily) -> AddressSet { intersection([family]) }

    /// The addresses of the families that it has addresses of, without itself.
    var complement: AddressSet {
        let families = AddressFamily.allCases.filter { !part($0).isEmpty }
        return families.reduce(AddressSet()) { $0.union(.all($1)) }.subtracting(self)
    }

    /// The shortest set between itself and itself with `spare`, whose addresses do not matter.
    func simplified(with spare: AddressSet) -> AddressSet {
        AddressFamily.allCases.map { family in
            let (own, spare) = (part(family), spare.part(family))
            if own.subtracting(spare).isEmpty { return AddressSet() }
            let candidates = [own, own.union(spare), own.subtracting(spare)]
            return candidates.min { $0.cost < $1.cost } ?? own
        }.reduce(AddressSet()) { $0.union($1) }
    }

    /// The number of terms of the shortest way to write the set.
    private var cost: Int { min(count, 1 + complement.count) }
}

/// A set of addresses in the live tables, by its name.
struct LiveGroup: Hashable {
    /// A valid name of a group.
    var name: String
    /// The addresses.
    var addresses: AddressSet

    /// The named sets of addresses in the tables, largest first; sets that differ only in the family are also one group.
    static func all(in tables: [Table]) -> [LiveGroup] {
        var groups: [LiveGroup] = []
        for table in tables {
            let own = table.sets.compactMap { set in
                set.addresses.map { LiveGroup(name: PolicyName.valid(set.name), addresses: $0) }
            }
            let pairs = Dictionary(grouping: own) { PolicyName.withoutFamily($0.name) }.filter { $0.value.count > 1 }
            groups += own
            groups += pairs.sorted { $0.key < $1.key }.map { name, sets in
                LiveGroup(name: name, addresses: sets.reduce(AddressSet()) { $0.union($1.addresses) })
            }
        }
        return groups.filter { !$0.addresses.isEmpty }.sorted {
            ($1.addresses.count, $0.name) < ($0.addresses.count, $1.name)
        }
    }
}

extension NamedSet {
    /// The addresses of a set of type `ipv4_addr` or `ipv6_addr`; `nil` for other sets, and for those that rules change.
    fileprivate var addresses: AddressSet? {
        // TYPE_IPADDR and TYPE_IP6ADDR of nft's `include/datatype.h`.
        guard definition.keyType == 7 || definition.keyType == 8, definition.dataType == nil,
            !definition.flags.contains(.dynamic), !definition.flags.contains(.map)
        else { return nil }
        switch elements {
        case .ranges32(let ranges): return AddressSet(ipv4: ranges, ipv6: [])
        case .ranges128(let ranges): return AddressSet(ipv4: [], ipv6: ranges)
        case .list(let list):
            let ranges = list.filter { [4, 16].contains($0.key.count) }.map {
                UInt128(
                    bigEndianBytes: $0.key)...max(
                        UInt128(bigEndianBytes: $0.key), UInt128(bigEndianBytes: $0.upper ?? $0.key))
            }
            guard definition.keyType == 7 else { return AddressSet(ipv4: [], ipv6: ranges) }
            return AddressSet(ipv4: ranges.map { UInt32($0.lowerBound)...UInt32($0.upperBound) }, ipv6: [])
        }
    }
}

/// Names of a policy.
enum PolicyName {
    /// A valid name, `[a-z][a-z0-9-]{0,30}`, from any text.
    static func valid(_ text: String) -> String {
        let kept = text.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        let words = String(kept).split(separator: "-").joined(separator: "-")
        let name = words.first?.isLetter == true ? words : "from-" + words
        // Leaves room for a number that makes the name unique.
        return String(name.prefix(26).reversed().drop { $0 == "-" }.reversed())
    }

    /// A name without the family at its end: `admins` for `admins4`, `admins-v6` and `admins-ipv4`.
    static func withoutFamily(_ name: String) -> String {
        for end in ["-ipv4", "-ipv6", "-v4", "-v6", "ipv4", "ipv6", "-4", "-6", "v4", "v6", "4", "6"]
        where name.hasSuffix(end) && name.count > end.count { return String(name.dropLast(end.count)) }
        return name
    }

    /// A name that is not taken, which it takes.
    static func unique(_ name: String, _ taken: inout Set<String>) -> String {
        let names = [name] + (2...65_536).lazy.map { "\(name)-\($0)" }
        let free = names.first { !taken.contains($0) } ?? name
        taken.insert(free)
        return free
    }
}
