internal import Compiler
internal import Rulesets

/// One object of the ruleset that comes, goes or changes.
struct ObjectChange {
    enum Action: String {
        case add
        case remove
        case change

        /// The sign in front of a line.
        var sign: String {
            switch self {
            case .add: "+"
            case .remove: "-"
            case .change: "~"
            }
        }
    }

    var action: Action
    /// `service`, `source`, `table`, `chain`, `rule`, `set`, `map` or `element`.
    var object: String
    /// The object's name; for a rule that of its chain, for an element that of its set.
    var name: String
    var before: String?
    var after: String?

    /// Elements of one step beyond this are counted, not named.
    private static let namedElements = 1000

    /// The objects that a transaction changes, in its order.
    static func all(of transaction: Transaction, in table: Table?) -> [ObjectChange] {
        transaction.operations.flatMap { changes($0, table, transaction.table) }
    }

    private static func changes(
        _ operation: Transaction.Operation, _ table: Table?, _ name: TableName
    ) -> [ObjectChange] {
        switch operation {
        case .addTable: [Self(action: .add, object: "table", name: name.description, after: name.description)]
        case .deleteTable: [Self(action: .remove, object: "table", name: name.description, before: name.description)]
        case .addChain(let chain):
            [Self(action: .add, object: "chain", name: chain.name, after: chain.base.map { "\($0)" } ?? "")]
        case .deleteChain(let chain):
            [
                Self(
                    action: .remove, object: "chain", name: chain,
                    before: table?.chain(chain)?.base.map { "\($0)" } ?? "")
            ]
        case .setPolicy(let chain, let policy):
            [
                Self(
                    action: .change, object: "chain", name: chain,
                    before: table?.chain(chain)?.base.map { "policy \($0.policy)" }, after: "policy \(policy)")
            ]
        case .addRule(let rule, let chain, _): [Self(action: .add, object: "rule", name: chain, after: "\(rule)")]
        case .deleteRule(let chain, let index):
            [
                Self(
                    action: .remove, object: "rule", name: chain,
                    before: table?.chain(chain).map { "\($0.rules[index])" })
            ]
        case .addSet(let set, let definition):
            [Self(action: .add, object: definition.kind, name: set, after: "")]
        case .deleteSet(let set):
            [Self(action: .remove, object: table?.set(set)?.definition.kind ?? "set", name: set, before: "")]
        case .addElements(let elements, let set, let definition):
            texts(elements, definition).map { Self(action: .add, object: "element", name: set, after: $0) }
        case .deleteElements(let elements, let set, let definition):
            texts(elements, definition).map { Self(action: .remove, object: "element", name: set, before: $0) }
        case .flushElements(let set):
            table?.set(set).map { found in
                texts(found.elements, found.definition).map {
                    Self(action: .remove, object: "element", name: set, before: $0)
                }
            } ?? []
        case .addObject(let object):
            [Self(action: .add, object: "\(object.kind)", name: object.name, after: object.name)]
        case .deleteObject(let object):
            [Self(action: .remove, object: "\(object.kind)", name: object.name, before: object.name)]
        }
    }

    private static func texts(_ elements: SetElements, _ definition: SetDefinition) -> [String] {
        elements.count > namedElements ? ["\(elements.count) elements"] : elements.texts(of: definition)
    }

    /// Whether the change only carries out what the changes of these services say.
    func isTold(by services: Set<String>) -> Bool {
        guard !services.isEmpty else { return false }
        switch object {
        case "chain", "rule":
            let chains = [Names.service(""), Names.sources(""), Names.admit("")]
            guard let prefix = chains.first(where: name.hasPrefix) else {
                return (after ?? before ?? "").contains("vmap @")
            }
            return services.contains(String(name.dropFirst(prefix.count)))
        case "set", "map", "element":
            let sets = [Names.service(""), "group-", "limit-", Names.grants, Names.ranges(""), Names.published("")]
            return name == Names.services || sets.contains(where: name.hasPrefix)
        default: return false
        }
    }

    var json: JSON {
        [
            "action": .string(action.rawValue), "object": .string(object), "name": .string(name),
            "before": JSON(before), "after": JSON(after),
        ]
    }
}

extension SetDefinition {
    /// What nft calls it.
    fileprivate var kind: String { flags.contains(.map) ? "map" : "set" }
}
