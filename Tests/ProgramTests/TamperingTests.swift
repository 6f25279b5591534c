import TestSupport
import Testing

@Suite("Tampering with nft", .privileged, .networkNamespace)
struct TamperingTests {
    @Test("Is found, reported and repaired", arguments: Tampering.harmful)
    func found(_ tampering: Tampering) throws { try find(tampering, .installed) }

    @Test("Is found, reported and repaired after the nft of Debian 13 too", .bothNfts, arguments: Tampering.harmful)
    func foundOfOtherNft(_ tampering: Tampering) throws { try find(tampering, .debian13) }

    private func find(_ tampering: Tampering, _ nft: NftProgram) throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write(everything)
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        #expect(try portreeve("verify", policy, "--only", "ruleset", "--quiet").status == 0)
        let before = try portreeve.shell("nft -s list table inet portreeve", nft: nft)
        try portreeve.shell(tampering.script, nft: nft)
        let verdict = try portreeve("verify", policy, "--only", "ruleset")
        #expect(verdict.status == 2, "\(verdict.output)\(verdict.errors)")
        #expect(verdict.output.contains("[ruleset-drift]"))
        let healing = try portreeve("apply", policy, "--yes", "--quiet")
        #expect(healing.status == 0, "\(healing.errors)")
        #expect(try portreeve("verify", policy, "--only", "ruleset", "--quiet").status == 0)
        #expect(try portreeve.shell("nft -s list table inet portreeve", nft: nft).sortedLines == before.sortedLines)
    }

    @Test("Is not reported if it has no effect", arguments: Tampering.harmless)
    func notFound(_ tampering: Tampering) throws { try leave(tampering, .installed) }

    @Test("Is not reported without an effect, after the nft of Debian 13 too", .bothNfts, arguments: Tampering.harmless)
    func notFoundOfOtherNft(_ tampering: Tampering) throws { try leave(tampering, .debian13) }

    private func leave(_ tampering: Tampering, _ nft: NftProgram) throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write(everything)
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        try portreeve.shell(tampering.script, nft: nft)
        let verdict = try portreeve("verify", policy, "--only", "ruleset")
        #expect(verdict.status == 0, "\(verdict.output)\(verdict.errors)")
    }

    @Test("A second apply writes nothing, and no counter is lost")
    func idempotent() throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write(everything)
        #expect(try portreeve("apply", policy, "--yes").status == 0)
        try portreeve.shell("nft list ruleset | sed 's/packets 0 bytes 0/packets 7 bytes 700/' > \(policy).nft")
        try portreeve.shell("nft delete table inet portreeve; nft -f \(policy).nft")
        let before = try portreeve.shell("nft list ruleset")
        #expect(try portreeve("apply", policy, "--yes").output == "in sync: nothing to do\n")
        #expect(try portreeve.shell("nft list ruleset") == before)
    }
}

extension String {
    /// The lines in an order that does not depend on the order in which objects were added.
    fileprivate var sortedLines: [Substring] { split(separator: "\n").sorted() }
}
