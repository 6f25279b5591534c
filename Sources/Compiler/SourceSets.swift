internal import Addressing
internal import Policies
internal import Rulesets

/// Chooses the cheapest matches for sources; services with the same sources share one set.
///
/// The kernel loads thousands of sets in quadratic time, and a set of three addresses costs more than three comparisons.
/// Therefore short lists become comparisons.
struct SourceSets {
    /// The largest number of ranges of one family that become comparisons.
    static let maximumPlainMatches = 3

    private var sharedIPv4: [IntervalSet<UInt32>: Shared] = [:]
    private var sharedIPv6: [IntervalSet<UInt128>: Shared] = [:]
    /// The sets that a match uses.
    private(set) var used: [NamedSet] = []
    /// The places in the policy of these sets, by name.
    private(set) var origins: [String: SourceLocation] = [:]

    private struct Shared {
        let name: String
        let location: SourceLocation
        var isUsed = false
    }

    /// Sets with the same addresses as a long group get their names from the group.
    init(groups: [SourceGroup]) {
        for group in groups {
            let ipv4 = group.addresses.ipv4
            let ipv6 = group.addresses.ipv6
            if ipv4.ranges.count > Self.maximumPlainMatches, sharedIPv4[ipv4] == nil {
                sharedIPv4[ipv4] = Shared(name: "\(Names.group(group.name))-ipv4", location: group.location)
            }
            if ipv6.ranges.count > Self.maximumPlainMatches, sharedIPv6[ipv6] == nil {
                sharedIPv6[ipv6] = Shared(name: "\(Names.group(group.name))-ipv6", location: group.location)
            }
        }
    }

    /// Alternative matches, IPv4 first: a packet is from `addresses` if one of them matches.
    ///
    /// A set that is not a group's is named `name`. Without `sharesGroups` this is true of every set, so that the set can
    /// change in place if the list changes. Matches of destinations use the same sets.
    mutating func matches(
        _ addresses: AddressSet, name: String, location: SourceLocation, sharesGroups: Bool = true,
        of field: SourceMatch.Field = .source
    ) -> [[Expression]] {
        matches(ipv4: addresses.ipv4, name, location, sharesGroups, field)
            + matches(ipv6: addresses.ipv6, name, location, sharesGroups, field)
    }

    private mutating func matches(
        ipv4 set: IntervalSet<UInt32>, _ name: String, _ location: SourceLocation, _ sharesGroups: Bool,
        _ field: SourceMatch.Field
    ) -> [[Expression]] {
        if set.isAll { return [Match.family(.ipv4)] }
        if set.ranges.count <= Self.maximumPlainMatches {
            return set.ranges.map { field == .source ? Match.source($0) : Match.destination($0) }
        }
        var shared = Shared(name: "\(name)-ipv4", location: location)
        if sharesGroups { shared = sharedIPv4[set] ?? shared }
        if !shared.isUsed { use(shared, .addresses(.ipv4), .ranges32(set.ranges)) }
        shared.isUsed = true
        if sharesGroups { sharedIPv4[set] = shared }
        return [Match.address(field, in: shared.name, .ipv4)]
    }

    private mutating func matches(
        ipv6 set: IntervalSet<UInt128>, _ name: String, _ location: SourceLocation, _ sharesGroups: Bool,
        _ field: SourceMatch.Field
    ) -> [[Expression]] {
        if set.isAll { return [Match.family(.ipv6)] }
        if set.ranges.count <= Self.maximumPlainMatches {
            return set.ranges.map { field == .source ? Match.source($0) : Match.destination($0) }
        }
        var shared = Shared(name: "\(name)-ipv6", location: location)
        if sharesGroups { shared = sharedIPv6[set] ?? shared }
        if !shared.isUsed { use(shared, .addresses(.ipv6), .ranges128(set.ranges)) }
        shared.isUsed = true
        if sharesGroups { sharedIPv6[set] = shared }
        return [Match.address(field, in: shared.name, .ipv6)]
    }

    private mutating func use(_ shared: Shared, _ definition: SetDefinition, _ elements: SetElements) {
        // The set of `deny` is not shared by its addresses, and has a match on either field.
        guard origins[shared.name] == nil else { return }
        used.append(NamedSet(name: shared.name, definition: definition, elements: elements))
        origins[shared.name] = shared.location
    }
}
