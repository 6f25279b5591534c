import TestSupport
import Testing

@Suite("Ways round the ruleset", .privileged, .networkNamespace)
struct ForeignBypassTests {
    @Test(
        "Copies to loopback, helpers, untracked packets and filters of tc are named; other copies and counters are not")
    func found() throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write("version: 1\nservices: {}\n")
        try portreeve.shell(
            """
            ip link set lo up; ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up
            nft -f - <<'END'
            table ip a {
                counter c { }
                chain p {
                    type filter hook prerouting priority -150
                    tcp dport 1 dup to 192.0.2.1
                    tcp dport 2 counter name c
                    tcp dport 3 dup to 127.0.0.1
                }
            }
            table ip b {
                ct helper ftp { type "ftp" protocol tcp; };
                chain p { type filter hook prerouting priority 0; tcp dport 21 ct helper set "ftp"; };
            }
            table inet d { chain raw { type filter hook prerouting priority raw; udp dport 53 notrack; }; }
            END
            """)
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        let result = try portreeve("verify", policy, "--only", "ruleset")
        let bypasses = result.output.split(separator: "\n").filter { $0.hasSuffix("[foreign-bypass]") }
        #expect(bypasses.count == 3, "\(result)")
        #expect(
            result.output.contains("error: ip a copies packets to loopback, past the ruleset"), "\(result)")
        #expect(result.output.contains("warning: ip b sets a helper or an expectation"), "\(result)")
        #expect(result.output.contains("warning: inet d keeps packets from being tracked"), "\(result)")
        #expect(try portreeve("status", policy).output.hasPrefix("state: other tables change what the policy allows"))
        try portreeve.shell(
            "nft delete table ip a; nft delete table ip b; nft delete table inet d; tc qdisc add dev v0 clsact")
        let filtered = try portreeve("verify", policy, "--only", "ruleset").output
        #expect(
            filtered.contains("warning: interface v0 has filters of tc, which can take packets past"), "\(filtered)")
        #expect(!filtered.contains("v1"))
    }
}
