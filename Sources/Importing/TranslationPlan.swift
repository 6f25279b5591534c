internal import Addressing
internal import Reachability
internal import Rulesets

/// The translations of addresses that a policy takes over, and those that stay.
struct TranslationPlan {
    /// Sources that leave under this host's address.
    struct Masquerade {
        var name = ""
        /// The sources, and the interfaces by which they leave.
        var access: InterfaceAccess
        /// The rule in nft's notation.
        var rule: String
        /// The comment of the rule.
        var comment: String?
    }

    /// Rules that a policy says as well.
    enum Replaced: Hashable {
        /// The base chain, with all that it leads to.
        case chain(TableName, String)
        /// The rules of a chain of iptables, by their numbers from 1.
        case rules(TableName, String, [Int])
        /// Part of a table that goes with its firewall.
        case table(TableName)
    }

    /// The ports that become forwards.
    private(set) var forwards: [ForwardPlan.Entry] = []
    /// The lines of `masquerade`.
    private(set) var masquerades: [Masquerade] = []
    /// The rules about clients in the networks of targets that forwards say.
    private(set) var hairpins: Set<ForwardPlan.Place> = []
    /// The rules that go.
    private(set) var replaced: [Replaced] = []
    /// The rules that stay, since a policy cannot say them.
    private(set) var kept: [KeptRule] = []
    private let circumstances: Circumstances
    private let naming: InterfaceNaming

    /// The plan for the tables that decide now.
    ///
    /// - Parameters:
    ///   - takeover: the tables.
    ///   - circumstances: the circumstances in which packets meet them.
    ///   - interfaces: the interfaces of the host.
    init(_ takeover: Takeover, in circumstances: Circumstances, interfaces: Set<String>) {
        let tables = takeover.whole
        self.circumstances = circumstances
        naming = InterfaceNaming(
            InterfaceClass.all(in: tables, circumstances.routes, includesOutput: true),
            present: interfaces.sorted())
        let destinations = TranslationChain.all(in: tables, at: .prerouting).filter(\.translates)
        if !destinations.isEmpty { addForwards(destinations, takeover) }
        for chain in TranslationChain.all(in: tables, at: .postrouting) where chain.translates {
            addMasquerades(chain, takeover)
        }
    }

    private mutating func addForwards(_ chains: [TranslationChain], _ takeover: Takeover) {
        let plan = ForwardPlan(AccessRegions(takeover.whole, in: circumstances), own: circumstances.addresses)
        let said = Set(plan.entries.flatMap(\.rules)).subtracting(plan.unsaid)
        var taken: Set<ForwardPlan.Place> = []
        for chain in chains {
            let (replaced, going) = takeover.replacement(of: chain, effect: .destination) {
                said.contains(ForwardPlan.Place($0))
            }
            self.replaced += replaced.map { [$0] } ?? []
            taken.formUnion(going.map(ForwardPlan.Place.init))
            kept += chain.rules.filter {
                $0.rule?.translationEffect == .destination && !taken.contains(ForwardPlan.Place($0))
            }.map { rule in
                let isSaid = said.contains(ForwardPlan.Place(rule))
                return KeptRule(
                    rule: rule.withNativeTarget,
                    reason: isSaid ? takeover.obstacle(to: rule, in: chain) : .unsaidTarget)
            }
        }
        forwards = plan.limited(to: taken)
    }

    private mutating func addMasquerades(_ chain: TranslationChain, _ takeover: Takeover) {
        let unchanged = forwards
        let hairpins = takeHairpins(of: chain)
        let sources = MasqueradeView(takeover.whole, only: chain, without: hairpins, in: circumstances).sources
        let found = sources.map { lines($0, chain) } ?? []
        let replacement = takeover.replacement(of: chain, effect: .masquerade) { rule in
            !found.isEmpty || hairpins.contains(ForwardPlan.Place(rule))
        }
        guard let replaced = replacement.replaced, sources != nil else {
            forwards = unchanged
            self.hairpins.subtract(hairpins)
            kept += chain.rules.compactMap { rule in
                switch rule.rule?.translationEffect {
                case .masquerade?:
                    KeptRule(
                        rule: rule,
                        reason: found.isEmpty && !chain.isMixed
                            ? .unsaidCondition : takeover.obstacle(to: rule, in: chain))
                case .other?: KeptRule(rule: rule, reason: .otherEffect)
                default: nil
                }
            }
            return
        }
        self.replaced.append(replaced)
        masquerades += found
    }

    /// Gives the rules about clients in the networks of targets to the forwards; returns those that the forwards say.
    private mutating func takeHairpins(of chain: TranslationChain) -> Set<ForwardPlan.Place> {
        var taken: Set<ForwardPlan.Place> = []
        for rule in chain.rules.map(\.withNativeTarget).compactMap(HairpinRule.init) {
            let places = forwards.indices.filter { rule.isAbout(forwards[$0]) }
            let reached = places.reduce(AddressSet()) { $0.union(forwards[$1].targets.addresses) }
            guard !places.isEmpty, reached == rule.targets else { continue }
            for place in places {
                forwards[place].targets.hairpin = forwards[place].targets.hairpin.union(rule.network)
            }
            taken.insert(rule.place)
        }
        hairpins.formUnion(taken)
        return taken
    }

    /// The lines with these sources by interface.
    private func lines(_ sources: [InterfaceClass: AddressSet], _ chain: TranslationChain) -> [Masquerade] {
        let rules = chain.rules.filter { $0.rule?.translationEffect == .masquerade }
        guard let rule = rules.first else { return [] }
        let open = sources.mapValues { $0.subtracting(.impossible) }.filter { !$0.value.isEmpty }
        return AccessByInterface(sources.mapValues { $0.subtracting(.impossible) })
            .entries(sparing: sources.mapValues { _ in .impossible }, naming).map { access in
                var access = access
                if access.interfaces.isEmpty { access.interfaces = naming.all }
                return Masquerade(
                    access: access, rule: rules.count == 1 || open.count == 1 ? rule.textWithoutComment : "",
                    comment: rules.count == 1 ? rule.rule?.note : nil)
            }.filter { !$0.access.interfaces.isEmpty }
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

extension Takeover {
    /// The way in which the rules of a chain with one effect go, and those that do; `nil` if they stay.
    ///
    /// A chain of nft goes as a whole or not at all; of iptables, whose chains all programs share, rules go one by one.
    func replacement(
        of chain: TranslationChain, effect: TranslationEffect, isSaid: (RuleReference) -> Bool
    ) -> (replaced: TranslationPlan.Replaced?, going: [RuleReference]) {
        let translating = chain.rules.filter { $0.rule?.translationEffect == effect }
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
            && chain.rules.allSatisfy { rule in
                rule.rule.map { [.none, effect].contains($0.translationEffect) } ?? false
            }
        return isWhole ? (.chain(chain.table, chain.name), said) : (nil, [])
    }
}
