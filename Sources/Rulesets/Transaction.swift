/// The steps that turn one table into another, in an order that the kernel accepts.
///
/// A rule is identified by its index in the chain before the transaction; the commit maps indices to handles.
public struct Transaction: Hashable, Sendable {
    /// The table to change.
    public var table: TableName
    /// The steps; empty if there is nothing to change.
    public var operations: [Operation]

    /// A transaction of these steps.
    public init(table: TableName, operations: [Operation]) {
        self.table = table
        self.operations = operations
    }

    /// Whether there is nothing to change.
    public var isEmpty: Bool { operations.isEmpty }

    /// One step.
    public enum Operation: Hashable, Sendable {
        /// Create the empty table with these flags and user data.
        case addTable(flags: UInt32, userdata: [UInt8])
        /// Delete the table with its contents.
        case deleteTable
        /// Create a chain without rules.
        case addChain(Chain)
        /// Delete a chain without rules and references.
        case deleteChain(String)
        /// Change the policy of a base chain in place.
        case setPolicy(chain: String, BaseChain.Policy)
        /// Insert a rule before the rule that had this index; `nil` appends it.
        case addRule(Rule, chain: String, before: Int?)
        /// Delete the rule that had this index.
        case deleteRule(chain: String, index: Int)
        /// Create a set without elements.
        case addSet(String, SetDefinition)
        /// Delete a set without references.
        case deleteSet(String)
        /// Add elements to a set with this definition.
        case addElements(SetElements, set: String, SetDefinition)
        /// Delete elements from a set with this definition.
        case deleteElements(SetElements, set: String, SetDefinition)
        /// Delete all elements of a set.
        case flushElements(set: String)
        /// Create a stateful object or a flowtable.
        case addObject(OpaqueObject)
        /// Delete a stateful object or a flowtable.
        case deleteObject(OpaqueObject)
    }
}
