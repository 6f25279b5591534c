import Addressing
import TestSupport
import Testing

@testable import Reachability

/// What a rule leaves for later ones, and what the host knows beside the ruleset: each against real packets.
@Suite("Rules that depend on earlier rules or on the host", .privileged, .networkNamespace)
struct StateTests {
    private static let input = "type filter hook input priority 0; policy drop;"
    private static let early = "type filter hook prerouting priority -300;"
    private static let nat = "type nat hook prerouting priority -100;"

    private static func inet(_ chains: String..., sets: String = "") -> String {
        let numbered = chains.enumerated().map { "chain c\($0) {\n\($1)\n}\n" }
        return "table inet t {\n\(sets)\n\(numbered.joined())}\n"
    }

    static let rulesets: [String] = [
        // Marks of packets and connections, whole and bit by bit.
        inet("\(early) tcp dport 1 meta mark set 5", "\(input) meta mark 5 accept"),
        inet(
            "\(early) tcp dport 1-4 meta mark set 0x13; tcp dport 2 meta mark set meta mark & 0xfffffffd",
            "type filter hook prerouting priority -150; ct mark set meta mark; meta mark set 0",
            "\(input) meta mark != 0 drop; ct mark & 0x2 == 0x2 accept; ct mark 0x11 tcp dport 2 accept"),
        inet(
            "\(early) meta mark set ip saddr map { 10.1.2.3 : 1, 10.1.2.4 : 2 }",
            "\(input) meta mark vmap { 1 : accept, 2 : drop }; udp dport 3 accept"),
        inet("\(early) meta mark set meta mark | 0x100", "\(input) meta mark 0x100 tcp dport 1 accept"),
        // Before conntrack there is no connection to mark, and after it nothing is excluded.
        inet(
            "\(early) ct mark set 7; tcp dport 1 notrack",
            "\(input) ct mark 0 accept; ct state untracked udp dport 1 accept"),
        inet(
            "\(early) tcp dport { 1, 2 } notrack", "\(nat) tcp dport { 2, 3 } redirect to :5",
            "\(input) ct state untracked tcp dport 1 accept; tcp dport 5 accept; ct state new udp dport 2 accept"),
        inet("type filter hook prerouting priority -150; notrack", "\(input) ct state new tcp dport 1 accept"),
        inet(
            "\(early) udp dport 1 notrack",
            "\(input) ct state vmap { untracked : accept, new : continue }; ct direction original tcp dport 2 accept"),
        // A zone is set once, and lets nothing be excluded.
        inet(
            "\(early) tcp dport 1 ct zone set 5; notrack",
            "\(input) ct state new tcp dport 1 accept; ct state untracked udp dport 1 accept"),
        // Chains that translate run only where something is tracked.
        inet("\(nat) tcp dport 1 drop"), inet("\(nat) tcp dport 1 drop", "ct state new accept"),
        "table ip6 t {\nchain c {\nct mark 1\n}\n}\n" + inet("\(nat) tcp dport 1 drop"),
        // Limits of bytes that no packet is below.
        inet(
            "\(input) tcp dport 1 limit rate 10 bytes/second accept; tcp dport 2 limit rate over 10 bytes/second accept; udp dport 1 limit rate 10 bytes/second burst 10 bytes accept; udp dport 2 limit rate 1 mbytes/second accept"
        ),
        inet(
            "\(input) limit name \"l\" tcp dport 1 accept; tcp dport 2 accept", sets: "limit l { rate 9 bytes/second; }"
        ),
        // Numbers that the kernel chooses.
        inet(
            "\(input) numgen inc mod 3 vmap { 0 : goto c1, 1 : goto c1, 2 : goto c2 }", "tcp dport 1-2 accept",
            "tcp dport { 1, 2 } accept"),
        inet(
            "\(input) numgen random mod 100 <= 99 tcp dport 1 accept; jhash ip saddr mod 2 offset 5 > 4 udp dport 1 accept"
        ),
        inet(
            "\(nat) tcp dport 1 dnat ip to numgen inc mod 2 map { 0 : 10.9.0.2, 1 : 10.9.0.3 }",
            "\(input) tcp dport 2 accept",
            "type filter hook forward priority 0; policy drop; ip daddr { 10.9.0.2, 10.9.0.3 } accept"),
        // Interfaces by index.
        inet(
            "\(input) iif \"eth0\" tcp dport 1 accept; iif { \"wg1\", \"lo\" } udp dport 1 accept; iif != \"eth0\" tcp dport 3 accept"
        ),
        inet("\(input) meta iiftype loopback tcp dport 1 accept; meta iiftype != loopback udp dport 1 accept"),
        inet("\(input) iif . tcp dport vmap { \"eth0\" . 1 : accept, \"wg1\" . 2 : accept, \"lo\" . 3 : accept }"),
        inet(
            "\(input) fib saddr . iif oif \"eth0\" tcp dport 1 accept; udp dport 2 accept"),
        // Transparent proxies without a proxy, and writes to the packet.
        inet(
            "\(early) meta l4proto tcp tproxy to :5 meta mark set 1 accept; socket transparent 1 meta mark set 2 accept",
            "\(input) tcp dport 1 accept"),
        inet(
            "\(early) ip dscp set cs1; ip6 dscp set cs1; ip ttl set 60; tcp option maxseg size set 1000",
            "\(input) tcp dport 1 accept"),
        // What the kernel answers about its own addresses, the hardware of an interface, and the translation of the source.
        inet(
            "\(input) fib daddr oif 0 tcp dport 1 accept; fib daddr . iif oif missing udp dport 1 accept; fib daddr oif exists tcp dport 2 accept"
        ),
        inet("\(input) meta iiftype ether tcp dport 1 accept; meta iiftype != ether udp dport 1 accept"),
        inet("\(input) ct status snat drop; tcp dport 1 accept"),
        // Addresses of connections, each of one family, and those of replies, behind translations, too.
        inet(
            "\(input) ct original ip saddr != 10.1.2.3 drop; ct original ip6 saddr != 2001:db8:5::9 accept; tcp dport 1 accept"
        ),
        inet(
            "\(nat) tcp dport 1 dnat ip to 10.9.0.2",
            "\(input) ct reply ip daddr 10.1.2.3 tcp dport 2 accept; ct reply ip saddr != 192.0.2.99 udp dport 1 accept; ct reply ip6 saddr 2001:db8::99 tcp dport 3 accept",
            "type filter hook forward priority 0; policy drop; ct reply ip saddr 10.9.0.2 meta l4proto tcp ct reply proto-src 1 accept"
        ),
        inet(
            "type nat hook input priority 100; ip saddr 10.1.2.3 tcp dport 1-2 snat ip to 10.9.9.9",
            "type filter hook input priority 200; policy drop; ct reply ip daddr 10.9.9.9 tcp dport 1 accept; ct original ip saddr 10.1.2.3 tcp dport 2 accept"
        ),
        // Zones, and counters of replies.
        inet(
            "\(early) tcp dport 1 ct zone set 5",
            "\(input) ct zone 5 accept; ct original zone 0 udp dport 1 accept; ct reply packets 0 tcp dport 2 accept; ct reply bytes > 0 accept"
        ),
        // What arrives has no output interface yet.
        inet(
            "\(input) meta oiftype ether accept; meta oifgroup 0 accept; meta oifkind != \"veth\" accept; tcp dport 1 accept"
        ),
        // Types of addresses.
        inet(
            "\(input) fib saddr type unicast tcp dport 1 accept; fib saddr type { local, broadcast } udp dport 1 accept"
        ),
        // A translation of the source at input.
        inet(
            "type nat hook input priority 100; ip saddr 10.1.2.3 tcp dport 1-2 snat ip to 10.9.9.9",
            "type filter hook input priority 200; policy drop; ip saddr 10.9.9.9 tcp dport 1 accept; ip saddr 10.1.2.3 accept"
        ),
        // Redirection to where packets of other hosts cannot go.
        inet("\(nat) tcp dport 1 dnat ip to 127.0.0.1:5", "\(input) tcp dport { 2, 5 } accept"),
        inet("\(nat) tcp dport 1 dnat ip6 to [::1]:5", "\(input) tcp dport { 2, 5 } accept"),
        // Sets that rules fill, without and with clients that exceed a limit.
        inet(
            "\(input) ip saddr @friends tcp dport 1 accept; udp dport 2 accept",
            sets: "set friends { type ipv4_addr; flags dynamic, timeout; elements = { 10.1.2.3 timeout 1h }; }"),
        inet(
            "\(input) ip saddr @bad drop; tcp dport 1 limit rate over 90000/second burst 60000 packets add @bad { ip saddr } drop; tcp dport 1-3 accept",
            sets: "set bad { type ipv4_addr; flags dynamic; size 9; elements = { 10.1.2.3 }; }"),
        // Named limits, and maps of objects.
        inet(
            "\(input) limit name \"l\" tcp dport 1 accept; limit name \"high\" udp dport 1 accept",
            sets:
                "limit l { rate 90000/second burst 60000 packets; }\nlimit high { rate over 90000/second burst 60000 packets; }"
        ),
        inet(
            "\(input) counter name ip saddr map @m tcp dport 1 drop; ip saddr != 10.1.2.3 tcp dport 1 accept",
            sets: "counter k { }\nmap m { type ipv4_addr : counter; elements = { 10.1.2.3 : \"k\" }; }"),
        // Limits of elements: the one that ends the rule, and the one that lets its verdict be.
        inet(
            "\(input) tcp dport vmap @over; tcp dport vmap @under; ip saddr . udp dport vmap @pairs; tcp dport 1-5 accept; udp dport 1-2 accept",
            sets: """
                map over { type inet_service : verdict; limit rate over 90000/second burst 60000 packets; elements = { 1 : drop, 2 : drop }; }
                map under { type inet_service : verdict; limit rate 90000/second burst 60000 packets; elements = { 3 : drop, 4 : accept }; }
                map pairs { type ipv4_addr . inet_service : verdict; flags interval; limit rate over 90000/second burst 60000 packets; elements = { 10.0.0.0/8 . 1 : drop }; }
                """),
        // Chains of devices.
        "table netdev d {\nchain c {\ntype filter hook ingress device \"eth0\" priority 0; ip saddr 10.1.2.3 tcp dport 1 drop; udp dport 2 drop; meta mark set 9\n}\nchain other {\ntype filter hook ingress device \"lo\" priority 0; drop\n}\n}\n"
            + inet("\(input) meta mark 9 tcp dport 1-2 accept; meta mark 0 udp dport 1 accept"),
        "table inet d {\nchain c {\ntype filter hook ingress device \"wg1\" priority 0; ip saddr 10.1.2.3 drop; tcp dport 1 accept; policy drop;\n}\n}\n",
        // A bridge's chain on a host without bridges.
        "table bridge b {\nchain c {\ntype filter hook input priority 0; policy drop;\n}\n}\n"
            + inet("\(input) tcp dport 1 accept"),
    ]

