internal import Addressing
internal import Compiler
public import Reachability
internal import Rulesets

extension Explanation {
    /// How portreeve's live table decides otherwise than the policy that was compiled to it.
    public enum Deviation: Hashable, Sendable {
        /// A rule that the policy does not have decides.
        case added(RuleReference)
        /// The policy lets the connection in, and the rule or the element that does so is missing.
        case missing
        /// The policy refuses the connection, and no rule of the live table does.
        case admitted
    }

    /// How portreeve's live table decides otherwise than the policy; `nil` if it does not, or if that is not known.
    ///
    /// Grants, bans and the rules of other tables are no deviations.
    public var deviation: Deviation? {
        guard isLive, !isBanned, !isGranted, !isLoopback, !conclusion.isForwarded, conclusion.redirection == nil,
            let place = ownDecision
        else { return nil }
        let table = compile(policy).table
        let (meant, dependsOnInterface) = question.conclusion(through: [table], now: now)
        // A version that compiles the policy to other rules with the same verdict deviates in nothing.
        guard !dependsOnInterface, meant.verdict == .accept || meant.verdict == .refuse,
            ConnectionVerdict(meant.verdict) != verdict
        else { return nil }
        if let rule = place.rule, !table.has(rule, in: place.chain) { return .added(place) }
        return verdict == .refuse ? .missing : .admitted
    }

    /// The rule or the policy of portreeve's table that decides; `nil` if another table does.
    private var ownDecision: RuleReference? {
        switch verdict {
        case .accept: conclusion.trace.last { $0.place.table == Names.table && $0.action == "accept" }?.place
        case .refuse: conclusion.decision.flatMap { $0.table == Names.table ? $0 : nil }
        case .unknown: nil
        }
    }
}

extension Table {
    /// Whether a chain has a rule that does the same.
    fileprivate func has(_ rule: Rule, in chain: String) -> Bool {
        chains.first { $0.name == chain }?.rules.contains { $0.doesTheSame(as: rule) } ?? false
    }
}

extension PacketConclusion {
    /// Whether a rule for bans matched.
    var isBan: Bool { trace.contains { $0.place.table == Names.table && $0.place.rule?.isBan == true } }
}

extension [Table] {
    /// The bans in portreeve's table that cover an address.
    func bans(of address: IPAddress) -> [AddressRange] {
        let own = first { $0.name == Names.table }
        return own?.bannedSources.map(\.addresses).filter { AddressSet($0).contains(address) } ?? []
    }

    /// The tables without these bans.
    func withoutBans(of addresses: [AddressRange]) -> [Table] {
        map { $0.name == Names.table ? $0.withoutBans(of: Set(addresses)) : $0 }
    }
}
