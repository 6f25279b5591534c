/// What turns one table into another, in the order in which the kernel can take it.
///
/// Rules are named by their index in the chain as it was before the transaction: whoever commits it maps that to
/// the kernel's handles.
public struct Transaction: Hashable, Sendable {
    /// The table that is changed.
    public var table: TableName
    /// The steps; empty when there is nothing to do.
    public var operations: [Operation]

    /// A transaction of these steps.
    public init(table: TableName, operations: [Operation]) {
        self.table = table
        self.operations = operations
    }

    /// Whether there is nothing to do.
    public var isEmpty: Bool { operations.isEmpty }

    /// One step.
    public enum Operation: Hashable, Sendable {
        /// Create the table, empty, with these flags and user data.
        case addTable(flags: UInt32, userdata: [UInt8])
        /// Delete the table and all that it holds.
        case deleteTable
        /// Create a chain without rules.
        case addChain(Chain)
        /// Delete a chain that holds no rule and that nothing leads to.
        case deleteChain(String)
        /// Change what becomes of a packet at the end of a base chain, in place.
        case setPolicy(chain: String, BaseChain.Policy)
        /// Insert a rule before the rule that had this index, or after all rules.
        case addRule(Rule, chain: String, before: Int?)
        /// Delete the rule that had this index.
        case deleteRule(chain: String, index: Int)
        /// Create a set without elements.
        case addSet(String, SetDefinition)
        /// Delete a set that nothing refers to.
        case deleteSet(String)
        /// Add elements to the set, which has this definition.
        case addElements(SetElements, set: String, SetDefinition)
        /// Delete elements from the set, which has this definition.
        case deleteElements(SetElements, set: String, SetDefinition)
        /// Delete every element of a set.
        case flushElements(set: String)
        /// Create a stateful object or a flowtable.
        case addObject(OpaqueObject)
        /// Delete a stateful object or a flowtable.
        case deleteObject(OpaqueObject)
    }
}
