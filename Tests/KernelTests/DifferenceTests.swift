import Rulesets
import TestSupport
import Testing

@testable import Kernel

@Suite("The kernel agrees on differences", .privileged, .networkNamespace)
struct KernelDifferenceTests {
    @Test("From one random table to the next, each read back as it was meant", arguments: 0..<25 as Range<UInt64>)
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
