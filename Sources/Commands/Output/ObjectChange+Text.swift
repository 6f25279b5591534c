internal import Changes
internal import Rulesets

extension ObjectChange.Action {
    /// The first character of a line.
    var sign: String {
        switch self {
        case .add: "+"
        case .remove: "-"
        case .change: "~"
        }
    }
}

/// A line of a plan: a change of an object of the ruleset, or of a service.
struct ObjectLine {
    var action: ObjectChange.Action
    /// The kind of object: `service`, `table`, `chain`, `rule`, `set`, `map`, `element` and the like.
    var object: String
    /// The object's name; for a rule, the name of its chain; for an element, the name of its set.
    var name: String
    var before: String?
    var after: String?

    /// The kind of a rule.
    static let rule = "rule"

    /// A rule in its chain, whether it is added or removed.
    struct Place: Hashable {
        let name: String
        let text: String?
    }

    var place: Place { Place(name: name, text: after ?? before) }

    /// The rules that are removed and added again in the same chain.
    static func moved(among lines: [ObjectLine]) -> Set<Place> {
        func places(_ action: ObjectChange.Action) -> Set<Place> {
            Set(lines.filter { $0.object == rule && $0.action == action }.map(\.place))
        }
        return places(.add).intersection(places(.remove))
    }

    /// At most this many elements of one step are listed; more are only counted.
    private static let namedElements = 1000

    init(action: ObjectChange.Action, object: String, name: String, before: String? = nil, after: String? = nil) {
        self.action = action
        self.object = object
        self.name = name
        self.before = before
        self.after = after
    }

    /// The lines of a change: one, or one per element.
    static func all(about change: ObjectChange) -> [ObjectLine] {
        func line(_ object: String, _ name: String, _ text: String?) -> [ObjectLine] {
            let isAdded = change.action == .add
            return [
                Self(
                    action: change.action, object: object, name: name, before: isAdded ? nil : text,
                    after: isAdded ? text : nil)
            ]
        }
        switch change.object {
        case .table(let name): return line("table", name.description, name.description)
        case .chain(let chain, let base): return line("chain", chain, base.map { "\($0)" } ?? "")
        case .policy(let chain, let before, let after):
            return [
                Self(
                    action: change.action, object: "chain", name: chain, before: before.map { "policy \($0)" },
                    after: "policy \(after)")
            ]
        case .rule(let rule, let chain): return line(Self.rule, chain, rule.map { "\($0)" })
        case .set(let set, let definition): return line(definition?.kind ?? "set", set, "")
        case .elements(let elements, let set, let definition):
            let texts =
                elements.count > namedElements ? ["\(elements.count) elements"] : elements.texts(of: definition)
            return texts.flatMap { line("element", set, $0) }
        case .object(let object): return line("\(object.kind)", object.name, object.name)
        }
    }

    /// The line for people.
    var text: String {
        let texts = [before, after].compactMap { $0 }.filter { !$0.isEmpty && $0 != name }
        let head = "\(action.sign) \(object) \(name)"
        return ([head] + texts.prefix(1) + texts.dropFirst().map { "-> \($0)" }).joined(separator: "  ")
    }

    /// The line for programs.
    var json: JSON {
        [
            "action": .string(action.rawValue), "object": .string(object), "name": .string(name),
            "before": JSON(before), "after": JSON(after),
        ]
    }
}

extension SetDefinition {
    /// nft's word for it.
    fileprivate var kind: String { flags.contains(.map) ? "map" : "set" }
}
