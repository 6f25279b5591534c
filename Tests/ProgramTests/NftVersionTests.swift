import Foundation
import TestSupport
import Testing

/// A policy and its recorded ruleset.
private struct Golden: CustomTestStringConvertible, Sendable {
    let policy: String
    let ruleset: String

    var testDescription: String { ruleset.split(separator: "/").suffix(2).joined(separator: "/") }

    /// The examples, and a folder for each feature of the language, but for names: a command takes their addresses from name servers.
    static let all: [Golden] = {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let (folder, examples) = (tests.appending(path: "CompilerTests/Golden"), tests.appending(path: "../policies"))
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let shipped = (try? FileManager.default.contentsOfDirectory(atPath: folder.path + "/examples")) ?? []
        return names.filter { !["examples", "names"].contains($0) }.sorted().map {
            Golden(policy: folder.path + "/\($0)/policy.yaml", ruleset: folder.path + "/\($0)/ruleset.nft")
        }
            + shipped.sorted().map {
                Golden(
                    policy: examples.standardized.path + "/\($0.replacing(".nft", with: ".yaml"))",
                    ruleset: folder.path + "/examples/\($0)")
            }
    }()
}

/// A listing by one program, loaded by another.
private struct Passage: CustomTestStringConvertible, Sendable {
    let lister: NftProgram
    let loader: NftProgram

    var testDescription: String { "listed by \(lister.rawValue), loaded by \(loader.rawValue)" }

    static let all = NftProgram.allCases.flatMap { lister in
        NftProgram.allCases.map { Passage(lister: lister, loader: $0) }
    }
}

@Suite("Rulesets in both versions of nft", .privileged, .networkNamespace, .bothNfts)
struct NftVersionTests {
    @Test("The rulesets are found")
    func present() { #expect(Golden.all.count >= 18) }

    /// Expects no drift, no changes to plan, and no write.
    private func expectSame(_ portreeve: Portreeve, _ golden: Golden) throws {
        let options = ["--allow-insecure-permissions"]
        #expect(try portreeve.rulesetFindings(golden.policy) == [])
        let before = try parts(portreeve)
        let plan = try portreeve(["plan", golden.policy, "--detailed-exitcode"] + options)
        #expect(plan.status == 0, "\(plan)")
        let apply = try portreeve(["apply", golden.policy, "--yes"] + options)
        #expect(apply.status == 0 && apply.output.contains("nothing to do"), "\(apply)")
        #expect(try parts(portreeve) == before)
    }

    /// The rules and elements of the ruleset as bytecode, sorted: the kernel may move the elements of a hash set at any time.
    private func parts(_ portreeve: Portreeve) throws -> [Substring] {
        try portreeve.shell("nft --debug=netlink list ruleset", nft: .debian13).split { $0 == "\n" || $0 == "\t" }
            .sorted()
    }

    @Test("A recorded ruleset is no drift, whichever nft loads it", arguments: Golden.all, NftProgram.allCases)
    fileprivate func loaded(_ golden: Golden, nft: NftProgram) throws {
        let portreeve = try Portreeve()
        try portreeve.shell("nft -f '\(golden.ruleset)'", nft: nft)
        try expectSame(portreeve, golden)
    }

    @Test("A listing of the applied ruleset, loaded again, is no drift", arguments: Golden.all, Passage.all)
    fileprivate func listed(_ golden: Golden, passage: Passage) throws {
        let portreeve = try Portreeve()
        let applied = try portreeve("apply", golden.policy, "--yes", "--quiet", "--allow-insecure-permissions")
        #expect(applied.status == 0, "\(applied)")
        let listing = try portreeve.write(
            try portreeve.shell("nft list table inet portreeve", nft: passage.lister), to: "listing.nft")
        try portreeve.shell("nft delete table inet portreeve; nft -f '\(listing)'", nft: passage.loader)
        try expectSame(portreeve, golden)
    }

    @Test("A listing of what the nft of Debian 13 loaded is no drift", arguments: Golden.all, NftProgram.allCases)
    fileprivate func relisted(_ golden: Golden, loader: NftProgram) throws {
        let portreeve = try Portreeve()
        // nft 1.0.6 crashes on a set that nft 1.1.3 added: it neither lists nor deletes it.
        let script = "nft -f '\(golden.ruleset)'; nft list table inet portreeve; nft delete table inet portreeve"
        let listing = try portreeve.write(try portreeve.shell(script, nft: .debian13), to: "listing.nft")
        try portreeve.shell("nft -f '\(listing)'", nft: loader)
        try expectSame(portreeve, golden)
    }
}
