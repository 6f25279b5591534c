import Foundation
import TestSupport
import Testing

@Suite("nft's listing of the ruleset", .privileged, .networkNamespace)
struct ListingTests {
    static let examples: [String] = {
        let folder = URL(filePath: #filePath).appending(path: "../../../policies").standardized
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "yaml" }.map(\.path).sorted()
    }()

    @Test("The examples are found")
    func present() { #expect(Self.examples.count >= 7) }

    @Test(
        "Is the same after apply and after loading the text of show; loading it is no drift", arguments: examples)
    func same(policy: String) throws {
        let portreeve = try Portreeve()
        #expect(try portreeve("apply", policy, "--yes", "--quiet", "--allow-insecure-permissions").status == 0)
        let applied = try portreeve.shell("nft list table inet portreeve")
        let shown = try portreeve("show", policy, "--allow-insecure-permissions").output
        let text = try portreeve.write(shown, to: "shown.nft")
        try portreeve.shell("nft delete table inet portreeve; nft -f \(text)")
        #expect(try portreeve.shell("nft list table inet portreeve") == applied)
        #expect(try portreeve.rulesetFindings(policy) == [])
        let listing = try portreeve.write(applied, to: "listed.nft")
        try portreeve.shell("nft delete table inet portreeve; nft -f \(listing)")
        #expect(try portreeve.rulesetFindings(policy) == [])
        #expect(try portreeve("check", policy, "--kernel", "--quiet", "--allow-insecure-permissions").status == 0)
    }
}
