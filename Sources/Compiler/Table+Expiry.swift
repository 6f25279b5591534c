public import Rulesets

extension Table {
    /// Whether an entry of a service or of `trusted` has an expiry.
    public var hasExpiries: Bool {
        chains.contains { $0.rules.contains { $0.expiry != nil || RuleConditions($0).expires != nil } }
    }

    /// The table in which the services that expired by this time are closed whatever the clock says.
    ///
    /// The kernel compares an expiry with the host's clock, which a boot may find in the past. The rule that refuses packets
    /// from a time on loses its comparison then, and the rule that leads to an entry until a time goes.
    ///
    /// - Parameter time: seconds since 1970-01-01T00:00:00Z.
    /// - Returns: the table, the same if nothing has expired.
    public func closingExpired(by time: Int64) -> Table { replacing(chains.compactMap { $0.closingExpired(by: time) }) }

    /// The table with the chains that the live table has closed in this way: they refuse the same packets.
    public func closingExpired(by time: Int64, asIn live: Table?) -> Table {
        let closed = chains.compactMap { $0.closingExpired(by: time) }
        return replacing(closed.filter { live?.chain($0.name)?.rules == $0.rules })
    }

    private func replacing(_ changed: [Chain]) -> Table {
        guard !changed.isEmpty else { return self }
        let names = Set(changed.map(\.name))
        return Table(
            name: name, flags: flags, userdata: userdata, chains: chains.filter { !names.contains($0.name) } + changed,
            sets: sets, objects: objects)
    }
}

extension Chain {
    /// The chain without the comparisons of expiries up to this time; `nil` if it has none.
    fileprivate func closingExpired(by time: Int64) -> Chain? {
        guard rules.contains(where: { $0.hasExpired(by: time) || $0.hasLapsed(by: time) }) else { return nil }
        var chain = self
        chain.rules.removeAll { $0.hasLapsed(by: time) }
        for index in chain.rules.indices where chain.rules[index].hasExpired(by: time) {
            chain.rules[index].expressions = [.verdict(.goto(Names.refuse))]
        }
        return chain
    }
}

extension Rule {
    /// Whether it refuses packets from a time on that is over.
    fileprivate func hasExpired(by time: Int64) -> Bool { expiry.map { $0 <= time } ?? false }

    /// Whether it leads to an entry of `allow` or `trusted` until a time that is over.
    fileprivate func hasLapsed(by time: Int64) -> Bool {
        let conditions = RuleConditions(self)
        if let end = lineExpiry { return end <= time }
        guard let end = conditions.expires, case .verdict(.jump)? = conditions.rest.first else { return false }
        return end <= time
    }
}
