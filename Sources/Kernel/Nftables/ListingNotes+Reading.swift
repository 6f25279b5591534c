internal import Addressing
internal import CNftnl
internal import Rulesets

extension ListingNotes {
    /// The notes on a rule that was read; `nil` for a rule that needs none.
    fileprivate convenience init?(_ rule: Rule, interfaceName: (UInt32) -> String?) {
        var indices: Set<UInt32> = []
        var comparesIndex = false
        for expression in rule.expressions {
            switch expression {
            case .meta, .route: comparesIndex = expression.loadsInterfaceIndex
            case .compare(let comparison) where comparesIndex && comparison.value.count == 4:
                indices.insert(UInt32(hostOrderBytes: comparison.value))
            case .lookup(let lookup):
                guard case .anonymous(let set) = lookup.set else { continue }
                indices.formUnion(set.elements.interfaceIndices(of: set.definition))
            default: break
            }
        }
        self.init(indices, rule.expressions, interfaceName)
    }

    /// The notes on a set that was read; `nil` for a set that needs none.
    fileprivate convenience init?(_ set: NamedSet, interfaceName: (UInt32) -> String?) {
        self.init(
            set.elements.interfaceIndices(of: set.definition), set.definition.expressions + set.elements.expressions,
            interfaceName)
    }

    private convenience init?(
        _ indices: Set<UInt32>, _ expressions: [Expression], _ interfaceName: (UInt32) -> String?
    ) {
        var names: [UInt32: String] = [:]
        // `lo` has index 1 in every namespace.
        for index in indices where index > 1 { names[index] = interfaceName(index) }
        var listings: [Expression: String] = [:]
        for expression in expressions.flatMap(\.withNested) where listings[expression] == nil {
            if case .opaque = expression { listings[expression] = expression.listing }
        }
        guard !names.isEmpty || !listings.isEmpty else { return nil }
        self.init(interfaceNames: names, listings: listings)
    }
}

extension [Rule] {
    /// The rules with notes; the same array if no rule needs any.
    func noted(interfaceName: (UInt32) -> String?) -> [Rule] {
        let notes = map { ListingNotes($0, interfaceName: interfaceName) }
        guard notes.contains(where: { $0 != nil }) else { return self }
        return zip(self, notes).map { rule, notes in
            var rule = rule
            rule.notes = notes
            return rule
        }
    }
}

extension NamedSet {
    /// The set with notes.
    func noted(interfaceName: (UInt32) -> String?) -> NamedSet {
        var set = self
        set.definition.notes = ListingNotes(self, interfaceName: interfaceName)
        return set
    }
}

extension Expression {
    fileprivate var loadsInterfaceIndex: Bool {
        switch self {
        case .meta(let key, _): key.rawValue == NFT_META_IIF.rawValue || key.rawValue == NFT_META_OIF.rawValue
        case .route(let question): question.result == .interface && !question.flags.contains(.isPresent)
        default: false
        }
    }

    /// The expression, and the expressions of the elements of its set.
    fileprivate var withNested: [Expression] {
        switch self {
        case .dynamicSet(let dynamicSet): [self] + dynamicSet.expressions
        case .lookup(let lookup):
            if case .anonymous(let set) = lookup.set { [self] + set.elements.expressions } else { [self] }
        default: [self]
        }
    }

    /// libnftnl's text of the expression, without brackets; `nil` if libnftnl does not know it.
    var listing: String? {
        let text = Rule([self]).bytecodeText(in: TableName(family: .inet, name: "table"), chain: "chain")
        guard let line = text?.split(separator: "\n").dropFirst().first else { return nil }
        return String(line.dropFirst("  [ ".count).dropLast(" ]".count))
    }
}
