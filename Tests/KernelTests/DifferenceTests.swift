import Rulesets
import TestSupport
import Testing

@testable import Kernel

@Suite("The kernel applies differences between tables", .privileged, .networkNamespace)
struct KernelDifferenceTests {
    @Test("Changes from one random table to the next, read back after each", arguments: 0..<25 as Range<UInt64>)
    func walk(seed: UInt64) throws {
        let name = TableName(family: .inet, name: "portreeve")
        let nftables = try Nftables()
        var tables = RelatedTables(seed: seed)
        for step in 0..<12 {
            let snapshot = try nftables.snapshot(of: name)
            let wanted = step % 6 == 5 ? nil : tables.next(named: name)
            let transaction = Transaction(from: snapshot.table, to: wanted, named: name)
            #expect(try transaction.applied(to: snapshot.table) == wanted)
            _ = try nftables.commit(transaction, onto: snapshot)
            #expect(try nftables.snapshot(of: name).table == wanted)
        }
    }
}
