internal import Rulesets

/// What the big sets of a table were seen to hold at one generation of the ruleset.
///
/// As long as the generation is the same, nobody has committed anything, and the sets need not be read again.
public struct SetCache: Equatable, Sendable {
    /// The ruleset that the generation counts.
    var identity: RulesetIdentity
    /// The generation.
    var generation: UInt32
    /// The table.
    var table: TableName
    /// The elements of its big sets, all of them ranges.
    var sets: [String: SetElements]

    /// Sets of fewer elements are read faster than they are cached.
    private static let threshold = 5_000

    /// What is worth caching of a snapshot; `nil` when nothing is.
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

    /// Whether it holds all that could be cached of the snapshot.
    public func isCurrent(for snapshot: TableSnapshot) -> Bool { generation == snapshot.generation }

    /// The elements that a set of this definition had.
    func elements(of set: String, in table: TableName, _ definition: SetDefinition) -> SetElements? {
        guard table == self.table, let elements = sets[set], elements.isSameForm(as: definition.noElements) else {
            return nil
        }
        return elements
    }
}
