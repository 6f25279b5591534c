internal import Addressing
internal import Policies
internal import Rulesets

extension TableBuilder {
    /// Where the kernel translates destinations, `NF_IP_PRI_NAT_DST`, and sources, `NF_IP_PRI_NAT_SRC`.
    private static let (destinationPriority, sourcePriority): (Int32, Int32) = (-100, 100)
    /// Behind the chains of others that translate what this host sends, which are at -100.
    ///
    /// Younger versions of nft list a priority up to 10 from that as `dstnat`, which older ones refuse in this hook.
    private static let outputPriority: Int32 = -89

    /// Adds the chains that translate addresses: those of forwards, and those of `masquerade`.
    mutating func addTranslation() {
        let forwards = policy.forwards
        if !forwards.isEmpty { addForwards(forwards) }
        let masquerades = policy.masquerades.flatMap { rules(of: $0) }
        let hairpins = forwards.contains { $0.forwarding?.hairpin != nil } ? [Rule.hairpin] : []
        guard !(hairpins + masquerades).isEmpty else { return }
        add(Names.natPostrouting, at: .postrouting, Self.sourcePriority, hairpins + masquerades)
    }

    /// Adds the chains that translate what is dialled at this host, by another host or by this one.
    ///
    /// Whether an address is this host's is known of a packet that arrives from the chain before; packets of this host do not
    /// pass it.
    private mutating func addForwards(_ forwards: [Service]) {
        let dispatch = Dispatch(forwards)
        let entry: [Expression] = [.verdict(.goto(Names.forwards))]
        add(
            Names.natPrerouting, at: .prerouting, Self.destinationPriority,
            [Rule(Match.has(Label.ownAddress) + entry)])
        add(Names.natOutput, at: .output, Self.outputPriority, [Rule(Match.isToThisHost + entry)])
        chains.append(Chain(name: Names.forwards, rules: dispatch.forwardRules))
        for addresses in dispatch.switches {
            chains.append(addresses.translatedChain)
            origins.chains[Names.translated(addresses.name)] = addresses.location
        }
        for forward in forwards { addTargets(of: forward) }
    }

    private mutating func add(_ name: String, at hook: Hook, _ priority: Int32, _ rules: [Rule]) {
        let base = BaseChain(type: "nat", hook: hook, priority: priority, policy: .accept)
        chains.append(Chain(name: name, base: base, rules: rules))
    }

    /// Adds the chain that chooses a target, and those of several targets.
    private mutating func addTargets(of forward: Service) {
        guard let forwarding = forward.forwarding else { return }
        let transports = TransportProtocol.withPorts.filter { forward.ports.map(\.transport).contains($0) }
        var rules: [Rule] = []
        if !forwarding.isLocal { rules += forwarding.families.ordered.map(Rule.returnLoopback) }
        rules += Rule.labelForwarded(forwarding.families)
        rules += hairpinRules(forward)
        rules += forwarding.choice(of: forward.name, transports)
        append(Chain(name: Names.forward(forward.name), rules: rules), of: forward)
        for (index, target) in forwarding.targets.enumerated() where forwarding.isChosen(target) {
            let chain = Chain(name: Names.target(forward.name, index), rules: target.rules(transports))
            append(chain, of: forward)
        }
    }

    private mutating func append(_ chain: Chain, of forward: Service) {
        chains.append(chain)
        origins.chains[chain.name] = forward.location
    }

    /// The rules that label the connections of clients in the network of the targets.
    private mutating func hairpinRules(_ forward: Service) -> [Rule] {
        guard let hairpin = forward.forwarding?.hairpin else { return [] }
        let matches = sourceSets.matches(
            hairpin.addresses, name: Names.hairpins + forward.name, location: hairpin.location)
        return matches.map { Rule($0 + Match.set(Label.hairpin)) }
    }

    /// Adds the chain of an entry of `masquerade`, and returns the rules that lead to it.
    private mutating func rules(of masquerade: Masquerade) -> [Rule] {
        let matches = sourceSets.matches(
            masquerade.addresses, name: Names.masquerade(masquerade.name), location: masquerade.sources.location)
        let comment = RuleComment.text(masquerade.why, masquerade.owner, masquerade.ticket)
        let chain = Chain(
            name: Names.masquerade(masquerade.name),
            rules: matches.map { Rule($0 + [.counter, .masquerade], comment: comment) })
        chains.append(chain)
        origins.chains[chain.name] = masquerade.location
        return masquerade.interfaces.map { Rule(Match.outputInterface($0) + [.verdict(.jump(chain.name))]) }
    }
}

