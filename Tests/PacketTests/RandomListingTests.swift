import Compiler
import Kernel
import Rulesets
import TestSupport
import Testing

@Suite("nft's listing of random policies", .privileged, .networkNamespace)
struct RandomListingTests {
    @Test(
        "Is the same after the commit and after loading the text of show; the listing loads to the same table",
        arguments: 1...40)
    func same(seed: UInt64) throws {
        var policies = RandomPolicy(seed: seed)
        let nftables = try Nftables()
        for _ in 0..<5 {
            let table = compile(policies.next(now: 1_800_000_000)).table
            let before = try nftables.snapshot(of: table.name)
            let replacement: [Transaction.Operation] = before.table == nil ? [] : [.deleteTable]
            let creation = Transaction(from: nil, to: table, named: table.name)
            _ = try nftables.commit(
                Transaction(table: table.name, operations: replacement + creation.operations), onto: before)
            let listing = try NftProgram.list("inet portreeve")
            let prelude = "table inet portreeve\ndelete table inet portreeve\n"
            try NftProgram.load(prelude + table.nftText)
            #expect(try NftProgram.list("inet portreeve") == listing)
            try expectLive(table, nftables)
            try NftProgram.load(prelude + listing)
            try expectLive(table, nftables)
        }
    }

    /// Whether the live table is `table`, byte for byte.
    private func expectLive(_ table: Table, _ nftables: borrowing Nftables) throws {
        #expect(try nftables.snapshot(of: table.name).table == table)
    }
}
