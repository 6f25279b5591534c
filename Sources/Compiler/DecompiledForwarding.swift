public import Addressing
public import Rulesets

/// Where a forward that was read back leads.
public struct DecompiledForwarding: Hashable, Sendable {
    /// A target.
    public struct Target: Hashable, Sendable {
        /// The address; `nil` for the one that the client dialled.
        public var address: IPAddress?
        /// The port; `nil` for the one that the client dialled.
        public var port: UInt16?
    }

    /// The targets, each once.
    public var targets: [Target] = []
    /// Whether each connection goes to the next target; otherwise the address of the client decides.
    public var takesTurns = false
    /// The networks that clients and targets share.
    public var hairpin = AddressSet()
    /// Rules that the compiler does not make; the other properties do not describe them.
    public var foreign: [Rule] = []

    /// Forwarding without a target.
    init() {}
}

extension DecompiledForwarding.Target: CustomStringConvertible {
    /// The target as a policy writes it: `10.0.0.9:8443`, `:8080`.
    public var description: String {
        let host = address.map { "\($0)" } ?? ""
        guard let port else { return host }
        return address?.family == .ipv6 ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// The target to which a rule translates destinations; `nil` for a rule of another kind.
    fileprivate init?(_ rule: Rule) {
        guard case .translate(let translation)? = rule.expressions.last, translation.kind == .destination,
            translation.flags == 0
        else { return nil }
        var constants: [Register: [UInt8]] = [:]
        for case .immediate(let load) in rule.expressions { constants[load.destination] = load.value }
        if let pair = translation.addresses {
            guard pair.first == pair.last,
                let address = constants[pair.first].flatMap(IPAddress.init(bigEndianBytes:))
            else { return nil }
            self.address = address
        }
        if let pair = translation.ports {
            guard pair.first == pair.last, let bytes = constants[pair.first], bytes.count >= 2 else { return nil }
            port = UInt16(bigEndianBytes: Array(bytes.prefix(2)))
        }
    }
}

/// An entry of `masquerade` that was read back.
public struct DecompiledMasquerade: Hashable, Sendable {
    /// The name.
    public var name: String
    /// The sources.
    public var sources = AddressSet()
    /// The interfaces by which they leave, as a policy writes them.
    public var interfaces: [String] = []
    /// Why, owner and ticket, as in the comment of the rules.
    public var comment: String?
}

extension Table {
    /// Where the forward leads; `nil` if the table has no forward with the name.
    func forwarding(of name: String, in sets: [String: AddressSet]) -> DecompiledForwarding? {
        guard let chain = chain(Names.forward(name)) else { return nil }
        var forwarding = DecompiledForwarding()
        for rule in chain.rules { read(rule, in: sets, into: &forwarding) }
        return forwarding
    }

    private func read(_ rule: Rule, in sets: [String: AddressSet], into forwarding: inout DecompiledForwarding) {
        if Rule.known.contains(rule) { return }
        if let match = SourceMatch(rule, in: sets), Array(match.rest) == Match.set(Label.hairpin) {
            forwarding.hairpin = forwarding.hairpin.union(match.addresses)
        } else if let target = DecompiledForwarding.Target(rule) {
            forwarding.add(target)
        } else if let (chains, takesTurns) = rule.choice {
            forwarding.takesTurns = takesTurns
            for inner in chains.compactMap(chain).flatMap(\.rules) {
                if let target = DecompiledForwarding.Target(inner) {
                    forwarding.add(target)
                } else {
                    forwarding.foreign.append(inner)
                }
            }
        } else {
            forwarding.foreign.append(rule)
        }
    }

    /// The entry of `masquerade` to which a rule leads; `nil` for a rule of another kind.
    func masquerade(_ rule: Rule, in sets: [String: AddressSet]) -> DecompiledMasquerade? {
        guard case .meta(.outputInterfaceName, into: .first)? = rule.expressions.first,
            case .compare(let comparison)? = rule.expressions.dropFirst().first, comparison.operator == .equal,
            rule.expressions.count == 3, let chain = rule.expressions[2].target,
            chain.hasPrefix(Names.masquerade(""))
        else { return nil }
        let name = String(decoding: comparison.value.prefix { $0 != 0 }, as: UTF8.self)
        var masquerade = DecompiledMasquerade(name: String(chain.dropFirst(Names.masquerade("").count)))
        masquerade.interfaces = [comparison.value.contains(0) ? name : name + "*"]
        for rule in self.chain(chain)?.rules ?? [] {
            guard let match = SourceMatch(rule, in: sets), match.rest.last == .masquerade else { return nil }
            masquerade.sources = masquerade.sources.union(match.addresses)
            masquerade.comment = masquerade.comment ?? rule.comment
        }
        return masquerade
    }
}

extension DecompiledForwarding {
    fileprivate mutating func add(_ target: Target) {
        if !targets.contains(target) { targets.append(target) }
    }
}

extension Rule {
    /// The rules of a forward that say nothing of its targets.
    fileprivate static let known =
        AddressFamily.allCases.flatMap { [returnLoopback($0), labelForwarded($0)] } + [Rule(Match.set(Label.forwarded))]

    /// The chains of targets among which the rule chooses, and whether by turns; `nil` for a rule of another kind.
    fileprivate var choice: (chains: [String], takesTurns: Bool)? {
        guard case .lookup(let lookup)? = expressions.last, case .anonymous(let set) = lookup.set,
            case .list(let elements) = set.elements,
            case .number(let generator)? = expressions.dropLast().last
        else { return nil }
        // The keys are indices in host byte order.
        let sorted = elements.filter { $0.key.count == 4 }.sorted {
            UInt32(hostOrderBytes: $0.key) < UInt32(hostOrderBytes: $1.key)
        }
        return (sorted.compactMap { $0.value?.chain }, generator.method == .turn)
    }
}
