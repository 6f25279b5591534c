internal import Reachability
internal import Rulesets

extension Takeover {
    /// The way in which the rules of a chain with one effect go, and those that do; `nil` if they stay.
    ///
    /// A chain of nft goes as a whole or not at all; of iptables, whose chains all programs share, rules go one by one.
    ///
    /// Rules at the places `alike` count as ones with this effect.
    func replacement(
        of chain: TranslationChain, effect: TranslationEffect, alike: Set<ForwardPlan.Place> = [],
        isSaid: (RuleReference) -> Bool
    ) -> (replaced: TranslationPlan.Replaced?, going: [RuleReference]) {
        func isTranslating(_ rule: RuleReference) -> Bool {
            rule.rule?.translationEffect == effect || alike.contains(ForwardPlan.Place(rule))
        }
        let translating = chain.rules.filter(isTranslating)
        let said = translating.filter(isSaid)
        guard !said.isEmpty else { return (nil, []) }
        if replacesWhole(chain.table) { return (.table(chain.table), said) }
        if isOfXtables(chain.table) {
            let direct = said.filter { $0.chain == chain.name }
            let numbers = direct.compactMap { $0.index.map { $0 + 1 } }
            return direct.isEmpty ? (nil, []) : (.rules(chain.table, chain.name, numbers), direct)
        }
        let isWhole =
            !chain.isShared && said.count == translating.count
            && chain.rules.allSatisfy { isTranslating($0) || $0.rule?.translationEffect == TranslationEffect.none }
        return isWhole ? (.chain(chain.table, chain.name), said) : (nil, [])
    }
}

extension RuleReference {
    /// The rule with a translation of iptables as nft writes it.
    var withNativeTarget: RuleReference {
        guard let rule else { return self }
        var native = self
        let table = Table(name: table, chains: [Chain(name: chain, rules: [rule])]).withNativeExtensions
        native.rule = table.chain(chain)?.rules.first ?? rule
        return native
    }
}
