import Addressing
import Compiler
import Kernel
import Policies
import Reachability
import Rulesets
import TestSupport
import Testing

@Suite("Extensions of iptables are equal to their native equivalents", .privileged, .networkNamespace)
struct XtablesTests {
    private static let name = TableName(family: .ipv4, name: "nat")

    /// The table of a rule of iptables.
    private func table(_ rule: String) throws -> Table {
        let result = try Program.run(["sh", "-ec", "iptables-nft -t nat -A PREROUTING \(rule)"])
        try #require(result.status == 0, "\(result.errors)")
        return try #require(try Nftables().snapshot(of: Self.name).table)
    }

    /// The redirected ports of a protocol, and whether the redirection is uncertain.
    private func redirected(_ table: Table, _ transport: TransportProtocol = .tcp) -> [String] {
        AccessRegions([table], in: Circumstances(now: 0)).redirections.filter { $0.transport == transport }.map {
            "\($0.ports.lowerBound)-\($0.ports.upperBound)\($0.isConditional ? "?" : "")"
        }
    }

    static let rules: [(String, [String])] = [
        ("-p tcp --dport 80 -j DNAT --to-destination 10.0.0.1", ["80-80"]),
        ("-p tcp ! --dport 80 -j DNAT --to-destination 10.0.0.1", ["0-79", "81-65535"]),
        ("-p tcp -m tcp --dport 80:90 --tcp-flags SYN,ACK SYN -j DNAT --to-destination 10.0.0.1:1-9", ["80-90"]),
        ("-p tcp -m tcp --dport 80 --tcp-flags SYN,ACK ACK -j DNAT --to-destination 10.0.0.1", []),
        ("-p tcp -m tcp --sport 1024: --dport 80 -j REDIRECT --to-ports 8080-8090", ["80-80?"]),
        ("-p tcp -m multiport --dports 1,3:5,7 -j REDIRECT", ["1-1", "3-5", "7-7"]),
        ("-p tcp -m multiport ! --dports 1:65534 -j REDIRECT", ["0-0", "65535-65535"]),
        ("-p tcp -m tcp --dport 9 -m multiport --sports 1,3 -j REDIRECT", ["9-9?"]),
        ("-p tcp --dport 9 -m addrtype --dst-type LOCAL -j REDIRECT", ["9-9"]),
        ("-p tcp --dport 9 -m addrtype ! --dst-type LOCAL -j REDIRECT", []),
        ("-p tcp --dport 9 -m addrtype --dst-type BROADCAST -j REDIRECT", []),
        ("-p tcp --dport 9 -m addrtype --src-type LOCAL -j REDIRECT", []),
        ("-p tcp --dport 9 -m conntrack --ctstate NEW,RELATED -j REDIRECT", ["9-9"]),
        ("-p tcp --dport 9 -m conntrack ! --ctstate NEW -j REDIRECT", []),
        ("-p tcp --dport 9 -m conntrack --ctstate ESTABLISHED,INVALID,UNTRACKED -j REDIRECT", []),
        ("-p tcp --dport 9 -m conntrack ! --ctstate UNTRACKED -j REDIRECT", ["9-9"]),
        ("-p tcp --dport 9 -m conntrack --ctstate NEW,DNAT -j REDIRECT", ["9-9?"]),
        ("-p tcp --dport 9 -m conntrack --ctstate NEW --ctorigdstport 9 -j REDIRECT", ["9-9"]),
        ("-p tcp -m conntrack --ctstate NEW ! --ctorigdstport 2: -j REDIRECT", ["0-1"]),
        ("-p tcp --dport 9 -m conntrack --ctstate DNAT -j REDIRECT", []),
        ("-p tcp --dport 9 -m conntrack ! --ctstate SNAT --ctdir ORIGINAL -j REDIRECT", ["9-9?"]),
        ("-p tcp --dport 9 -m conntrack --ctproto tcp --ctdir ORIGINAL -j REDIRECT", ["9-9"]),
        ("-p tcp --dport 9 -m conntrack --ctdir REPLY -j REDIRECT", []),
        ("-p tcp --dport 9 -m conntrack --ctstatus SEEN_REPLY -j REDIRECT", []),
        ("-p tcp --dport 9 -m mark --mark 0 -j REDIRECT", ["9-9"]),
        ("-p tcp --dport 9 -m mark --mark 1/0xff -j REDIRECT", []),
        ("-p tcp --dport 9 -m connmark ! --mark 1 -j REDIRECT", ["9-9"]),
        ("-p tcp --dport 9 -m recent --set -j REDIRECT", ["9-9"]),
        ("-p tcp --dport 9 -m recent --update --seconds 30 --hitcount 6 -j REDIRECT", []),
        ("-p tcp --dport 9 -m recent ! --rcheck --seconds 30 --hitcount 6 -j REDIRECT", ["9-9"]),
        ("-p tcp --dport 9 -m recent --rcheck --seconds 30 -j REDIRECT", ["9-9?"]),
        ("-p tcp --dport 9 -j ACCEPT", []), ("-p udp --dport 9 -j REDIRECT", []),
    ]

    @Test("Matches and targets", arguments: rules)
    func rule(_ rule: String, _ expected: [String]) throws { #expect(redirected(try table(rule)) == expected) }

    @Test("A table with extensions is written to the kernel and read back unchanged")
    func fidelity() throws {
        let read = try table("-p tcp -m addrtype --dst-type LOCAL --dport 9 -j DNAT --to-destination 10.0.0.1")
        // The table keeps its name: the kernel accepts DNAT only in a table named nat.
        let nftables = try Nftables()
        for (old, new) in [(read, nil), (nil, read)] as [(Table?, Table?)] {
            let before = try nftables.snapshot(of: Self.name)
            _ = try nftables.commit(Transaction(from: old, to: new, named: Self.name), onto: before)
            #expect(try nftables.snapshot(of: Self.name).table == new)
        }
    }

    @Test("A truncated structure makes all ports uncertain")
    func short() throws {
        let whole = try table("-p tcp -m addrtype --dst-type LOCAL --dport 9 -j DNAT --to-destination 10.0.0.1")
        for length in 0..<40 {
            let chains = whole.chains.map { chain in
                var cut = chain
                cut.rules = chain.rules.map { rule in
                    Rule(
                        rule.expressions.map { expression in
                            guard case .xtables(var part) = expression else { return expression }
                            part.info = Array(part.info.prefix(length))
                            return .xtables(part)
                        })
                }
                return cut
            }
            let regions = AccessRegions([Table(name: Self.name, chains: chains)], in: Circumstances(now: 0))
            #expect(!regions.redirections.isEmpty || !regions.unread.isEmpty)
        }
    }
}
