import Addressing
import Rulesets
import TestSupport
import Testing

@testable import Kernel

@Suite("Tables that nft loads are read and written back, so that nft lists the same", .privileged, .networkNamespace)
struct NftProgramTests {
    /// Bodies of tables, with their family; each shows a feature of nft's language.
    static let samples: [Sample] = [
        Sample("inet", "chain c { type filter hook input priority filter; policy drop; }"),
        Sample("inet", "comment \"a table\"; chain c { comment \"a chain\"; counter comment \"a rule\"; }"),
        Sample("inet", "flags dormant; chain c { type filter hook input priority -150; accept; }"),
        Sample("inet", "chain c { ct state vmap { established : accept, related : accept, invalid : drop }; }"),
        Sample("inet", "chain c { ct state established,related accept; ct status snat accept; ct mark set 7; }"),
        Sample(
            "inet",
            "chain c { tcp dport 1 ct original proto-dst 22 accept; ct reply ip saddr 10.0.0.1 drop; ct zone 1 accept; }"
        ),
        Sample(
            "inet",
            "chain c { ct direction original ct expiration 10s accept; ct original bytes > 1000 counter; ct label 3 drop; }"
        ),
        Sample(
            "inet", "chain c { iif lo accept; iifname \"eth*\" drop; oifname { eth0, wg0 } accept; iifgroup 3 drop; }"),
        Sample("inet", "chain c { meta mark set 0x10; meta mark and 0xff == 0x1 accept; meta priority set 7; }"),
        Sample(
            "inet", "chain c { meta skuid 1000 accept; meta cpu 0 drop; meta length > 1000 drop; meta nftrace set 1; }"),
        Sample("inet", "chain c { meta time < \"2027-01-31 00:00:00\" accept; meta hour \"08:00\"-\"17:00\" drop; }"),
        Sample("inet", "chain c { meta day { 0, 6 } drop; meta pkttype broadcast drop; }"),
        Sample(
            "inet", "chain c { ip saddr 10.0.0.0/8 tcp dport 22 accept; ip6 saddr fe80::/10 udp dport 546 accept; }"),
        Sample("inet", "chain c { ip saddr != { 10.0.0.0/8, 192.0.2.1-192.0.2.9, 255.255.255.0/24 } drop; }"),
        Sample("inet", "chain c { ip6 daddr { ::/1, ff00::/8 } drop; tcp dport { 22, 80-90, 65535 } accept; }"),
        Sample("inet", "chain c { ip saddr . tcp dport { 10.0.0.0/8 . 22, 192.0.2.1 . 80-90 } accept; }"),
        Sample("inet", "chain c { tcp dport vmap { 22 : jump d, 80-90 : goto d, * : drop }; } chain d { return; }"),
        Sample(
            "inet",
            "chain c { tcp flags syn / fin,syn,rst,ack tcp option maxseg size set rt mtu; tcp option sack-permitted exists drop; }"
        ),
        Sample(
            "inet",
            "chain c { ip dscp ef accept; ip dscp set cs1; ip ttl < 2 drop; ip frag-off & 0x1fff != 0 drop; ip6 flowlabel 7 drop; }"
        ),
        Sample(
            "inet",
            "chain c { exthdr frag exists drop; rt type 0 drop; ip option rr exists drop; ah spi 7 accept; sctp chunk data exists accept; }"
        ),
        Sample(
            "inet",
            "chain c { icmp type { echo-request, echo-reply } limit rate 10/second accept; icmpv6 type nd-router-advert accept; }"
        ),
        Sample(
            "inet",
            "chain c { limit rate over 10/minute burst 7 packets drop; limit rate 1 mbytes/second burst 2 mbytes accept; }"
        ),
        Sample("inet", "chain c { quota 25 mbytes accept; quota over 1 kbytes drop; ct count over 20 drop; counter; }"),
        Sample(
            "inet",
            "chain c { log; log prefix \"in: \" level info flags all; log group 3 snaplen 80 queue-threshold 2 prefix \"g\"; }"
        ),
        Sample(
            "inet",
            "chain c { reject; reject with tcp reset; reject with icmpx admin-prohibited; reject with icmp port-unreachable; reject with icmpv6 no-route; }"
        ),
        Sample(
            "inet",
            "chain c { fib saddr . iif oif missing drop; fib daddr type local accept; rt ip nexthop 10.0.0.1 drop; socket transparent 1 accept; }"
        ),
        Sample("inet", "chain c { notrack; numgen inc mod 2 == 0 accept; jhash ip saddr mod 4 == 1 drop; }"),
        Sample("inet", "chain c { jump { ip saddr 10.0.0.1 accept; drop; }; goto { return; }; }"),
        Sample(
            "inet",
            "chain c { type filter hook prerouting priority mangle; meta l4proto tcp tproxy to :8080; meta l4proto udp tproxy ip to 10.0.0.1:53; }"
        ),
        Sample(
            "inet",
            "chain c { type nat hook prerouting priority dstnat; tcp dport 80 dnat ip to 10.0.0.1:8080; tcp dport 81 redirect to :22; }"
        ),
        Sample(
            "ip",
            "chain c { type nat hook prerouting priority dstnat; dnat to tcp dport map { 80 : 10.0.0.1, 81 : 10.0.0.2 }; }"
        ),
        Sample(
            "ip",
            "chain c { type nat hook prerouting priority dstnat; meta l4proto tcp dnat to ip saddr map { 10.0.0.0/8 : 10.0.0.1 . 80, 11.0.0.0/8 : 10.0.0.2 . 90 }; }"
        ),
        Sample(
            "ip",
            "chain c { type nat hook postrouting priority srcnat; masquerade random,persistent; snat to 10.0.0.1-10.0.0.9; }"
        ),
        Sample(
            "ip6",
            "chain c { type nat hook postrouting priority srcnat; tcp dport 1 masquerade to :1024-65535; tcp dport 2 snat to [2001:db8::1]:80; }"
        ),
        Sample(
            "ip",
            "chain c { type route hook output priority mangle; meta mark set ct mark; ct mark set meta mark or 0x1; }"),
        Sample(
            "inet",
            "set s { type ipv4_addr; elements = { 10.0.0.1, 10.0.0.2 comment \"two\" } } chain c { ip saddr @s drop; }"),
        Sample(
            "inet",
            "set s { type ipv4_addr; flags interval; elements = { 0.0.0.0/8, 10.0.0.0-10.0.0.9, 10.0.0.10, 255.0.0.0/8 } }"
        ),
        Sample(
            "inet", "set s { type ipv6_addr; flags interval; auto-merge; elements = { ::/8, 2001:db8::/32, ff00::/8 } }"
        ),
        Sample(
            "inet",
            "set s { type ipv4_addr; flags interval; comment \"a set\"; elements = { 10.0.0.0/8 comment \"ten\", 11.0.0.0/8 } }"
        ),
        Sample(
            "inet", "set s { type ipv4_addr; flags timeout; timeout 1h; elements = { 10.0.0.1, 10.0.0.2 timeout 2h } }"),
        Sample(
            "inet", "set s { type ipv4_addr; flags interval,timeout; elements = { 10.0.0.0/8 timeout 2h, 11.0.0.0/8 } }"
        ),
        Sample(
            "inet",
            "set s { type ipv4_addr; size 65535; flags dynamic,timeout; timeout 2m; } chain c { add @s { ip saddr limit rate over 10/minute burst 20 packets } drop; }"
        ),
        Sample(
            "inet",
            "set s { type ipv4_addr; flags dynamic,timeout; counter; } chain c { update @s { ip saddr timeout 10s } ; add @s { ip daddr }; delete @s { ip saddr }; }"
        ),
        Sample(
            "inet",
            "set s { type ipv4_addr . inet_service; flags dynamic; } chain c { tcp dport 22 update @s { ip saddr . tcp sport counter limit rate 1/second } accept; }"
        ),
        Sample(
            "inet",
            "map m { type inet_service : verdict; flags interval; elements = { 22 : accept, 80-90 : jump c, 60000-65535 : drop } } chain c { } chain d { tcp dport vmap @m; }"
        ),
        Sample(
            "ip",
            "map m { type inet_service : ipv4_addr; flags interval; elements = { 8000-8049 : 10.0.0.7, 8050 : 10.0.0.8, 8051-65535 : 10.0.0.9 } }"
        ),
        Sample(
            "inet",
            "map m { type inet_proto . inet_service : verdict; elements = { tcp . 22 : goto c, udp . 53 : accept } } chain c { } chain d { meta l4proto . th dport vmap @m; }"
        ),
        Sample(
            "inet",
            "map m { type ipv4_addr . inet_service : mark; flags interval; elements = { 10.0.0.0/8 . 22-30 : 1, 11.0.0.1 . 80 : 2 } } chain d { meta mark set ip saddr . tcp dport map @m; }"
        ),
        Sample("inet", "map m { type ipv4_addr : ipv4_addr . inet_service; elements = { 10.0.0.1 : 10.0.0.2 . 80 } }"),
        Sample("inet", "set s { type inet_service; policy memory; gc-interval 10s; flags timeout; size 100; }"),
        Sample(
            "inet",
            "set s { type ifname; flags interval; elements = { \"eth*\", \"wg0\" } } chain c { iifname @s accept; }"),
        Sample(
            "inet",
            "set s { typeof ip saddr . tcp dport; flags interval; elements = { 10.0.0.0/8 . 22 } } set t { typeof meta mark; elements = { 7 } }"
        ),
        Sample("inet", "set s { type ether_addr . mark; } set t { type mark; flags interval; elements = { 1-7, 9 } }"),
        Sample(
            "inet",
            "set s { type ipv4_addr; counter; elements = { 10.0.0.1 counter packets 5 bytes 7, 10.0.0.2 } } chain c { ip saddr @s drop; }"
        ),
        Sample(
            "inet",
            "counter k { comment \"count\" } quota l { over 10 mbytes } limit m { rate 3/second } chain c { counter name k; quota name l; limit name m; }"
        ),
        Sample(
            "inet", "counter j { } counter k { } chain c { counter name tcp dport map { 22 : \"k\", 80 : \"j\" }; }"),
        Sample(
            "inet",
            "counter k { } map m { type inet_service : counter; elements = { 22 : \"k\" } } chain c { counter name tcp dport map @m; }"
        ),
        Sample(
            "inet",
            "ct timeout t { protocol tcp; l3proto ip; policy = { established: 120, close: 20 }; } chain c { ct timeout set \"t\"; }"
        ),
        Sample("inet", "ct helper h { type \"ftp\" protocol tcp; l3proto ip; } chain c { ct helper set \"h\"; }"),
        Sample(
            "inet",
            "ct expectation e { protocol tcp; dport 9876; timeout 60s; size 12; l3proto ip; } chain c { ct expectation set \"e\"; }"
        ),
        Sample(
            "inet",
            "synproxy y { mss 1460; wscale 7; timestamp sack-perm } chain c { type filter hook input priority 0; synproxy name \"y\"; synproxy mss 1400 wscale 5; }"
        ),
        Sample(
            "inet", "chain c { type filter hook ingress device lo priority 0; policy accept; ip saddr 10.0.0.1 drop; }"),
        Sample(
            "netdev",
            "chain c { type filter hook ingress device lo priority -500; policy accept; fwd to lo; dup to lo; }"),
        Sample("netdev", "chain c { type filter hook egress device lo priority 0; policy drop; vlan id 7 accept; }"),
        Sample(
            "bridge",
            "chain c { type filter hook input priority 0; ether saddr 02:00:00:00:00:01 drop; vlan id 7 accept; }"),
        Sample(
            "arp", "chain c { type filter hook input priority 0; arp operation request arp saddr ip 10.0.0.1 drop; }"),
        Sample("ip", "chain c { dup to 10.0.0.1 device lo; }"),
        Sample("ip", "chain c { osf name \"Linux\" accept; }"),
        Sample("ip", "chain c { ipsec in reqid 1 accept; }"),
        Sample("ip", "chain c { meter m { ip saddr limit rate 1/second } accept; }"),
        Sample(
            "inet",
            "chain c { @th,16,16 22 accept; @nh,8,8 set 7; @ll,0,8 & 0x1 == 0x1 drop; tcp sport set 7; udp checksum set 0; }"
        ),
        Sample(
            "inet",
            "chain c { ct mark set jhash ip saddr . ip daddr mod 2 seed 7; meta mark set meta mark << 8; meta mark set numgen random mod 8 offset 3; }"
        ),
    ]

