/// The names of chains and sets that a rule or an expression refers to.
struct References {
    var chains: Set<String> = []
    var sets: Set<String> = []

    /// Whether any of these chains or sets is referred to.
    func touches(chains otherChains: Set<String>, sets otherSets: Set<String>) -> Bool {
        !chains.isDisjoint(with: otherChains) || !sets.isDisjoint(with: otherSets)
    }

    /// Adds the chains and sets that `expression` refers to.
    mutating func insert(_ expression: Expression) {
        switch expression {
        case .verdict(let verdict): insert(verdict)
        case .dynamicSet(let dynamicSet): sets.insert(dynamicSet.set)
        case .lookup(let lookup):
            switch lookup.set {
            case .named(let name): sets.insert(name)
            case .anonymous(let set): insert(set.elements)
            }
        default: break
        }
    }

    private mutating func insert(_ verdict: Verdict) {
        if let target = verdict.target { chains.insert(target) }
    }

    private mutating func insert(_ elements: SetElements) {
        guard case .list(let list) = elements else { return }
        for case .verdict(let verdict)? in list.map(\.value) { insert(verdict) }
    }
}

extension Rule {
    /// The chains and sets that the rule refers to.
    var references: References { expressions.reduce(into: References()) { $0.insert($1) } }
}

extension SetElement {
    /// The chain of a jump or goto in the element; `nil` for none.
    var target: String? {
        guard case .verdict(let verdict)? = value else { return nil }
        return verdict.target
    }
}
