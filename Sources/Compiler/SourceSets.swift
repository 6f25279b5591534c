internal import Addressing
internal import Policies
internal import Rulesets

/// Finds the cheapest matches for sources, and shares one set among all that name the same sources.
///
/// Thousands of sets load in quadratic time and a set of three costs more to load than three comparisons,
/// so short lists become comparisons.
struct SourceSets {
    /// The most ranges of one family that become comparisons.
    static let maximumPlainMatches = 3

    private var names4: [IntervalSet<UInt32>: Shared] = [:]
    private var names6: [IntervalSet<UInt128>: Shared] = [:]
    /// The sets that a match asked for.
    private(set) var used: [NamedSet] = []
    /// Where they come from.
    private(set) var origins: [String: SourceLocation] = [:]

    private struct Shared {
        let name: String
        let location: SourceLocation
        var isUsed = false
    }

    /// Long groups give their names to the sets that hold them.
    init(groups: [SourceGroup]) {
        for group in groups {
            let (ipv4, ipv6) = (group.addresses.ipv4, group.addresses.ipv6)
            if ipv4.ranges.count > Self.maximumPlainMatches, names4[ipv4] == nil {
                names4[ipv4] = Shared(name: "\(Names.group(group.name))-ipv4", location: group.location)
            }
            if ipv6.ranges.count > Self.maximumPlainMatches, names6[ipv6] == nil {
                names6[ipv6] = Shared(name: "\(Names.group(group.name))-ipv6", location: group.location)
            }
        }
    }

    /// Matches, any of which says that a packet is from `addresses`; IPv4 first.
    ///
    /// `name` names a set that no group gives its name to. Without `sharesGroups` it always does, so that the set
    /// changes in place when the list does.
    mutating func matches(
        _ addresses: AddressSet, name: String, location: SourceLocation, sharesGroups: Bool = true
    ) -> [[Expression]] {
        matches(ipv4: addresses.ipv4, name, location, sharesGroups)
            + matches(ipv6: addresses.ipv6, name, location, sharesGroups)
    }

    private mutating func matches(
        ipv4 set: IntervalSet<UInt32>, _ name: String, _ location: SourceLocation, _ sharesGroups: Bool
    ) -> [[Expression]] {
        if set.isAll { return [Match.family(.ipv4)] }
        if set.ranges.count <= Self.maximumPlainMatches { return set.ranges.map(Match.source) }
        var shared = Shared(name: "\(name)-ipv4", location: location)
        if sharesGroups { shared = names4[set] ?? shared }
        if !shared.isUsed { use(shared, .addresses(.ipv4), .ranges32(set.ranges)) }
        shared.isUsed = true
        if sharesGroups { names4[set] = shared }
        return [Match.source(in: shared.name, .ipv4)]
    }

    private mutating func matches(
        ipv6 set: IntervalSet<UInt128>, _ name: String, _ location: SourceLocation, _ sharesGroups: Bool
    ) -> [[Expression]] {
        if set.isAll { return [Match.family(.ipv6)] }
        if set.ranges.count <= Self.maximumPlainMatches { return set.ranges.map(Match.source) }
        var shared = Shared(name: "\(name)-ipv6", location: location)
        if sharesGroups { shared = names6[set] ?? shared }
        if !shared.isUsed { use(shared, .addresses(.ipv6), .ranges128(set.ranges)) }
        shared.isUsed = true
        if sharesGroups { names6[set] = shared }
        return [Match.source(in: shared.name, .ipv6)]
    }

    private mutating func use(_ shared: Shared, _ definition: SetDefinition, _ elements: SetElements) {
        used.append(NamedSet(name: shared.name, definition: definition, elements: elements))
        origins[shared.name] = shared.location
    }
}
