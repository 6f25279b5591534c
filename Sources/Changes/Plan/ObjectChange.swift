internal import Compiler
public import Rulesets

/// One object of the ruleset that is added, removed or changed.
public struct ObjectChange {
    /// The action; the raw value is the word in every output.
    public enum Action: String, Hashable, Sendable {
        /// It is added.
        case add
        /// It is removed.
        case remove
        /// It is changed in place.
        case change
    }

    /// The kind of object, with the name of its container if it is part of one.
    public enum Object {
        /// The table.
        case table(TableName)
        /// A chain and its hook.
        case chain(String, base: BaseChain?)
        /// The policy of a base chain.
        case policy(chain: String, before: BaseChain.Policy?, after: BaseChain.Policy)
        /// A rule; `nil` if the snapshot has no such rule.
        case rule(Rule?, chain: String)
        /// A set or a map.
        case set(String, SetDefinition?)
        /// Elements of a set or a map.
        case elements(SetElements, set: String, SetDefinition)
        /// A stateful object or a flowtable.
        case object(OpaqueObject)
    }

    /// The action.
    public var action: Action
    /// The object.
    public var object: Object

    /// The objects that a transaction changes, in the order of its steps.
    static func all(of transaction: Transaction, in table: Table?) -> [ObjectChange] {
        transaction.operations.compactMap { Self($0, table, transaction.table) }
    }

    private init(_ action: Action, _ object: Object) {
        self.action = action
        self.object = object
    }

    private init?(_ operation: Transaction.Operation, _ table: Table?, _ name: TableName) {
        switch operation {
        case .addTable: self.init(.add, .table(name))
        case .deleteTable: self.init(.remove, .table(name))
        case .addChain(let chain): self.init(.add, .chain(chain.name, base: chain.base))
        case .deleteChain(let chain): self.init(.remove, .chain(chain, base: table?.chain(chain)?.base))
        case .setPolicy(let chain, let policy):
            self.init(.change, .policy(chain: chain, before: table?.chain(chain)?.base?.policy, after: policy))
        case .addRule(let rule, let chain, _): self.init(.add, .rule(rule, chain: chain))
        case .deleteRule(let chain, let index):
            self.init(.remove, .rule(table?.chain(chain)?.rules[index], chain: chain))
        case .addSet(let set, let definition): self.init(.add, .set(set, definition))
        case .deleteSet(let set): self.init(.remove, .set(set, table?.set(set)?.definition))
        case .addElements(let elements, let set, let definition):
            self.init(.add, .elements(elements, set: set, definition))
        case .deleteElements(let elements, let set, let definition):
            self.init(.remove, .elements(elements, set: set, definition))
        case .flushElements(let set):
            guard let found = table?.set(set) else { return nil }
            self.init(.remove, .elements(found.elements, set: set, found.definition))
        case .addObject(let object): self.init(.add, .object(object))
        case .deleteObject(let object): self.init(.remove, .object(object))
        }
    }

    /// Whether it is the table itself.
    public var isTable: Bool { if case .table = object { true } else { false } }

    /// Whether it carries grants or bans alone, which have lines of their own.
    public var isTemporary: Bool {
        switch object {
        case .rule(let rule, let chain): rule?.isTemporary(in: chain) ?? false
        case .set(let set, _), .elements(_, let set, _): Names.isTemporary(set: set)
        case .table, .chain, .policy, .object: false
        }
    }

    /// Whether the change is a part of a change of a service or an entry of `trusted` with one of these names, or of `deny`.
    ///
    /// With `denies` the sources of `deny` change, so that its rules do.
    public func isImplied(by services: Set<String>, denying denies: Bool) -> Bool {
        switch object {
        case .chain(let chain, _), .policy(let chain, _, _): return isImplied(by: services, chain: chain)
        case .rule(let rule, let chain):
            if denies, rule?.isDenial(in: chain) == true { return true }
            if Names.purpose(ofChain: chain) == .other {
                if let target = rule?.target { return isImplied(by: services, chain: target) }
                return !services.isEmpty && rule?.looksPortsUp == true
            }
            return isImplied(by: services, chain: chain)
        case .set(let set, _), .elements(_, let set, _):
            switch Names.purpose(ofSet: set) {
            case .services: return !services.isEmpty
            case .denied: return true
            case .other: return false
            }
        case .table, .object: return false
        }
    }

    /// The name of a line of `outbound` among those of services: a service can have the same one.
    public static func outbound(_ line: String) -> String { "\(Names.outbound) \(line)" }

    private func isImplied(by services: Set<String>, chain: String) -> Bool {
        switch Names.purpose(ofChain: chain) {
        case .service(let name), .trusted(let name), .masquerade(let name): services.contains(name)
        case .line(let name): services.contains(Self.outbound(name))
        case .addresses, .outbound: !services.isEmpty
        case .other: false
        }
    }
}

extension Rule {
    /// The chain to which the rule jumps; `nil` for none.
    fileprivate var target: String? {
        guard case .verdict(.jump(let chain))? = expressions.last else { return nil }
        return chain
    }

    /// Whether the rule is the jump by port, or by protocol, to the chain of a service.
    fileprivate var looksPortsUp: Bool {
        guard case .lookup(let lookup)? = expressions.last else { return false }
        guard case .named(let set) = lookup.set else {
            if case .meta(.transportProtocol, into: .first)? = expressions.first { return expressions.count == 2 }
            return false
        }
        return Names.purpose(ofSet: set) == .services && lookup.destination == .verdict
    }
}
