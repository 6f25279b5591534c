import Foundation
import TestSupport
import Testing

@Suite("portreeve verify, beside iptables-legacy", .privileged, .networkNamespace)
struct CompetingFirewallTests {
    @Test("A table that drops packets is reported with advice, in the ruleset area only; an empty one is not")
    func legacy() throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write("version: 1\nservices: {}\n")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        let listed = try Program.run(["iptables-legacy", "-L", "-n"])
        guard listed.status == 0 else { return }
        let fine = try portreeve("verify", policy)
        #expect(fine.status == 0 && !fine.output.contains("legacy"), "\(fine.output)")
        try portreeve.shell("iptables-legacy -A INPUT -p tcp --dport 22 -j DROP")
        let found = try portreeve("verify", policy, "--only", "ruleset")
        #expect(found.status == 2)
        #expect(
            found.output == """
                warning: iptables-legacy has a table "filter" with rules or policies that drop packets (1), besides \
                nf_tables: move it with `iptables-legacy-save | iptables-nft-restore`, or empty it [foreign-override]
                verify: 1 warning

                """)
        #expect(try portreeve("verify", policy, "--only", "listeners").status == 0)
    }
}
