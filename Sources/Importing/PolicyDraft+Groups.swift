internal import Addressing
internal import Reachability
internal import Rulesets

extension PolicyDraft {
    /// Adds services at the multicast and broadcast addresses that a rule names, such as those of mDNS.
    ///
    /// A port has one service at all addresses, or several at different ones: where all addresses have one, it decides here, too.
    mutating func addGroups(
        _ tables: [Table], _ circumstances: Circumstances, _ interfaces: Set<String>, _ lists: FilledLists
    ) {
        let taken = services.filter(\.destinations.isEmpty).map(\.ports)
        var found: [Service] = []
        for group in tables.groupAddresses(circumstances) {
            let there = circumstances.dialling(group)
            let survey = AccessSurvey(AccessRegions(tables, in: there), tables, there, interfaces, [], lists)
            found += survey.services.compactMap { $0.limited(to: group, besides: taken) }
        }
        services += found.joinedAcrossGroups
    }
}

extension PolicyDraft.Service {
    /// The service at a group alone, without the ports that other services have; `nil` if that is none.
    fileprivate func limited(to group: IPAddress, besides taken: [[TransportProtocol: IntervalSet<UInt16>]]) -> Self? {
        var service = self
        for other in taken {
            service.ports = service.ports.reduce(into: [:]) { left, own in
                left[own.key] = other[own.key].map(own.value.subtracting) ?? own.value
            }
        }
        service.ports = service.ports.filter { !$0.value.isEmpty }
        service.entries = entries.compactMap { $0.limited(to: group.family) }
        service.free = free.compactMap { $0.limited(to: group.family) }
        service.destinations = AddressSet(group)
        // They may be about addresses of this host.
        service.otherRules = []
        return service.ports.isEmpty || service.entries.isEmpty ? nil : service
    }
}

extension InterfaceAccess {
    /// The access of one family; `nil` for none.
    fileprivate func limited(to family: AddressFamily) -> Self? {
        var access = self
        access.sources = sources.part(family)
        return access.sources.isEmpty ? nil : access
    }
}

extension [PolicyDraft.Service] {
    /// One service for the groups of both families with the same ports and interfaces.
    fileprivate var joinedAcrossGroups: Self {
        var result: Self = []
        for service in self {
            let place = result.firstIndex { other in
                other.ports == service.ports && other.limit == service.limit
                    && (other.entries == service.entries
                        || other.destinations.intersection(service.destinations.families).isEmpty
                            && other.entries.map(\.interfaces) == service.entries.map(\.interfaces))
            }
            guard let place else {
                result.append(service)
                continue
            }
            result[place].destinations = result[place].destinations.union(service.destinations)
            result[place].rules += service.rules.filter { !result[place].rules.contains($0) }
            for (index, entry) in service.entries.enumerated() {
                result[place].entries[index].sources = result[place].entries[index].sources.union(entry.sources)
            }
        }
        return result.map(\.fromAny)
    }
}

extension PolicyDraft.Service {
    /// The service with `any` in place of all addresses of the family of its destinations, which says the same.
    fileprivate var fromAny: Self {
        var service = self
        let families = AddressFamily.allCases.filter { !destinations.part($0).isEmpty }
        for index in entries.indices
        where families.allSatisfy({ entries[index].sources.part($0) == .all($0) }) {
            service.entries[index].sources = .any
        }
        return service
    }
}

extension AddressSet {
    /// All addresses of the families that it has addresses of.
    fileprivate var families: AddressSet {
        AddressFamily.allCases.filter { !part($0).isEmpty }.reduce(AddressSet()) { $0.union(.all($1)) }
    }
}
