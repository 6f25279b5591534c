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
        /// The rules in nft's notation.
        var rules: [String]
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
    /// The rules that a policy cannot say either, and that go with the table of their firewall.
    private(set) var gone: [KeptRule] = []
    /// Sentences about what the lines do otherwise than the rules that go.
    private(set) var remarks: [String] = []
    private let circumstances: Circumstances
    private let interfaces: [String]
    private let copies: TranslationCopies
    /// The tables without the copies of translations.
    private let tables: [Table]

    /// The plan for the tables that decide now.
    ///
    /// - Parameters:
    ///   - takeover: the tables.
    ///   - circumstances: the circumstances in which packets meet them.
    ///   - interfaces: the interfaces of the host.
    init(_ takeover: Takeover, in circumstances: Circumstances, interfaces: Set<String>) {
        copies = TranslationCopies(takeover.whole)
        tables = takeover.whole.map(copies.emptied)
        self.circumstances = circumstances
        self.interfaces = interfaces.sorted()
        let destinations = TranslationChain.all(in: takeover.whole, at: .prerouting).filter(\.translates)
        if !destinations.isEmpty { addForwards(destinations, takeover) }
        for chain in TranslationChain.all(in: takeover.whole, at: .postrouting) where chain.translates {
            addMasquerades(chain, takeover)
        }
    }

    private mutating func addForwards(_ chains: [TranslationChain], _ takeover: Takeover) {
        let regions = AccessRegions(tables, in: circumstances)
        let naming = InterfaceNaming(Array(Set(regions.keys.map(\.interface))), present: interfaces)
        let plan = ForwardPlan(regions, own: circumstances.addresses, naming)
        let possible = Set(plan.entries.flatMap(\.rules)).subtracting(plan.unsaid)
        var taken: Set<ForwardPlan.Place> = []
        for chain in chains {
            // A rule that goes in any case is better said with a difference than not at all.
            let said = copies.with(
                takeover.replacesWhole(chain.table) ? possible : possible.subtracting(plan.diverting))
            let (replaced, going) = takeover.replacement(of: chain, effect: .destination) {
                said.contains(ForwardPlan.Place($0))
            }
            self.replaced += replaced.map { [$0] } ?? []
            taken.formUnion(going.map(ForwardPlan.Place.init))
            let unsaid = chain.rules.filter {
                $0.rule?.translationEffect == .destination && !taken.contains(ForwardPlan.Place($0))
            }.map { rule in
                let isSaid = said.contains(ForwardPlan.Place(rule))
                let native = rule.withNativeTarget
                let isDiverting = copies.with(possible).contains(ForwardPlan.Place(rule))
                let isPartial = copies.with(plan.partial).contains(ForwardPlan.Place(rule))
                let isMet = copies.with(possible.union(plan.unsaid)).contains(ForwardPlan.Place(rule))
                let reason: KeptRule.Reason =
                    native.rule?.translatesToRange == true
                    ? .range : isDiverting ? .otherClients : isPartial ? .someClients : isMet ? .unsaidTarget : .unmet
                return KeptRule(rule: native, reason: isSaid ? takeover.obstacle(to: rule, in: chain) : reason)
            }
            leave(unsaid, takeover)
        }
        forwards = plan.limited(to: taken)
    }

    private mutating func addMasquerades(_ chain: TranslationChain, _ takeover: Takeover) {
        let unchanged = forwards
        let found = takeHairpins(of: chain)
        let places = Set(found.map(\.place))
        let sources = MasqueradeView(takeover.whole, only: chain, without: places, in: circumstances).sources
        let lines = sources.map { self.lines($0, chain) } ?? []
        let replacement = takeover.replacement(of: chain, effect: .masquerade, alike: places) { rule in
            !lines.isEmpty || places.contains(ForwardPlan.Place(rule))
        }
        guard let replaced = replacement.replaced, sources != nil else {
            forwards = unchanged
            leave(chain.rules.compactMap { keptSource($0, of: chain, takeover, isUnclear: lines.isEmpty) }, takeover)
            return
        }
        hairpins.formUnion(places)
        self.replaced.append(replaced)
        for line in lines {
            if let same = masquerades.firstIndex(where: { $0.access == line.access }) {
                masquerades[same].rules += line.rules
                masquerades[same].comment = masquerades[same].comment ?? line.comment
            } else {
                masquerades.append(line)
            }
        }
        remarks += replacement.going.compactMap(\.orderRemark) + found.compactMap { addressRemark($0, chain) }
    }

    /// Notes rules that no line says: they stay, unless their table goes.
    private mutating func leave(_ rules: [KeptRule], _ takeover: Takeover) {
        kept += rules.filter { !takeover.replacesWhole($0.rule.table) }
        gone += rules.filter { takeover.replacesWhole($0.rule.table) }
    }

    /// A rule that translates sources and stays; `nil` for another one.
    private func keptSource(
        _ rule: RuleReference, of chain: TranslationChain, _ takeover: Takeover, isUnclear: Bool
    ) -> KeptRule? {
        switch rule.rule?.translationEffect {
        case .masquerade?:
            let reason =
                isUnclear && !chain.isMixed
                ? KeptRule.Reason.unsaidCondition : takeover.obstacle(to: rule, in: chain)
            return KeptRule(rule: rule.withNativeTarget, reason: reason)
        case .other?:
            let native = rule.withNativeTarget
            return KeptRule(rule: native, reason: native.rule?.givesSource == true ? .fixedSource : .otherEffect)
        default: return nil
        }
    }

    /// Gives the rules about clients in the networks of targets to the forwards; returns those that the forwards say.
    private mutating func takeHairpins(of chain: TranslationChain) -> [HairpinRule] {
        let own = circumstances.addresses?.subtracting(.loopback) ?? AddressSet()
        return chain.rules.map(\.withNativeTarget).compactMap { HairpinRule($0, own: own) }.filter { rule in
            let places = forwards.indices.filter { rule.isAbout(forwards[$0]) }
            let reached = places.reduce(AddressSet()) { $0.union(forwards[$1].targets.addresses) }
            guard !places.isEmpty, reached == rule.targets else { return false }
            for place in places {
                forwards[place].targets.hairpin = forwards[place].targets.hairpin.union(rule.network)
            }
            return true
        }
    }

    /// The sentence about clients that had another address than that of the interface by which packets leave; `nil` if they
    /// certainly had not.
    private func addressRemark(_ rule: HairpinRule, _ chain: TranslationChain) -> String? {
        guard let address = rule.address,
            circumstances.addresses?.intersection(rule.network) != AddressSet(address),
            let reference = chain.rules.first(where: { ForwardPlan.Place($0) == rule.place })
        else { return nil }
        let text = reference.withNativeTarget.textWithoutComment
        return
            "\"\(text)\" gives clients the address \(address); with hairpin they get the address of the interface by which they leave."
    }

    /// The lines with these sources by interface.
    private func lines(_ sources: [InterfaceClass: AddressSet], _ chain: TranslationChain) -> [Masquerade] {
        let rules = chain.rules.filter { $0.rule?.translationEffect == .masquerade }
        guard !rules.isEmpty else { return [] }
        let texts = rules.map(\.withNativeTarget.textWithoutComment).distinct
        let open = sources.mapValues { $0.subtracting(.impossible) }.filter { !$0.value.isEmpty }
        // Interfaces that rules of other chains name are among those that this chain does not name.
        let naming = InterfaceNaming(Array(sources.keys), present: interfaces)
        return AccessByInterface(sources.mapValues { $0.subtracting(.impossible) })
            .entries(sparing: sources.mapValues { _ in .impossible }, naming).map { access in
                var access = access
                if access.interfaces.isEmpty { (access.interfaces, access.excluded) = (naming.all, []) }
                return Masquerade(
                    access: access,
                    rules: rules.count == 1 || open.count == 1 ? texts : [],
                    comment: rules.count == 1 ? rules[0].rule?.note : nil)
            }.filter { !$0.access.interfaces.isEmpty }
    }
}

extension RuleReference {
    /// The sentence about a masquerade that chooses the ports otherwise; `nil` for another rule.
    fileprivate var orderRemark: String? {
        guard let order = rule?.expressions.lazy.compactMap(\.masquerade).first?.order else { return nil }
        return
            "A policy has no word for \"\(order)\" of \"\(withNativeTarget.textWithoutComment)\": connections keep their source port where it is free."
    }
}

extension Rule {
    /// Whether it translates the source.
    fileprivate var givesSource: Bool {
        expressions.contains { expression in
            if case .translate(let translation) = expression { return translation.kind == .source }
            return expression.masquerade != nil
        }
    }
}
