internal import Addressing
internal import CNftnl
internal import Rulesets

extension RuleNotes {
    /// The notes on a rule that was read; `nil` for a rule that needs none.
    convenience init?(_ rule: Rule, interfaceName: (UInt32) -> String?) {
        var (names, listings, comparesIndex): ([UInt32: String], [Int: String], Bool) = ([:], [:], false)
        for (place, expression) in rule.expressions.enumerated() {
            switch expression {
            case .meta, .route: comparesIndex = expression.loadsInterfaceIndex
            case .compare(let comparison) where comparesIndex:
                guard let index = comparison.interfaceIndex, let name = interfaceName(index) else { continue }
                names[index] = name
            case .lookup(let lookup) where comparesIndex:
                for index in lookup.interfaceIndices { names[index] = interfaceName(index) }
            case .opaque: listings[place] = expression.listing
            default: break
            }
        }
        guard !names.isEmpty || !listings.isEmpty else { return nil }
        self.init(interfaceNames: names, listings: listings)
    }
}

extension [Rule] {
    /// The rules with notes; the same array if no rule needs any.
    func noted(interfaceName: (UInt32) -> String?) -> [Rule] {
        let notes = map { RuleNotes($0, interfaceName: interfaceName) }
        guard notes.contains(where: { $0 != nil }) else { return self }
        return zip(self, notes).map { rule, notes in
            var rule = rule
            rule.notes = notes
            return rule
        }
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

    /// libnftnl's text of the expression, without brackets; `nil` if libnftnl does not know it.
    var listing: String? {
        let text = Rule([self]).bytecodeText(in: TableName(family: .inet, name: "table"), chain: "chain")
        guard let line = text?.split(separator: "\n").dropFirst().first else { return nil }
        return String(line.dropFirst("  [ ".count).dropLast(" ]".count))
    }
}

extension Comparison {
    /// The index of the compared interface; `nil` for `lo`, which has index 1 in every namespace.
    fileprivate var interfaceIndex: UInt32? { UInt32(interfaceIndex: value) }
}

extension Lookup {
    /// The indices of the interfaces in an anonymous set, without `lo`.
    fileprivate var interfaceIndices: [UInt32] {
        guard case .anonymous(let set) = self.set, case .list(let elements) = set.elements else { return [] }
        return elements.compactMap { UInt32(interfaceIndex: $0.key) }
    }
}

extension UInt32 {
    /// The index of an interface in a register; `nil` for `lo` and for other lengths.
    fileprivate init?(interfaceIndex bytes: [UInt8]) {
        guard bytes.count == 4 else { return nil }
        self.init(hostOrderBytes: bytes)
        if self <= 1 { return nil }
    }
}
