internal import Rulesets

/// The passages through base chains of tables that two rulesets have in common, so that each is computed once.
///
/// A passage depends on nothing but the table, the packets and, if marks decide, the other tables that read them.
final class SharedChains {
    /// Pieces of a class of packets that enter a base chain.
    struct Entry: Hashable {
        let table: TableName
        let chain: String
        let hook: Hook
        let key: AccessRegions.Key
        let readsMarks: Bool
        let keepsRefusals: Bool
        let tracksDestinations: Bool
        let pieces: [Piece]
    }

    /// The result of a passage, and all that it adds to the outcome of an evaluation.
    struct Passage {
        let result: RegionEvaluation.ChainResult
        let outcome: RegionEvaluation.Outcome
        let busiest: RegionEvaluation.Busiest?
    }

    private let tables: Set<TableName>
    private var passages: [Entry: Passage] = [:]

    /// Passages through these tables, which are the same in both rulesets.
    init(_ tables: Set<TableName>) { self.tables = tables }

    /// Whether both rulesets have the table.
    func contains(_ table: TableName) -> Bool { tables.contains(table) }

    /// A passage that was kept; no third ruleset needs it.
    func take(_ entry: Entry) -> Passage? { passages.removeValue(forKey: entry) }

    /// Keeps a passage for the other ruleset.
    func keep(_ passage: Passage, of entry: Entry) { passages[entry] = passage }
}

extension RegionEvaluation {
    /// Runs a base chain, or takes its result from the evaluation of another ruleset with the same table.
    func run(_ entry: Hooks.Entry, _ pieces: [Piece]) -> ChainResult {
        let table = hooks.tables[entry.table].name
        guard let shared, shared.contains(table), budget.isLeft else {
            return run(entry.chain, table: entry.table, pieces, depth: 1)
        }
        let place = SharedChains.Entry(
            table: table, chain: entry.chain.name, hook: hook, key: key, readsMarks: hooks.readsMarks,
            keepsRefusals: keepsRefusals, tracksDestinations: tracksDestinations, pieces: pieces)
        if let known = shared.take(place) { return add(known, entry) }
        let passage = passage(entry, pieces)
        // What ends with the budget says less than is known elsewhere.
        if budget.isLeft { shared.keep(passage, of: place) }
        return add(passage, entry)
    }

    /// Runs a base chain by itself.
    private func passage(_ entry: Hooks.Entry, _ pieces: [Piece]) -> SharedChains.Passage {
        let (before, busiestBefore) = (outcome, busiest)
        (outcome, busiest) = (Outcome(), nil)
        defer { (outcome, busiest) = (before, busiestBefore) }
        // What calls have added before is no part of this outcome.
        forgetCalls()
        let result = run(entry.chain, table: entry.table, pieces, depth: 1)
        return SharedChains.Passage(result: result, outcome: outcome, busiest: busiest)
    }

    private func add(_ passage: SharedChains.Passage, _ entry: Hooks.Entry) -> ChainResult {
        outcome.add(passage.outcome)
        guard let (meetings, scope) = passage.busiest, meetings > busiest?.meetings ?? 0 else { return passage.result }
        busiest = (
            meetings, RuleScope(table: entry.table, chain: scope.chain, rule: scope.rule, depth: scope.depth)
        )
        return passage.result
    }
}

extension RegionEvaluation.Outcome {
    /// Adds what a chain adds.
    fileprivate mutating func add(_ other: Self) {
        refused += other.refused
        unknown += other.unknown
        redirected += other.redirected
        unread.formUnion(other.unread)
        destinationTests.add(other.destinationTests)
    }
}
