internal import Reachability
internal import Rulesets

extension Chain {
    /// Whether a policy replaces it: a filter at the input hook that decides.
    var decidesOnInput: Bool {
        guard let base, base.type == "filter", base.hook == .input else { return false }
        return base.policy == .drop || !rules.isEmpty
    }

    /// Whether it filters what this host sends.
    var filtersOutput: Bool { base?.type == "filter" && base?.hook == .output }
}

extension Rule {
    /// The chain of the jump or goto with which it ends.
    var target: String? {
        guard case .verdict(let verdict)? = expressions.last else { return nil }
        return verdict.target
    }
}

extension Table {
    private static func isOfNeighbour(_ name: String) -> Bool {
        Takeover.neighbours.contains(where: name.lowercased().hasPrefix)
    }

    /// The starts of the names of bridges to containers and virtual machines.
    private static let bridges = ["docker", "br-", "virbr", "cni", "podman", "lxcbr", "lxdbr", "incusbr"]

    /// The firewall of a chain of iptables, whose rules go but for those of programs that stay.
    func firewall(emptying name: String) -> Takeover.Firewall {
        let rules = chain(name)?.rules ?? []
        let own = rules.indices.filter { !isOfNeighbour(rules[$0]) }.map { $0 + 1 }
        return .iptables(table: self.name, chain: name, numbers: own.count == rules.count ? nil : own)
    }

    /// Whether it is the chain of a program that runs beside a firewall.
    func isOfNeighbour(_ chain: Chain) -> Bool { Self.isOfNeighbour(chain.name) }

    /// Whether it is the table of a program that runs beside a firewall.
    var isOfNeighbour: Bool { Self.isOfNeighbour(name.name) }

    /// Whether the rule leads to a chain of such a program, or is about its network.
    func isOfNeighbour(_ rule: Rule) -> Bool {
        rule.target.map(Self.isOfNeighbour) ?? false
            || rule.translationEffect == .masquerade
                && (rule.interfaceNames.contains { name in Self.bridges.contains(where: name.hasPrefix) }
                    || isOfOneHost(rule))
    }

    private func isOfOneHost(_ rule: Rule) -> Bool {
        HairpinRule(RuleReference(table: name, chain: "", rule: rule).withNativeTarget)?.isOfOneHost ?? false
    }

    /// Whether the rule leads to a chain of such a program which lets nothing in.
    func onlyBans(_ rule: Rule) -> Bool {
        guard isOfNeighbour(rule), let target = rule.target, let chain = chain(target) else { return false }
        return chain.rules.allSatisfy(\.onlyRefuses)
    }

    /// Whether it lets nothing in that other tables refuse, since it redirects nothing.
    var onlyRefuses: Bool {
        chains.allSatisfy { $0.base?.type != "nat" && $0.base?.hook != .prerouting }
    }

    /// Whether `iptables-nft` manages it.
    var isOfXtables: Bool {
        [.ipv4, .ipv6].contains(name.family) && ["filter", "nat", "mangle", "raw", "security"].contains(name.name)
            && chains.contains { ["INPUT", "FORWARD", "OUTPUT", "PREROUTING", "POSTROUTING"].contains($0.name) }
    }

    /// Whether a chain of iptables beside the table `filter`, such as INPUT of `mangle`, only marks packets, or sets how they are tracked:
    /// nothing of that is in a policy, and it stays.
    func isIdle(_ chain: Chain) -> Bool {
        guard isOfXtables, name.name != "filter", chain.base?.policy != .drop else { return false }
        return !withNativeExtensions.chains(from: chain).flatMap(\.rules).contains { $0.refuses(in: name.family) }
    }

    /// The base chains at other hooks that refuse.
    func refusingChains(besides hooks: [Hook]) -> [Takeover.LostChain] {
        chains.filter { chain in
            guard let base = chain.base, !hooks.contains(base.hook), base.type == "filter" else { return false }
            return base.policy == .drop || !chain.rules.isEmpty
        }.map { Takeover.LostChain(table: name, chain: $0.name) }
    }

    /// The table with other rules in each chain.
    func rewriting(_ rules: (Chain) -> [Rule]) -> Table {
        Table(
            name: name, flags: flags, userdata: userdata,
            chains: chains.map { chain in
                var chain = chain
                chain.rules = rules(chain)
                return chain
            }, sets: sets, objects: objects)
    }

    /// The table with the base chain `name` accepting, and only those of its rules that stay.
    func emptying(_ name: String, keeping stays: (Rule) -> Bool) -> Table {
        Table(
            name: self.name, flags: flags, userdata: userdata,
            chains: chains.map { chain in
                guard chain.name == name else { return chain }
                var chain = chain
                chain.rules = chain.rules.filter(stays)
                chain.base?.policy = .accept
                return chain
            }, sets: sets, objects: objects)
    }

    /// The table without some rules of a chain, by their numbers from 1.
    func removing(_ numbers: [Int], from name: String) -> Table {
        rewriting { chain in
            guard chain.name == name else { return chain.rules }
            return chain.rules.enumerated().filter { !numbers.contains($0.offset + 1) }.map(\.element)
        }
    }

    /// The table without the base chain `name`.
    func removing(_ name: String) -> Table {
        Table(
            name: self.name, flags: flags, userdata: userdata, chains: chains.filter { $0.name != name }, sets: sets,
            objects: objects)
    }
}

extension Table {
    /// The table without the filters of other hooks, which stay loaded; filters that mark packets count.
    var withoutOtherFilters: Table {
        Table(
            name: name, flags: flags, userdata: userdata,
            chains: chains.filter { chain in
                guard let base = chain.base, base.type == "filter", base.hook != .input else { return true }
                return base.hook == .prerouting && !chain.rules.allSatisfy(\.marksNothing)
            }, sets: sets, objects: objects)
    }
}

extension Rule {
    /// Whether it changes neither the packet nor its connection, so that later chains do not see it.
    var marksNothing: Bool {
        // A packet that is dropped meets no later chain.
        expressions.last == .verdict(.drop)
            || expressions.allSatisfy { expression in
                switch expression {
                case .setConntrack, .dynamicSet, .translate, .redirect, .xtables, .opaque, .verdict(.jump),
                    .verdict(.goto):
                    false
                default: true
                }
            }
    }

    /// Whether it accepts nothing: it ends in a refusal or returns.
    var onlyRefuses: Bool {
        switch expressions.last {
        case .verdict(.accept), .verdict(.jump), .verdict(.goto), .verdict(.other): false
        case .xtables(let extension_) where extension_.kind == .target: extension_.name == "REJECT"
        default: true
        }
    }
}
