import TestSupport
import Testing

@testable import Rulesets

@Suite("References between the objects of a table")
struct ReferencesTests {
    private static let chains = AnonymousSet(
        definition: SetDefinition(keyType: 13, keyLength: 2, flags: [.anonymous, .constant, .map]),
        elements: .list([
            SetElement(key: [0, 1], value: .verdict(.jump("c"))), SetElement(key: [0, 2], value: .verdict(.goto("d"))),
            SetElement(key: [0, 3], value: .verdict(.accept)),
        ]))

    static let rules: [(Expression, chains: Set<String>, sets: Set<String>)] = [
        (.verdict(.accept), [], []), (.verdict(.jump("c")), ["c"], []), (.verdict(.goto("d")), ["d"], []),
        (.lookup(Lookup(.named("s"))), [], ["s"]), (.lookup(Lookup(.anonymous(chains))), ["c", "d"], []),
        (.dynamicSet(DynamicSet(.update, set: "s")), [], ["s"]), (.counter, [], []),
    ]

    @Test("Of a rule", arguments: rules)
    func rule(expression: Expression, chains: Set<String>, sets: Set<String>) {
        let references = Rule([.counter, expression]).references
        #expect(references.chains == chains && references.sets == sets)
        #expect(references.touches(chains: ["c", "x"], sets: []) == chains.contains("c"))
        #expect(references.touches(chains: [], sets: ["s", "x"]) == sets.contains("s"))
    }

    @Test(
        "A difference deletes references before their object, and adds them after it",
        arguments: 0..<300 as Range<UInt64>)
    func order(seed: UInt64) {
        var tables = RelatedTables(seed: seed)
        let (old, new) = (tables.next().lookingUpMaps, tables.next().lookingUpMaps)
        for (from, to) in [(old, new), (nil, new)] as [(Table?, Table)] {
            var state = ReferencedTable(from)
            for step in Transaction(from: from, to: to, named: to.name).operations {
                let isAccepted = state.obey(step)
                #expect(isAccepted, "\(step)")
            }
            #expect(state.chains == Set(to.chains.map(\.name)) && state.sets == Set(to.sets.map(\.name)))
        }
    }
}

extension Table {
    /// The table with a rule at the end of `input` for each map, which looks up the port in it.
    fileprivate var lookingUpMaps: Table {
        let chains = chains.map { chain in
            var chain = chain
            guard chain.name == "input" else { return chain }
            chain.rules += sets.filter { $0.definition.flags.contains(.map) }.map { map in
                Rule([
                    .payload(Payload(base: .transport, offset: 2, length: 2)),
                    .lookup(Lookup(.named(map.name), destination: .verdict)),
                ])
            }
            return chain
        }
        return Table(name: name, flags: flags, userdata: userdata, chains: chains, sets: sets, objects: objects)
    }
}

/// The names in a table, and the references to them, as the kernel counts both.
private struct ReferencedTable {
    private(set) var chains: Set<String>
    private(set) var sets: Set<String>
    /// The references of each rule that was in the table before, by chain and index, and of each one that was added.
    private var rules: [String: [Int: References]] = [:]
    private var added: [References] = []
    private var elements: [String: [String]] = [:]

    init(_ table: Table?) {
        chains = Set(table?.chains.map(\.name) ?? [])
        sets = Set(table?.sets.map(\.name) ?? [])
        for chain in table?.chains ?? [] {
            rules[chain.name] = Dictionary(
                uniqueKeysWithValues: chain.rules.enumerated().map { ($0.offset, $0.element.references) })
        }
        for set in table?.sets ?? [] { elements[set.name] = set.elements.targets.compactMap(\.self) }
    }

    private var all: [References] { rules.values.flatMap(\.values) + added }

    /// Whether the kernel accepts the step.
    mutating func obey(_ step: Transaction.Operation) -> Bool {
        switch step {
        case .addChain(let chain): return chains.insert(chain.name).inserted
        case .addSet(let name, _): return sets.insert(name).inserted
        case .deleteChain(let name):
            let isFree = rules[name, default: [:]].isEmpty && !all.contains { $0.chains.contains(name) }
            return isFree && !elements.values.contains { $0.contains(name) } && chains.remove(name) != nil
        case .deleteSet(let name):
            elements[name] = nil
            return !all.contains { $0.sets.contains(name) } && sets.remove(name) != nil
        case .addRule(let rule, let chain, _):
            added.append(rule.references)
            return chains.contains(chain) && rule.references.chains.isSubset(of: chains)
                && rule.references.sets.isSubset(of: sets)
        case .deleteRule(let chain, let index): return rules[chain]?.removeValue(forKey: index) != nil
        case .addElements(let new, let set, _):
            let targets = new.targets.compactMap(\.self)
            elements[set, default: []] += targets
            return sets.contains(set) && chains.isSuperset(of: targets)
        case .deleteElements(let old, let set, _):
            for target in old.targets.compactMap(\.self) {
                guard let index = elements[set]?.firstIndex(of: target) else { return false }
                elements[set]?.remove(at: index)
            }
            return true
        case .flushElements(let set): elements[set] = []
        default: break
        }
        return true
    }
}
