import Rulesets
import TestSupport
import Testing

@Suite("A step that does not fit the table")
struct TransactionApplyingTests {
    private static let name = TableName(family: .inet, name: "t")
    private static let rule = Rule([.counter, .verdict(.accept)])
    private static let ports = SetDefinition(keyType: 13, keyLength: 2)
    private static let quota = OpaqueObject(kind: .statefulObject, name: "q", type: 2, attributes: [1])

    private static func list(_ ports: UInt8...) -> SetElements { .list(ports.map { SetElement(key: [0, $0]) }) }

    private static let table = Table(
        name: name,
        chains: [
            Chain(
                name: "base", base: BaseChain(type: "filter", hook: .input, priority: 0, policy: .drop),
                rules: [rule, rule]), Chain(name: "empty"),
        ],
        sets: [NamedSet(name: "s", definition: ports, elements: list(1, 2))], objects: [quota])

    private static func apply(_ steps: Transaction.Operation..., to table: Table? = table) throws(TransactionError)
        -> Table?
    {
        try Transaction(table: name, operations: steps).applied(to: table)
    }

    static let misfits: [Transaction.Operation] = [
        .addTable(flags: 0, userdata: []), .addChain(Chain(name: "base")), .deleteChain("base"), .deleteChain("gone"),
        .setPolicy(chain: "empty", .accept), .setPolicy(chain: "gone", .accept),
        .addRule(rule, chain: "gone", before: nil), .addRule(rule, chain: "base", before: 2),
        .deleteRule(chain: "base", index: 2), .deleteRule(chain: "gone", index: 0), .addSet("s", ports),
        .deleteSet("gone"),
        .addElements(list(2, 3), set: "s", ports), .addElements(list(3), set: "gone", ports),
        .deleteElements(list(3), set: "s", ports), .deleteElements(list(1), set: "gone", ports),
        .flushElements(set: "gone"), .addObject(quota),
        .deleteObject(OpaqueObject(kind: .flowtable, name: "q", type: 0, attributes: [])),
    ]

    @Test("Throws, and the error names the step", arguments: misfits)
    func misfit(step: Transaction.Operation) {
        let error = #expect(throws: TransactionError.self) {
            try Self.apply(.deleteRule(chain: "base", index: 0), step)
        }
        #expect(error?.operation == step)
    }

    @Test("Every step but the creation of the table needs a table")
    func missing() throws {
        for step in Self.misfits.dropFirst() + [.deleteTable] {
            #expect(throws: TransactionError(operation: step)) { try Self.apply(step, to: nil) }
        }
        let created = try Self.apply(.addTable(flags: 2, userdata: [7]), to: nil)
        #expect(created == Table(name: Self.name, flags: 2, userdata: [7]))
        #expect(try Self.apply(.deleteTable) == nil)
    }

    @Test("A rule that was deleted is no successor, and cannot be deleted again")
    func twice() {
        let deletion = Transaction.Operation.deleteRule(chain: "base", index: 0)
        let insertion = Transaction.Operation.addRule(Self.rule, chain: "base", before: 0)
        #expect(throws: TransactionError(operation: deletion)) { try Self.apply(deletion, deletion) }
        #expect(throws: TransactionError(operation: insertion)) { try Self.apply(deletion, insertion) }
    }

    @Test("Indices are those before the transaction, whatever was inserted")
    func indices() throws {
        let (first, second) = (Rule([.verdict(.drop)]), Rule([.verdict(.return)]))
        let table = try Self.apply(
            .addRule(first, chain: "base", before: 0), .deleteRule(chain: "base", index: 0),
            .addRule(second, chain: "base", before: 1), .addRule(first, chain: "base", before: nil))
        #expect(table?.chain("base")?.rules == [first, second, Self.rule, first])
    }

    @Test("Objects, policies and elements")
    func rest() throws {
        let table = try Self.apply(
            .setPolicy(chain: "base", .accept), .flushElements(set: "s"),
            .addElements(Self.list(9), set: "s", Self.ports),
            .deleteObject(Self.quota), .deleteChain("empty"), .addSet("a", Self.ports))
        #expect(table?.chain("base")?.base?.policy == .accept)
        #expect(table?.sets.map(\.name) == ["a", "s"] && table?.set("s")?.elements == Self.list(9))
        #expect(table?.objects == [] && table?.chains.count == 1)
    }
}
