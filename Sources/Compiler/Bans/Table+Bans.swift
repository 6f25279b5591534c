public import Addressing
public import Rulesets

extension Table {
    /// The table with bans of exactly these sources.
    ///
    /// As with grants, bans are added to a compiled table, since they must also work with a saved one.
    ///
    /// - Parameters:
    ///   - sources: the sources.
    ///   - live: a table whose sets for bans are kept if they are empty: the end of a ban is not a difference.
    /// - Returns: the new table; the same table if there is nothing to change.
    public func banning(_ sources: [BannedSource], keepingSetsOf live: Table? = nil) -> Table {
        guard !sources.isEmpty || hasBanSets || live?.hasBanSets == true else { return self }
        var wanted = Dictionary(grouping: sources, by: \.bans)
        for bans in banSets + (live?.banSets ?? []) where wanted[bans] == nil { wanted[bans] = [] }
        let all = wanted.keys.sorted { ($0.family.rawValue, $1.length) < ($1.family.rawValue, $0.length) }
        let logs = chain(Names.deniedSources) != nil
        let rules = all.map { Rule.ban($0, logs: logs) }
        let chains = chains.map { chain in
            switch chain.name {
            case Names.input: chain.banning(rules, after: chain.rules.lastIndex(of: .loopback))
            case Names.redirected: chain.banning(rules, after: nil)
            default: chain
            }
        }
        let sets = sets.filter { BanSet(set: $0.name) == nil } + all.map { $0.set((wanted[$0] ?? []).map(\.element)) }
        return Table(name: name, flags: flags, userdata: userdata, chains: chains, sets: sets, objects: objects)
    }

    /// Whether the table has sets for bans, even if these are empty.
    public var hasBanSets: Bool { sets.contains { $0.name.hasPrefix(Names.bans) && BanSet(set: $0.name) != nil } }

    /// The banned sources in the table, without elements of another form.
    public var bannedSources: [BannedSource] {
        banSets.flatMap { bans in banElements(bans).compactMap(bans.source) }
    }

    /// The table without any ban.
    public var withoutBans: Table { withoutBans(of: Set(bannedSources.map(\.addresses))) }

    /// The table without the bans of these addresses.
    public func withoutBans(of addresses: Set<AddressRange>) -> Table {
        guard !addresses.isEmpty else { return self }
        let kept = sets.map { set -> NamedSet in
            guard let bans = BanSet(set: set.name), case .list(let elements) = set.elements else { return set }
            var set = set
            let isKept = { bans.source(of: $0).map { !addresses.contains($0.addresses) } ?? true }
            set.elements = .list(elements.filter(isKept))
            return set
        }
        return Table(name: name, flags: flags, userdata: userdata, chains: chains, sets: kept, objects: objects)
    }

    private var banSets: [BanSet] { sets.compactMap { BanSet(set: $0.name) } }

    private func banElements(_ bans: BanSet) -> [SetElement] {
        guard case .list(let elements)? = set(bans.name)?.elements else { return [] }
        return elements
    }
}

extension Chain {
    /// The chain with these rules for bans in the place of others, after the rule at `index`, or at the start.
    ///
    /// Bans also cut established connections: the rule that accepts these comes later.
    fileprivate func banning(_ bans: [Rule], after index: Int?) -> Chain {
        var chain = self
        let head = (index.map { rules[...$0] } ?? []).filter { !$0.isBan && $0 != .established }
        let isEarly = index.map { rules[...$0].contains(.established) } ?? false
        let rest = rules.dropFirst(index.map { $0 + 1 } ?? 0).filter { !$0.isBan }
        chain.rules = head + bans + (isEarly ? [.established] : []) + rest
        return chain
    }
}