    private static let packets: [Packet] = RandomRuleset.interfaces.enumerated().flatMap { number, interface in
        let sources =
            [0x0a01_0203, 0xcb00_7109].map { IPAddress.ipv4($0) }
            + (number == 0 ? [.ipv6(0x2001_0db8_0005 << 80 | 9)] : [])
        return sources.flatMap { source in
            (1..<6 as Range<UInt16>).flatMap { port in
                [TransportProtocol.tcp, .udp].map {
                    Packet(transport: $0, port: port, from: source, interface: interface)
                }
            }
        }
    }

    @Test("Each packet gets the computed verdict, none of which is unknown", arguments: rulesets)
    func verdicts(ruleset: String) throws {
        let trial = try RulesetTrial(ruleset, isRestored: false, interfaces: RandomRuleset.interfaces)
        let outcome = try trial.outcome(of: Self.packets)
        #expect(outcome.claims == 2 * Self.packets.count && outcome.wrong.isEmpty, "\(outcome.wrong.prefix(4))")
        #expect(outcome.unknown.isEmpty, "\(outcome.unknown)")
    }

    @Test("The evaluator knows whether an address is one of the input interface, which the algebra does not ask")
    func addressesOfInterfaces() throws {
        let rules = """
            fib daddr . iif type local tcp dport 1 accept; fib daddr . iif type != local udp dport 1 accept
            fib daddr type local tcp dport 2 accept
            """
        let trial = try RulesetTrial(
            Self.inet("\(Self.input) \(rules)"), isRestored: false, interfaces: RandomRuleset.interfaces)
        let outcome = try trial.outcome(of: Self.packets.filter { $0.port < 3 })
        #expect(outcome.wrong.isEmpty, "\(outcome.wrong)")
        // Of TCP and UDP to port 1, by the algebra alone.
        #expect(outcome.unknownCount == 2 * 5, "\(outcome.unknown)")
    }

