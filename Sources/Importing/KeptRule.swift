public import Reachability
internal import Rulesets

/// A rule that translates addresses and stays, since a policy cannot say it.
public struct KeptRule: Hashable, Sendable {
    /// The reasons for which rules stay.
    public enum Reason: String, Hashable, Sendable {
        /// It sends to a place that a forward cannot name.
        case unsaidTarget = "a forward cannot express its target for all of its ports and clients"
        /// It leaves clients alone to whom the port is open.
        case someClients = "a forward would redirect all clients of the port, and this rule only some of them"
        /// No packet to an address of this host meets it.
        case unmet = "no packet to an address that this host has now meets it"
        /// It leaves clients alone that may use every port of this host.
        case otherClients = "a forward would also redirect clients that now reach this host itself"
        /// It, or a rule beside it, masquerades by something else than the source and the interface.
        case unsaidCondition =
            "it, or a rule beside it, depends on more than the source and the interface that \"masquerade\" can name"
        /// It sends to a range of addresses or ports.
        case range = "a forward lists its targets one by one, not as a range"
        /// It gives packets an address that it names, or ports of a range.
        case fixedSource = "a policy can masquerade, but not choose the address or the ports"
        /// It does something else.
        case otherEffect = "a policy cannot express it"
        /// It stands in a chain that other rules lead to.
        case calledChain = "other rules jump to its chain"
        /// Rules of other programs stand in its chain.
        case sharedChain = "rules of other programs are in its chain"
        /// Rules of iptables beside it translate sources in ways that a policy cannot say.
        case besideOthers = "other rules in its chain translate sources in ways a policy cannot express"
        /// Rules that a policy cannot say stand in its chain.
        case mixedChain = "its chain can only be removed as a whole, and has rules that a policy cannot express"
    }

    /// The rule.
    public var rule: RuleReference
    /// The reason.
    public var reason: Reason
}

extension KeptRule {
    /// The rule in nft's notation, without its comment, and the reason.
    var text: String { "\(rule.textWithoutComment) (\(reason.rawValue))" }
}

extension Takeover {
    /// The reason for which a rule stays that a policy could say.
    func obstacle(to rule: RuleReference, in chain: TranslationChain) -> KeptRule.Reason {
        if isOfXtables(chain.table) { return rule.chain == chain.name ? .besideOthers : .calledChain }
        return chain.isShared ? .sharedChain : .mixedChain
    }
}