extension Rule {
    /// A client in the network of its target gets the answer by this host.
    static let hairpin = Rule(Match.has(Label.hairpin) + [.masquerade])

    /// The rules that label connections of families with a target: of the others none is translated.
    fileprivate static func labelForwarded(_ families: Set<AddressFamily>) -> [Rule] {
        guard families.count < AddressFamily.allCases.count else { return [Rule(Match.set(Label.forwarded))] }
        return families.map { labelForwarded($0) }
    }

    static func labelForwarded(_ family: AddressFamily) -> Rule {
        Rule(Match.family(family) + Match.set(Label.forwarded))
    }

    /// What dials a loopback address stays on this host: the kernel would lose it on the way to another.
    static func returnLoopback(_ family: AddressFamily) -> Rule {
        let ranges = AddressSet.loopback
        let match =
            family == .ipv4
            ? ranges.ipv4.ranges.flatMap(Match.destination) : ranges.ipv6.ranges.flatMap(Match.destination)
        return Rule(Match.leavesByLoopback + match + [.verdict(.return)])
    }
}

extension Forwarding {
    /// The seed of the hash, so that a client keeps its target when the ruleset is loaded again: "port" in ASCII.
    private static let seed: UInt32 = 0x706f_7274

    /// Whether a target is one of several for the clients of a family, with a chain of its own.
    func isChosen(_ target: ForwardTarget) -> Bool {
        AddressFamily.allCases.contains { targets($0).count > 1 && targets($0).contains(target) }
    }

    /// The rules that choose a target by family; the only one of a family needs no choice.
    fileprivate func choice(of name: String, _ transports: [TransportProtocol]) -> [Rule] {
        // A port of this host is the target of both families.
        if isLocal, targets.count == 1 { return targets[0].rules(transports) }
        return families.ordered.flatMap { family -> [Rule] in
            let own = targets.enumerated().filter { targets(family).contains($0.element) }
            guard own.count > 1 else { return own.flatMap { $0.element.rules(transports) } }
            return [rule(family, own.map { Names.target(name, $0.offset) })]
        }
    }

    /// The rule that sends the clients of a family to one of several chains.
    private func rule(_ family: AddressFamily, _ chains: [String]) -> Rule {
        let count = UInt32(chains.count)
        let elements = chains.enumerated().map { (UInt32($0.offset).hostOrderBytes, Verdict.goto($0.element)) }
        let load: [Expression] =
            switch balance {
            case .roundRobin: [.number(NumberGenerator(.turn, modulus: count))]
            case .source: Match.hashOfSource(family, modulus: count, seed: Self.seed)
            }
        let lookup = Lookup(.anonymous(.verdicts(.integer, elements)), destination: .verdict)
        return Rule(Match.family(family) + load + [.lookup(lookup)])
    }
}

extension ForwardTarget {
    /// The rules that translate the destination of connections of these protocols.
    ///
    /// A rule with a port matches a protocol, as nft demands. Rules of one family have no effect on the other.
    fileprivate func rules(_ transports: [TransportProtocol]) -> [Rule] {
        let family = address.map { $0.family == .ipv4 ? TableFamily.ipv4 : .ipv6 } ?? .inet
        var loads: [Expression] = []
        var translation = AddressTranslation(.destination, family: UInt32(family.rawValue), addresses: nil)
        if let address {
            loads.append(.immediate(Immediate(address.bigEndianBytes, into: .first)))
            translation.addresses = RegisterPair(first: .first, last: .first)
        }
        guard let port else { return [Rule(loads + [.translate(translation)])] }
        let register: Register = address == nil ? .first : .second
        loads.append(.immediate(Immediate(port.bigEndianBytes, into: register)))
        translation.ports = RegisterPair(first: register, last: register)
        return transports.map { Rule(Match.transport($0.rawValue) + loads + [.translate(translation)]) }
    }
}

extension Set<AddressFamily> {
    /// The families, IPv4 first.
    fileprivate var ordered: [AddressFamily] { AddressFamily.allCases.filter(contains) }
}
