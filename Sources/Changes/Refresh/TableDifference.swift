internal import Compiler
internal import Rulesets

/// The objects by which two compilations of a policy differ.
struct TableDifference {
    private let old: Table
    private let new: Table
    private let chains: Set<String>
    private let sets: Set<String>

    init(from old: Table, to new: Table) {
        (self.old, self.new) = (old, new)
        chains = Self.names(old.chains, new.chains, \.name)
        sets = Self.names(old.sets, new.sets, \.name)
    }

    private static func names<Object: Hashable>(
        _ old: [Object], _ new: [Object], _ name: (Object) -> String
    ) -> Set<String> {
        let before = Dictionary(old.map { (name($0), $0) }) { first, _ in first }
        let after = Dictionary(new.map { (name($0), $0) }) { first, _ in first }
        return Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
    }

    /// Whether a table has these objects as the old compilation does, so that they can be replaced in it.
    func fits(_ table: Table) -> Bool {
        chains.allSatisfy { table.chain($0) == old.chain($0) } && sets.allSatisfy { table.set($0) == old.set($0) }
    }

    /// The table with these objects as the new compilation has them, and all others as they are.
    func applied(to table: Table) -> Table {
        Table(
            name: table.name, flags: table.flags, userdata: table.userdata,
            chains: table.chains.filter { !chains.contains($0.name) } + new.chains.filter { chains.contains($0.name) },
            sets: table.sets.filter { !sets.contains($0.name) } + new.sets.filter { sets.contains($0.name) },
            objects: table.objects)
    }
}
