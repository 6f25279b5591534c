extension Table {
    /// The expressions that rules give to new elements of sets, such as a limit for each source, by the name of the set.
    public var elementExpressions: [String: [Expression]] {
        guard sets.contains(where: { $0.definition.flags.contains(.dynamic) }) else { return [:] }
        var all: [String: [Expression]] = [:]
        for rule in chains.lazy.flatMap(\.rules) {
            for case .dynamicSet(let update) in rule.expressions where update.operation != .delete {
                if all[update.set] == nil { all[update.set] = update.expressions }
            }
        }
        return all
    }
}
