import Rulesets

@testable import Kernel

extension Table {
    /// The steps that create the table, in an order that the kernel accepts.
    var creation: [Transaction.Operation] {
        let rules = chains.flatMap { chain in
            chain.rules.map { Transaction.Operation.addRule($0, chain: chain.name, before: nil) }
        }
        return [.addTable(flags: flags, userdata: userdata)]
            + objects.map(Transaction.Operation.addObject)
            + chains.map { .addChain($0.header) }
            + sets.map { .addSet($0.name, $0.definition) }
            + sets.filter { !$0.elements.isEmpty }.map { .addElements($0.elements, set: $0.name, $0.definition) }
            + rules
    }

    /// Commits the table as a whole in the calling thread's network namespace, and reads it back.
    func loadedAndRead() throws -> Table? {
        let nftables = try Nftables()
        let before = try nftables.snapshot(of: name)
        let deletion: [Transaction.Operation] = before.table == nil ? [] : [.deleteTable]
        let transaction = Transaction(table: name, operations: deletion + creation)
        let generation = try nftables.commit(transaction, onto: before)
        let after = try nftables.snapshot(of: name)
        precondition(after.generation == generation, "no other process commits in a private namespace")
        return after.table
    }
}
