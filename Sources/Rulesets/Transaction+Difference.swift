extension Transaction {
    /// The smallest transaction that turns `old` into `new`; `nil` means that the table does not exist.
    ///
    /// A rule, set or chain that is equal in both is not touched: it keeps its counters and its limiter state. An object
    /// that the kernel cannot change in place, such as the hook of a base chain or the flags of a set, is replaced in the
    /// same transaction, together with the rules that refer to it.
    public init(from old: Table?, to new: Table?, named name: TableName) {
        self.init(table: name, operations: [])
        switch (old, new) {
        case (nil, nil): break
        // Quick: a table that was read as expected shares its storage with the expected one.
        case (let old?, let new?) where old == new: break
        case (_?, nil): operations = [.deleteTable]
        case (nil, let new?): operations = Self.creation(of: new)
        case (let old?, let new?) where old.isReplaced(by: new): operations = [.deleteTable] + Self.creation(of: new)
        case (let old?, let new?):
            var difference = TableDifference(old: old, new: new)
            operations = difference.operations()
        }
    }

    private static func creation(of table: Table) -> [Operation] {
        let empty = Table(name: table.name, flags: table.flags, userdata: table.userdata)
        var difference = TableDifference(old: empty, new: table)
        return [.addTable(flags: table.flags, userdata: table.userdata)] + difference.operations()
    }
}

extension Table {
    /// Whether `other` differs in properties that the kernel cannot change.
    fileprivate func isReplaced(by other: Table) -> Bool { flags != other.flags || userdata != other.userdata }
}

/// Finds the steps between two tables of one name, flags and user data.
///
/// The kernel dictates the order: references to a chain or set are deleted before it, and added after it.
private struct TableDifference {
    let old: Table
    let new: Table
    /// The chains of `old` that `new` lacks, or that the kernel cannot change in place.
    let deletedChains: Set<String>
    /// The sets of `old` that `new` lacks, or that the kernel cannot change in place.
    let deletedSets: Set<String>

    init(old: Table, new: Table) {
        self.old = old
        self.new = new
        deletedChains = Set(
            old.chains.filter { chain in new.chain(chain.name).map { !chain.canBecome($0) } ?? true }.map(\.name))
        deletedSets = Set(
            old.sets.filter { set in new.set(set.name)?.definition != set.definition }.map(\.name))
    }

    mutating func operations() -> [Transaction.Operation] {
        let deletions: [Transaction.Operation]
        var additions: [Transaction.Operation]
        (deletions, additions) = ruleSteps()
        let elements = elementSteps()
        var steps = deletions + elements.deletions
        steps += old.sets.filter { deletedSets.contains($0.name) }.map { .deleteSet($0.name) }
        steps += old.objects.filter { !new.objects.contains($0) }.map { .deleteObject($0) }
        steps += old.chains.filter { deletedChains.contains($0.name) }.map { .deleteChain($0.name) }
        steps += new.objects.filter { !old.objects.contains($0) }.map { .addObject($0) }
        steps += new.sets.filter { !isKept($0) }.map { .addSet($0.name, $0.definition) }
        steps += new.chainsInReadingOrder.filter { !isKept($0) }.map { .addChain($0.header) }
        steps += policySteps()
        steps += elements.additions
        // Inserted into the array of the rules: there may be a hundred thousand, which are not copied this way.
        additions.insert(contentsOf: steps, at: 0)
        return additions
    }

    private func isKept(_ chain: Chain) -> Bool { old.chain(chain.name) != nil && !deletedChains.contains(chain.name) }

    private func isKept(_ set: NamedSet) -> Bool { old.set(set.name) != nil && !deletedSets.contains(set.name) }

    private func policySteps() -> [Transaction.Operation] {
        new.chains.compactMap { chain in
            guard isKept(chain), let policy = chain.base?.policy, policy != old.chain(chain.name)?.base?.policy else {
                return nil
            }
            return .setPolicy(chain: chain.name, policy)
        }
    }

    private func ruleSteps() -> (deletions: [Transaction.Operation], additions: [Transaction.Operation]) {
        var deletions: [Transaction.Operation] = []
        var additions: [Transaction.Operation] = []
        for chain in old.chains where !isKept(chain) {
            deletions += chain.rules.indices.map { .deleteRule(chain: chain.name, index: $0) }
        }
        if old.chains.isEmpty {
            additions.reserveCapacity(new.chains.reduce(new.sets.count) { $0 + $1.rules.count + 1 })
        }
        let losesNothing = deletedChains.isEmpty && deletedSets.isEmpty
        for chain in new.chainsInReadingOrder {
            let before = isKept(chain) ? old.chain(chain.name)?.rules ?? [] : []
            if before.isEmpty {
                for rule in chain.rules { additions.append(.addRule(rule, chain: chain.name, before: nil)) }
                continue
            }
            if losesNothing && before == chain.rules { continue }
            let alignment = RuleAlignment(from: before, to: chain.rules) { rule in
                losesNothing || !rule.references.touches(chains: deletedChains, sets: deletedSets)
            }
            deletions += alignment.deleted.map { .deleteRule(chain: chain.name, index: $0) }
            additions += alignment.added.map {
                .addRule(chain.rules[$0.index], chain: chain.name, before: $0.successor)
            }
        }
        return (deletions, additions)
    }

    private func elementSteps() -> (deletions: [Transaction.Operation], additions: [Transaction.Operation]) {
        var deletions: [Transaction.Operation] = []
        var additions: [Transaction.Operation] = []
        let (made, meant) = (old.elementExpressions, new.elementExpressions)
        // The elements that are there keep the limit that they were made with.
        for set in new.sets where set.definition.flags.contains(.dynamic) && isKept(set) {
            guard let expressions = made[set.name], expressions != meant[set.name] else { continue }
            deletions.append(.flushElements(set: set.name))
        }
        for set in old.sets where !isKept(set) && !set.elements.isEmpty {
            deletions.append(.flushElements(set: set.name))
        }
        for set in new.sets {
            let before = isKept(set) ? old.set(set.name) : nil
            let change = ElementChange(
                from: before?.elements ?? set.definition.noElements, to: set.elements, of: set.definition,
                losing: deletedChains)
            if change.flushes {
                deletions.append(.flushElements(set: set.name))
            } else if !change.deleted.isEmpty {
                // The definition of the live set has the notes for printing its elements.
                deletions.append(
                    .deleteElements(change.deleted, set: set.name, before?.definition ?? set.definition))
            }
            if !change.added.isEmpty {
                additions.append(.addElements(change.added, set: set.name, set.definition))
            }
        }
        return (deletions, additions)
    }
}

extension Chain {
    /// Whether the kernel can change the chain into `other` in place, apart from its rules.
    fileprivate func canBecome(_ other: Chain) -> Bool {
        var changed = header
        if let policy = other.base?.policy { changed.base?.policy = policy }
        return changed == other.header
    }
}
