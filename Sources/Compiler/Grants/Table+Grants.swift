public import Addressing
public import Rulesets

extension Table {
    /// The table with these sources let in, and no other granted ones.
    ///
    /// Grants lie over a table instead of being compiled into it, since also a table that is kept from earlier, without
    /// its policy, must be able to carry them. Those of a service that the table does not have come to nothing.
    ///
    /// - Parameters:
    ///   - sources: the sources.
    ///   - live: a table whose sets for grants are to be there still when they are empty: what time has emptied is no
    ///     difference.
    /// - Returns: the table; itself where there is nothing to add or take away.
    public func granting(_ sources: [GrantedSource], keepingPlacesOf live: Table? = nil) -> Table {
        let wanted = Dictionary(grouping: sources, by: \.place)
        let found = (grantPlaces + (live?.grantPlaces ?? [])).filter { wanted[$0] == nil }
        let places = Set(wanted.keys + found).filter { chain(Names.service($0.service)) != nil }
        guard !places.isEmpty else { return self }
        var overlay = GrantOverlay(self)
        for place in places.sorted(by: { $0.name < $1.name }) {
            overlay.put(place, (wanted[place] ?? []).map(\.element))
        }
        return overlay.table
    }

    /// Whether the table has sets for grants, filled or not.
    public var hasPlacesForGrants: Bool { !grantPlaces.isEmpty }

    /// The granted sources that the table lets in; what is not a source with its time is left out.
    public var grantedSources: [GrantedSource] {
        grantPlaces.flatMap { place in
            grantElements(place).compactMap { element in
                guard let timeout = element.timeout, let address = AddressRange(key: element.key) else { return nil }
                let source = GrantedSource(
                    service: place.service, address: address, seconds: max(1, Int64(clamping: timeout / 1000)))
                return source.element == element ? source : nil
            }
        }
    }

    /// Whether the table lets the source in, for this time.
    public func grants(_ source: GrantedSource) -> Bool { grantElements(source.place).contains(source.element) }

    /// The table without any grant for an address to a service.
    public func withoutGrant(of service: String, to address: AddressRange) -> Table {
        let source = GrantedSource(service: service, address: address, seconds: 1)
        let kept = sets.map { set -> NamedSet in
            guard set.name == source.place.name, case .list(let elements) = set.elements else { return set }
            var set = set
            set.elements = .list(elements.filter { $0.key != source.key })
            return set
        }
        return Table(name: name, flags: flags, userdata: userdata, chains: chains, sets: kept, objects: objects)
    }

    private var grantPlaces: [GrantPlace] { sets.compactMap { GrantPlace(set: $0.name) } }

    private func grantElements(_ place: GrantPlace) -> [SetElement] {
        guard case .list(let elements)? = set(place.name)?.elements else { return [] }
        return elements
    }
}

extension CompiledPolicy {
    /// What the policy compiles to with a table in its place that carries grants, too.
    public func carrying(_ table: Table) -> CompiledPolicy {
        var copy = self
        copy.table = table
        for set in table.sets where copy.origins.sets[set.name] == nil {
            guard let place = GrantPlace(set: set.name) else { continue }
            copy.origins.sets[set.name] = origins.chains[Names.service(place.service)]
        }
        return copy
    }
}

extension AddressRange {
    /// The one address that a key spells.
    fileprivate init?(key: [UInt8]) {
        switch key.count {
        case 4:
            let number = UInt32(bigEndianBytes: key)
            self = .ipv4(number...number)
        case 16:
            let number = UInt128(bigEndianBytes: key)
            self = .ipv6(number...number)
        default: return nil
        }
    }
}
