internal import Addressing
internal import Policies
internal import Rulesets

/// A set of addresses in the live tables, by its name.
struct LiveGroup: Hashable {
    /// A valid name of a group.
    var name: String
    /// The addresses.
    var addresses: AddressSet
    /// The comment of the set.
    var comment: String?
    /// The comments of elements, by their addresses.
    var elementComments: [AddressSet: String] = [:]

    /// The named sets of addresses in the tables, largest first; sets that differ only in the family are also one group.
    static func all(in tables: [Table]) -> [LiveGroup] {
        var groups: [LiveGroup] = []
        for table in tables {
            let own = table.sets.compactMap { set in
                set.addresses.map {
                    LiveGroup(
                        name: PolicyName.valid(set.name, prefix: "from-"), addresses: $0,
                        comment: Userdata.setComment(of: set.definition.userdata),
                        elementComments: set.elementComments)
                }
            }
            let pairs = Dictionary(grouping: own) { $0.name.withoutFamily }.filter { $0.value.count > 1 }
            groups += own
            groups += pairs.sorted { $0.key < $1.key }.map { name, sets in
                LiveGroup(
                    name: name, addresses: sets.reduce(AddressSet()) { $0.union($1.addresses) },
                    comment: sets.lazy.compactMap(\.comment).first,
                    elementComments: sets.reduce(into: [:]) { $0.merge($1.elementComments) { first, _ in first } })
            }
        }
        // The name of a list would hide that everyone of a family is in it.
        return groups.filter { !$0.addresses.isEmpty && $0.addresses.wholeFamilies.isEmpty }.sorted {
            ($1.addresses.count, $0.name) < ($0.addresses.count, $1.name)
        }
    }
}

extension AddressSet {
    /// The families of which it has every address.
    var wholeFamilies: [AddressFamily] { AddressFamily.allCases.filter { part($0) == .all($0) } }
}

extension NamedSet {
    /// The addresses of a set of type `ipv4_addr` or `ipv6_addr`; `nil` for other sets, and for sets that rules change.
    var addresses: AddressSet? {
        // TYPE_IPADDR and TYPE_IP6ADDR of nft's `include/datatype.h`.
        guard definition.keyType == 7 || definition.keyType == 8, definition.dataType == nil,
            !definition.flags.contains(.dynamic), !definition.flags.contains(.map)
        else { return nil }
        switch elements {
        case .ranges32(let ranges): return AddressSet(ipv4: ranges, ipv6: [])
        case .ranges128(let ranges): return AddressSet(ipv4: [], ipv6: ranges)
        case .list(let list):
            // The kernel does not compare the type with the length.
            guard definition.keyLength == (definition.keyType == 7 ? 4 : 16) else { return nil }
            return addresses(of: list.filter { !$0.key.isEmpty })
        }
    }

    /// The comments of elements, by their addresses, of a set of addresses.
    fileprivate var elementComments: [AddressSet: String] {
        guard case .list(let list) = elements else { return [:] }
        return list.filter { !$0.key.isEmpty }.reduce(into: [:]) { comments, element in
            comments[addresses(of: [element])] = Userdata.comment(of: element.userdata)
        }
    }

    /// The addresses of elements with keys.
    private func addresses(of elements: [SetElement]) -> AddressSet {
        let ranges = elements.map {
            UInt128(
                bigEndianBytes: $0.key)...max(
                    UInt128(bigEndianBytes: $0.key), UInt128(bigEndianBytes: $0.upper ?? $0.key))
        }
        guard definition.keyType == 7 else { return AddressSet(ipv4: [], ipv6: ranges) }
        return AddressSet(
            ipv4: ranges.map {
                UInt32(truncatingIfNeeded: $0.lowerBound)...UInt32(truncatingIfNeeded: $0.upperBound)
            }, ipv6: [])
    }
}

extension String {
    /// A name without the family at its end: `admins` for `admins4`, `admins-v6` and `admins-ipv4`.
    fileprivate var withoutFamily: String {
        for end in ["-ipv4", "-ipv6", "-v4", "-v6", "ipv4", "ipv6", "-4", "-6", "v4", "v6", "4", "6"]
        where hasSuffix(end) && count > end.count { return String(dropLast(end.count)) }
        return self
    }
}