    struct Sample: CustomTestStringConvertible, Sendable {
        let family: String
        let body: String

        init(_ family: String, _ body: String) {
            self.family = family
            self.body = body
        }

        /// The body with one object per line, as nft's grammar requires.
        var lines: String {
            let kinds = ["chain", "set", "map", "counter", "quota", "limit"]
            return kinds.reduce(body) { $0.replacing("} \($1) ", with: "}\n\($1) ") }
        }

        var testDescription: String { "\(family): \(body)" }

        var table: TableName {
            let families: [TableFamily] = [.inet, .ipv4, .ipv6, .arp, .bridge, .netdev]
            let family = families.first { $0.description == self.family }
            return TableName(family: family ?? .inet, name: "t")
        }
    }

    @Test("Read, deleted, written", arguments: samples)
    func rewriting(_ sample: Sample) throws {
        do { try NftProgram.load("table \(sample.table) {\n\(sample.lines)\n}") } catch {
            Issue.record("nft does not load: \(error)")
            return
        }
        let before = try NftProgram.list("\(sample.table)")
        let nftables = try Nftables()
        let table = try #require(try nftables.snapshot(of: sample.table).table)
        #expect(try table.loadedAndRead() == table)
        #expect(try NftProgram.list("\(sample.table)") == before)
    }

    @Test("A range of a map that has no end reaches up to the next one")
    func adjacentRanges() throws {
        try NftProgram.load(
            """
            table ip t {
              map m {
                type inet_service : verdict; flags interval;
                elements = { 80-89 : accept, 90 : drop, 91-99 : accept, 110-119 : drop }
              }
            }
            """)
        let table = try #require(try Nftables().snapshot(of: TableName(family: .ipv4, name: "t")).table)
        guard case .list(let elements)? = table.set("m")?.elements else {
            Issue.record("\(table.sets)")
            return
        }
        let ranges = elements.map { [$0.key, $0.upper ?? $0.key].map { UInt16(bigEndianBytes: $0) } }
        #expect(ranges == [[80, 89], [90, 90], [91, 99], [110, 119]])
    }
}
