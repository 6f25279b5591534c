import Addressing
import Reachability
import TestSupport
import Testing

@Suite("Rules about the route back to a source", .privileged, .networkNamespace)
struct ReturnRouteTests {
    @Test(
        "Are evaluated for one source, and unknown for many and for routes of IPv6 that are less specific",
        arguments: ["oif missing drop", "oif 0 drop", "oif != eth0 drop", "oifname != \"eth*\" drop"])
    func sources(rule: String) throws {
        let text = "table inet t {\nchain c { type filter hook prerouting priority -300; fib saddr . iif \(rule);\n}\n}"
        try check(text, isRestored: false, unknown: 5)
    }

    @Test("Of iptables are as those of nft", arguments: ["--invert", "--validmark --invert"])
    func match(options: String) throws {
        let text = "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m rpfilter \(options) -j DROP\nCOMMIT\n"
        try check(text, isRestored: true, unknown: 2)
    }

    private func check(_ text: String, isRestored: Bool, unknown: Int) throws {
        let trial = try RulesetTrial(text, isRestored: isRestored, interfaces: ["eth0", "eth1"])
        let sources = try ["203.0.113.9", "2001:db8:5::9"].map { try #require(IPAddress(AddressRange($0))) }
        // The routes back are on the first interface.
        let packets = ["eth0", "eth1"].flatMap { interface in
            sources.map { Packet(transport: .tcp, port: 22, from: $0, interface: interface) }
        }
        let outcome = try trial.outcome(of: packets, checksReturnRoutes: true)
        #expect(outcome.wrong == [])
        #expect(outcome.claims == 8 && outcome.unknownCount == unknown, "\(outcome)")
    }
}
