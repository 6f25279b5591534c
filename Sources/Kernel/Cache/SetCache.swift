internal import Rulesets

/// The elements of the big sets of a table at one generation of the ruleset.
///
/// As long as the generation is the same, no process has committed a change, and the sets need not be read again.
public struct SetCache: Equatable, Sendable {
    /// The ruleset to which the generation belongs.
    var identity: RulesetIdentity
    /// The generation.
    var generation: UInt32
    /// The table.
    var table: TableName
    /// The elements of the big sets, all of them ranges, by the name of the set.
    var sets: [String: SetElements]

    /// Sets with fewer elements are faster to read than to cache.
    private static let threshold = 5_000

    /// Caches the big sets of a snapshot; `nil` if it has none.
    public init?(of snapshot: TableSnapshot, in identity: RulesetIdentity) {
        guard let table = snapshot.table else { return nil }
        let big = table.sets.filter { $0.definition.holdsRanges && $0.elements.count >= Self.threshold }
        sets = Dictionary(big.map { ($0.name, $0.elements) }, uniquingKeysWith: { first, _ in first })
            .filter { !$1.isList }
        guard !sets.isEmpty else { return nil }
        self.identity = identity
        self.table = table.name
        generation = snapshot.generation
    }

    init(identity: RulesetIdentity, generation: UInt32, table: TableName, sets: [String: SetElements]) {
        self.identity = identity
        self.generation = generation
        self.table = table
        self.sets = sets
    }

    /// Whether the cache is of the snapshot's generation, so that there is nothing to store.
    public func isCurrent(for snapshot: TableSnapshot) -> Bool { generation == snapshot.generation }

    /// The cached elements of a set, if they have the form that its definition asks for.
    func elements(of set: String, in table: TableName, _ definition: SetDefinition) -> SetElements? {
        guard table == self.table, let elements = sets[set], elements.isSameForm(as: definition.noElements) else {
            return nil
        }
        return elements
    }
}
