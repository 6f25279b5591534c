internal import Addressing
internal import Reachability
internal import Rulesets

/// The effect of a rule in a chain that translates addresses.
enum TranslationEffect {
    /// It counts, logs, calls a chain or leaves the packet alone.
    case none
    /// It sends the connection to another address or port.
    case destination
    /// It gives the connection the address of this host on the interface by which it leaves, and lets it keep its port.
    case masquerade
    /// Any other effect.
    case other
}

extension Rule {
    /// Its effect in a chain that translates addresses; the targets of iptables count as the statements of nft.
    var translationEffect: TranslationEffect {
        for expression in expressions {
            if let masquerade = expression.masquerade { return masquerade.ports == nil ? .masquerade : .other }
            switch expression {
            case .translate(let translation): return translation.kind == .destination ? .destination : .other
            case .redirect: return .destination
            case .xtables(let part) where part.kind == .target:
                switch part.name {
                case "DNAT", "REDIRECT": return .destination
                case "LOG": continue
                default: return .other
                }
            case .verdict(.drop), .verdict(.other), .reject, .setConntrack, .dynamicSet: return .other
            case .opaque(let name, _) where !["last", "log", "match"].contains(name): return .other
            default: continue
            }
        }
        return .none
    }

    /// Whether it translates to a range of addresses or ports, not to one.
    var translatesToRange: Bool {
        expressions.contains { expression in
            switch expression {
            case .translate(let translation):
                [translation.addresses, translation.ports].contains { $0.map { $0.first != $0.last } ?? false }
            case .redirect(let redirection): redirection.ports.map { $0.first != $0.last } ?? false
            default: false
            }
        }
    }

    /// The names, or the starts of names, of the interfaces that it compares with.
    var interfaceNames: [String] {
        zip(expressions, expressions.dropFirst()).compactMap { load, comparison in
            guard case .meta(let key, _) = load, key == .inputInterfaceName || key == .outputInterfaceName,
                case .compare(let constant) = comparison
            else { return nil }
            return KernelName.text(of: constant.value.prefix { $0 != 0 })
        }
    }
}

/// A base chain of type `nat`, and the rules that it leads to.
struct TranslationChain {
    /// The table.
    let table: TableName
    /// The base chain.
    let name: String
    /// The rules in it and in the chains that it calls, without those of programs that run containers or build networks.
    var rules: [RuleReference] = []
    /// Whether rules of such programs are among its rules.
    var isShared = false

    /// Whether it translates.
    var translates: Bool { rules.contains { $0.rule.map { $0.translationEffect != .none } ?? false } }

    /// Whether some of its rules have an effect that a policy has no word for.
    var isMixed: Bool { rules.contains { $0.rule?.translationEffect == .other } }

    /// The base chains of a hook in tables of people, not of programs.
    static func all(in tables: [Table], at hook: Hook) -> [TranslationChain] {
        tables.filter { !$0.isOfNeighbour }.flatMap { table in
            table.chains.filter { $0.base?.type == "nat" && $0.base?.hook == hook }.map { base in
                TranslationChain(base, of: table)
            }
        }
    }

    private init(_ base: Chain, of table: Table) {
        (self.table, name) = (table.name, base.name)
        for chain in table.chains(from: base, following: { !table.isOfNeighbour($0) }) {
            for (index, rule) in chain.rules.enumerated() {
                guard !table.isOfNeighbour(rule) else {
                    isShared = true
                    continue
                }
                rules.append(RuleReference(table: table.name, chain: chain.name, index: index, rule: rule))
            }
        }
    }
}
