internal import Rulesets

extension Table {
    /// A chain and the chains that its rules jump to, each once; only rules that `follows` accepts count.
    func chains(from start: Chain, following follows: (Rule) -> Bool = { _ in true }) -> [Chain] {
        var found: [Chain] = []
        var seen: Set<String> = []
        var open = [start]
        while let chain = open.popLast() {
            guard seen.insert(chain.name).inserted else { continue }
            found.append(chain)
            let called = chain.rules.filter(follows).flatMap { $0.targets(self) }
            open += called.reversed().compactMap { self.chain($0) }
        }
        return found
    }

    /// The chains that packets may meet, by name.
    var reachedChains: Set<String> {
        Set(chains.filter { $0.base != nil }.flatMap { chains(from: $0) }.map(\.name))
    }

    /// The chains, not at a hook, whose rules neither translate, refuse nor accept, nor lead to such a rule.
    var idleChains: Set<String> {
        var idle = Set(chains.filter { $0.base == nil }.map(\.name))
        var count = 0
        while idle.count != count {
            count = idle.count
            idle = Set(chains.filter { idle.contains($0.name) && $0.rules.allSatisfy { $0.isIdle(idle) } }.map(\.name))
        }
        return idle
    }

    /// The sets that rules of these chains look up or change.
    func setsUsed(by names: Set<String>) -> Set<String> {
        Set(chains.filter { names.contains($0.name) }.flatMap(\.rules).flatMap(\.namedSets))
    }
}

extension Rule {
    /// Whether it ends in a jump to one of these chains.
    func jumps(to chains: Set<String>) -> Bool {
        if case .verdict(.jump(let target))? = expressions.last { chains.contains(target) } else { false }
    }

    /// Whether it does nothing where these chains do nothing.
    fileprivate func isIdle(_ chains: Set<String>) -> Bool {
        guard translationEffect == .none else { return false }
        return expressions.allSatisfy { expression in
            switch expression {
            case .verdict(.jump(let target)), .verdict(.goto(let target)): chains.contains(target)
            case .verdict(.return), .verdict(.continue): true
            case .verdict: false
            case .lookup(let lookup): lookup.destination != .verdict
            default: true
            }
        }
    }

    /// The chains of its jumps, also through a verdict map.
    func targets(_ table: Table) -> [String] {
        expressions.flatMap { expression -> [String] in
            switch expression {
            case .verdict(let verdict): return verdict.target.map { [$0] } ?? []
            case .lookup(let lookup) where lookup.destination == .verdict:
                let elements: SetElements? =
                    switch lookup.set {
                    case .anonymous(let set): set.elements
                    case .named(let name): table.set(name)?.elements
                    }
                guard case .list(let list)? = elements else { return [] }
                return list.compactMap { if case .verdict(let verdict)? = $0.value { verdict.target } else { nil } }
            default: return []
            }
        }
    }

    /// The named sets that it looks up or changes.
    fileprivate var namedSets: [String] {
        expressions.compactMap { expression in
            switch expression {
            case .lookup(let lookup): if case .named(let name) = lookup.set { name } else { nil }
            case .dynamicSet(let set): set.set
            default: nil
            }
        }
    }
}
