public import Addressing
public import Rulesets

extension Table {
    /// The table with grants for exactly these sources.
    ///
    /// Grants are added to a compiled table, since they must also work with a saved table whose policy is gone. A grant for
    /// a service that the table lacks has no effect.
    ///
    /// - Parameters:
    ///   - sources: the sources.
    ///   - live: a table whose sets for grants are kept if they are empty: the end of a grant is not a difference.
    /// - Returns: the new table; the same table if there is nothing to change.
    public func granting(_ sources: [GrantedSource], keepingSetsOf live: Table? = nil) -> Table {
        let families = self.families
        let wanted = Dictionary(grouping: sources.filter { families.contains($0.address.family) }, by: \.grants)
        let empty = (grantSets + (live?.grantSets ?? [])).filter { wanted[$0] == nil }
        let all = Set(wanted.keys + empty).filter { chain(Names.service($0.service)) != nil }
        guard !all.isEmpty else { return self }
        var overlay = GrantOverlay(self)
        for grants in all.sorted(by: { $0.name < $1.name }) {
            overlay.put(grants, (wanted[grants] ?? []).map(\.element))
        }
        return overlay.table
    }

    /// The families that the host speaks; grants of the other have no effect.
    public var families: Set<AddressFamily> {
        let last = chain(Names.input)?.rules.last
        let only = AddressFamily.allCases.first { Rule.refuse(speaking: [$0]) == last }
        return only.map { [$0] } ?? Set(AddressFamily.allCases)
    }

    /// Whether the table keeps a grant: it has the service, and speaks the family.
    public func keeps(_ grant: GrantedSource) -> Bool {
        chain(Names.service(grant.service)) != nil && families.contains(grant.address.family)
    }

    /// Whether the table has sets for grants, even if these are empty.
    public var hasGrantSets: Bool { !grantSets.isEmpty }

    /// The granted sources in the table, without elements that are not an address with a timeout.
    public var grantedSources: [GrantedSource] {
        grantSets.flatMap { grants in
            grantElements(grants).compactMap { element in
                guard let timeout = element.timeout, let address = IPAddress(bigEndianBytes: element.key) else {
                    return nil
                }
                let source = GrantedSource(
                    service: grants.service, address: address, seconds: max(1, Int64(clamping: timeout / 1000)))
                return source.element == element ? source : nil
            }
        }
    }

    /// Whether the table has a grant for the source with this timeout.
    public func grants(_ source: GrantedSource) -> Bool { grantElements(source.grants).contains(source.element) }

    /// The table without the grants of a service for an address.
    public func withoutGrant(of service: String, to address: IPAddress) -> Table {
        let source = GrantedSource(service: service, address: address, seconds: 1)
        let kept = sets.map { set -> NamedSet in
            guard set.name == source.grants.name, case .list(let elements) = set.elements else { return set }
            var set = set
            set.elements = .list(elements.filter { $0.key != source.key })
            return set
        }
        return Table(name: name, flags: flags, userdata: userdata, chains: chains, sets: kept, objects: objects)
    }

    private var grantSets: [GrantSet] { sets.compactMap { GrantSet(set: $0.name) } }

    private func grantElements(_ grants: GrantSet) -> [SetElement] {
        guard case .list(let elements)? = set(grants.name)?.elements else { return [] }
        return elements
    }
}

extension CompiledPolicy {
    /// The compiled policy with its table replaced by one that also has grants.
    public func carrying(_ table: Table) -> CompiledPolicy {
        var copy = self
        copy.table = table
        for set in table.sets where copy.origins.sets[set.name] == nil {
            guard let grants = GrantSet(set: set.name) else { continue }
            copy.origins.sets[set.name] = origins.chains[Names.service(grants.service)]
        }
        return copy
    }
}