    private static let head = "*mangle\n:PREROUTING ACCEPT\n"
    private static let filter = "COMMIT\n*filter\n:INPUT DROP\n"

    static let restored: [String] = [
        "\(head)-A PREROUTING -p tcp --dport 1 -j MARK --set-xmark 0x4000/0x4000\n\(filter)-A INPUT -m mark --mark 0x4000/0x4000 -j ACCEPT\nCOMMIT\n",
        "\(head)-A PREROUTING -p tcp -j MARK --set-mark 3\n-A PREROUTING -j CONNMARK --save-mark\n-A PREROUTING -j MARK --set-mark 0\n-A PREROUTING -p udp -j CONNMARK --set-mark 8/0xf\n\(filter)-A INPUT -m mark ! --mark 0 -j DROP\n-A INPUT -m connmark --mark 1/1 -p tcp --dport 2 -j ACCEPT\n-A INPUT -m connmark --mark 8 -p udp --dport 1 -j ACCEPT\nCOMMIT\n",
        "\(head)-A PREROUTING -p tcp -j CONNMARK --set-mark 6\n-A PREROUTING -j CONNMARK --restore-mark --ctmask 0x2\n\(filter)-A INPUT -m mark --mark 2 -p tcp --dport 4 -j ACCEPT\nCOMMIT\n",
        "*raw\n:PREROUTING ACCEPT\n-A PREROUTING -p tcp --dport 1 -j CT --notrack\n\(filter)-A INPUT -m conntrack --ctstate UNTRACKED -j ACCEPT\n-A INPUT -m state --state NEW -p udp --dport 2 -j ACCEPT\nCOMMIT\n",
        "*nat\n:PREROUTING ACCEPT\n-A PREROUTING -p tcp --dport 1 -j REDIRECT --to-ports 5\n\(filter)-A INPUT -m conntrack --ctstate DNAT --ctorigdstport 1 -j ACCEPT\n-A INPUT -p tcp -m conntrack --ctstate NEW --ctorigsrc 10.1.2.0/24 --ctdir ORIGINAL ! --ctorigdstport 3 -j ACCEPT\n-A INPUT -p udp -m conntrack --ctproto udp ! --ctstatus SEEN_REPLY ! --ctorigdst 10.0.0.0/8 -j ACCEPT\nCOMMIT\n",
        "\(filter.dropFirst(7))-A INPUT -p tcp --dport 1 -m addrtype --src-type UNICAST --dst-type LOCAL -j ACCEPT\n-A INPUT -p tcp --dport 2 -m addrtype --dst-type LOCAL,BROADCAST -j ACCEPT\n-A INPUT -p udp --dport 2 -m addrtype ! --src-type LOCAL -j ACCEPT\nCOMMIT\n",
        "\(filter.dropFirst(7))-A INPUT -p tcp --dport 1 -m pkttype --pkt-type host -j ACCEPT\n-A INPUT -p udp --dport 2 -m pkttype ! --pkt-type broadcast -j ACCEPT\n-A INPUT -p tcp --dport 3 -m pkttype --pkt-type multicast -j ACCEPT\nCOMMIT\n",
        "*raw\n:PREROUTING ACCEPT\n-A PREROUTING -p tcp --dport 1 -j CT --zone 5\n-A PREROUTING -j CT --notrack\n\(filter)-A INPUT -m conntrack --ctstate NEW -j ACCEPT\nCOMMIT\n",
        "\(head)-A PREROUTING -j TEE --gateway 10.9.0.2\n\(filter)-A INPUT -m physdev --physdev-in eth9 -p tcp --dport 1 -j ACCEPT\n-A INPUT -m physdev ! --physdev-is-bridged -p udp --dport 1 -j ACCEPT\nCOMMIT\n",
        "\(filter.dropFirst(7)):A -\n-A INPUT -m statistic --mode random --probability 0.5 -j A\n-A INPUT -p tcp --dport 1 -j ACCEPT\n-A A -p tcp --dport 1 -j ACCEPT\nCOMMIT\n",
    ]

    @Test("Each packet gets the computed verdict, by rules of iptables", arguments: restored)
    func verdictsOfExtensions(ruleset: String) throws {
        let trial = try RulesetTrial(ruleset, isRestored: true, interfaces: RandomRuleset.interfaces)
        let outcome = try trial.outcome(of: Self.packets)
        #expect(outcome.claims == 2 * Self.packets.count && outcome.wrong.isEmpty, "\(outcome.wrong.prefix(4))")
        #expect(outcome.unknown.isEmpty, "\(outcome.unknown)")
    }
}
