public import Rulesets

/// A step that does not fit the table: the transaction was computed for another one.
public struct TransactionError: Error, Hashable, Sendable {
    /// The step.
    public var operation: Transaction.Operation

    /// An error about this step.
    public init(operation: Transaction.Operation) { self.operation = operation }
}

extension Transaction {
    /// The result of the transaction on `table`; `nil` means that the table does not exist.
    ///
    /// A model of the kernel as a pure function: `Transaction(from: a, to: b, named: n).applied(to: a) == b`.
    ///
    /// - Throws: the first step that does not fit the table.
    public func applied(to table: Table?) throws(TransactionError) -> Table? {
        var state = table.map { WorkingTable($0) }
        for operation in operations {
            switch operation {
            case .addTable(let flags, let userdata) where state == nil:
                state = WorkingTable(Table(name: self.table, flags: flags, userdata: userdata))
            case .deleteTable where state != nil: state = nil
            default:
                guard state?.apply(operation) == true else { throw TransactionError(operation: operation) }
            }
        }
        return state?.table
    }
}

/// A table during a transaction.
private struct WorkingTable {
    private let header: Table
    private var chains: [String: Chain]
    private var rules: [String: [(index: Int?, rule: Rule)]]
    private var sets: [String: NamedSet]
    private var objects: [OpaqueObject]

    init(_ table: Table) {
        header = table
        chains = Dictionary(uniqueKeysWithValues: table.chains.map { ($0.name, $0.header) })
        rules = Dictionary(
            uniqueKeysWithValues: table.chains.map { chain in
                (chain.name, chain.rules.enumerated().map { ($0.offset, $0.element) })
            })
        sets = Dictionary(uniqueKeysWithValues: table.sets.map { ($0.name, $0) })
        objects = table.objects
    }

    var table: Table {
        let full = chains.values.map { header in
            var chain = header
            chain.rules = rules[header.name, default: []].map(\.rule)
            return chain
        }
        return Table(
            name: header.name, flags: header.flags, userdata: header.userdata, chains: full, sets: Array(sets.values),
            objects: objects)
    }

    /// Applies one step; `false` if it does not fit the table.
    mutating func apply(_ operation: Transaction.Operation) -> Bool {
        switch operation {
        case .addTable, .deleteTable: return false
        case .addChain(let chain): return add(chain)
        case .deleteChain(let name): return rules[name]?.isEmpty == true && remove(chain: name)
        case .setPolicy(let name, let policy):
            guard chains[name]?.base != nil else { return false }
            chains[name]?.base?.policy = policy
            return true
        case .addRule(let rule, let chain, let successor): return add(rule, to: chain, before: successor)
        case .deleteRule(let chain, let index):
            guard let position = rules[chain]?.firstIndex(where: { $0.index == index }) else { return false }
            rules[chain]?.remove(at: position)
            return true
        case .addSet(let name, let definition):
            guard sets[name] == nil else { return false }
            sets[name] = NamedSet(name: name, definition: definition, elements: definition.noElements)
            return true
        case .deleteSet(let name): return sets.removeValue(forKey: name) != nil
        case .addElements(let elements, let name, _): return change(name) { $0.adding(elements) }
        case .deleteElements(let elements, let name, _): return change(name) { $0.removing(elements) }
        case .flushElements(let name):
            let empty = sets[name]?.definition.noElements
            return change(name) { _ in empty }
        case .addObject(let object):
            guard !objects.contains(where: { $0.kind == object.kind && $0.name == object.name }) else { return false }
            objects.append(object)
            return true
        case .deleteObject(let object):
            guard let position = objects.firstIndex(of: object) else { return false }
            objects.remove(at: position)
            return true
        }
    }

    private mutating func add(_ chain: Chain) -> Bool {
        guard chains[chain.name] == nil else { return false }
        chains[chain.name] = chain.header
        rules[chain.name] = []
        return true
    }

    private mutating func remove(chain name: String) -> Bool {
        rules[name] = nil
        return chains.removeValue(forKey: name) != nil
    }

    private mutating func add(_ rule: Rule, to chain: String, before successor: Int?) -> Bool {
        guard var list = rules.removeValue(forKey: chain) else { return false }
        defer { rules[chain] = list }
        guard let successor else {
            list.append((nil, rule))
            return true
        }
        guard let position = list.firstIndex(where: { $0.index == successor }) else { return false }
        list.insert((nil, rule), at: position)
        return true
    }

    private mutating func change(_ name: String, _ body: (SetElements) -> SetElements?) -> Bool {
        guard let set = sets[name], let elements = body(set.elements) else { return false }
        sets[name]?.elements = elements
        return true
    }
}
