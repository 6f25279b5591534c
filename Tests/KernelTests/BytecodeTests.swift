import Rulesets
import TestSupport
import Testing

@testable import Kernel

private let name = TableName(family: .inet, name: "portreeve")

@Suite("Rules are printed as nft prints bytecode", .privileged, .networkNamespace)
struct BytecodeTests {
    @Test("A rule's bytecode is libnftnl's text")
    func text() {
        let rule = Rule([
            .meta(.networkProtocol, into: .first), .compare(Comparison(.equal, [2])),
            .payload(Payload(base: .network, offset: 12, length: 4)), .lookup(Lookup(.named("office"))), .counter,
            .limit(RateLimit(rate: 10, unit: 60)), .log(LogStatement(prefix: "in: ")), .verdict(.goto("ssh")),
        ])
        #expect(
            rule.bytecodeText(in: name, chain: "input") == """
                inet portreeve input
                  [ meta load nfproto => reg 1 ]
                  [ cmp eq reg 1 0x00000002 ]
                  [ payload load 4b @ network header + 12 => reg 1 ]
                  [ lookup reg 1 set office 0x0 ]
                  [ counter pkts 0 bytes 0 ]
                  [ limit rate 10/minute burst 5 type packets flags 0x0 ]
                  [ log prefix in:  level 4 ]
                  [ immediate reg 0 goto -> ssh ]

                """)
    }

    @Test("An expression that libnftnl does not know has no text")
    func unknown() {
        let rule = Rule([.opaque(name: "nonsense", attributes: [])])
        #expect(rule.bytecodeText(in: name, chain: "input") == nil)
    }

    @Test("No part of portreeve's own ruleset is opaque")
    func typed() throws {
        try NftProgram.load(
            """
            table inet portreeve {
                comment "managed by portreeve"
                set office-ipv4 { type ipv4_addr; flags interval; elements = { 203.0.113.0/24, 192.0.2.10-192.0.2.20 } }
                set limit-ssh { type ipv4_addr; size 65535; flags dynamic,timeout; timeout 2m; }
                map services { type inet_proto . inet_service : verdict; elements = { tcp . 22 : goto service-ssh } }
                chain input {
                    type filter hook input priority filter; policy drop;
                    ip saddr @office-ipv4 drop
                    ct state vmap { established : accept, related : accept, invalid : drop }
                    iif lo accept
                    iifname "wg*" accept
                    meta l4proto { icmp, ipv6-icmp } jump other
                    icmpv6 type { nd-neighbor-solicit, packet-too-big } accept
                    ip6 saddr fe80::/10 udp dport 546 accept
                    meta time < "2027-01-31 00:00:00" accept
                    meta l4proto . th dport vmap @services
                    ct status dnat tcp dport 80 ct original proto-dst 80 accept
                    limit rate 5/minute log prefix "portreeve: " counter
                    reject with icmpx admin-prohibited
                    meta l4proto tcp reject with tcp reset
                }
                chain service-ssh {
                    ip saddr @office-ipv4 update @limit-ssh { ip saddr limit rate over 10/minute burst 20 packets } drop
                    ip saddr 10.0.0.0/8 counter accept comment "Admin access"
                }
                chain other { return; }
            }
            """)
        let table = try #require(try Nftables().snapshot(of: name).table)
        let expressions = table.chains.flatMap(\.rules).flatMap(\.expressions)
        let opaque = expressions.filter { if case .opaque = $0 { true } else { false } }
        #expect(opaque == [])
        #expect(table.chains.flatMap { $0.unrecognized + $0.rules.flatMap(\.unrecognized) } == [])
        #expect(table.sets.flatMap(\.definition.unrecognized) == [])
        #expect(table.sets.map(\.name) == ["limit-ssh", "office-ipv4", "services"])
        #expect(
            table.set("office-ipv4")?.elements == .ranges32([0xc000_020a...0xc000_0214, 0xcb00_7100...0xcb00_71ff]))
        #expect(
            table.set("services")?.elements
                == .list([SetElement(key: [6, 0, 0, 0, 0, 22, 0, 0], value: .verdict(.goto("service-ssh")))]))
        #expect(table.chain("service-ssh")?.rules.last?.comment == "Admin access")
    }
}
