public import Rulesets

extension Names {
    /// Whether the set with this name has grants or bans.
    public static func isTemporary(set name: String) -> Bool {
        name.hasPrefix(grants) && GrantSet(set: name) != nil || name.hasPrefix(bans) && BanSet(set: name) != nil
    }
}

extension Rule {
    /// Whether the rule of this chain is there for grants or bans alone.
    public func isTemporary(in chain: String) -> Bool {
        if case .service(let name) = Names.purpose(ofChain: chain) { return isGrant(of: name) }
        return isBan
    }
}
