import Rulesets
import TestSupport
import Testing

@testable import Kernel

@Suite("Rules in nft's notation", .privileged, .networkNamespace)
struct RuleListingTests {
    private static let name = TableName(family: .inet, name: "t")

    static let rules: [(loaded: String, printed: String)] = [
        ("iifname tailscale0* accept", "iifname \"tailscale0*\" accept"),
        ("iifname tailscale0 drop", "iifname \"tailscale0\" drop"),
        ("oifname != docker* accept", "oifname != \"docker*\" accept"),
        ("iif lo accept", "iif \"lo\" accept"),
        ("iif left0 accept", "iif \"left0\" accept"), ("oif != right0 drop", "oif != \"right0\" drop"),
        ("meta mark and 0x3 == 0x3 accept", "meta mark & 0x3 == 0x3 accept"),
        ("meta mark and 0xffff0000 != 0x40000 accept", "meta mark & 0xffff0000 != 0x40000 accept"),
        ("meta mark > 0x10 accept", "meta mark > 0x10 accept"),
        ("meta mark 0x10-0x20 drop", "meta mark 0x10-0x20 drop"),
        ("ct mark and 0x1 != 0 drop", "ct mark & 0x1 != 0x0 drop"),
        ("ip saddr and 255.0.255.0 == 10.0.1.0 drop", "ip saddr & 255.0.255.0 == 10.0.1.0 drop"),
        ("ip saddr 172.16.0.0/12 drop", "ip saddr 172.16.0.0/12 drop"),
        ("ip6 saddr fe80::/10 drop", "ip6 saddr fe80::/10 drop"),
        ("meta length > 1000 drop", "meta length > 1000 drop"), ("meta cpu 2 drop", "meta cpu 2 drop"),
        ("meta skuid 1000 accept", "meta skuid 1000 accept"), ("meta iifgroup 3 drop", "meta iifgroup 3 drop"),
        ("meta mark set 0x10", "meta mark set 0x10"), ("ct mark set meta mark", "ct mark set meta mark"),
        ("meta mark set ct mark and 0xff", "meta mark set ct mark & 0xff"), ("notrack", "notrack"),
        ("tcp dport 1000-2000 accept", "tcp dport 1000-2000 accept"),
    ]

    private func load(_ rule: String) throws -> Rule {
        let text = "table \(Self.name)\ndelete table \(Self.name)\ntable \(Self.name) { chain c { \(rule); }; }"
        try NftProgram.load(text)
        return try #require(try Nftables().snapshot(of: Self.name).table?.chain("c")?.rules.first)
    }

    @Test("A rule that nft loaded; nft loads the text to the same rule", arguments: rules)
    func printed(loaded: String, printed: String) throws {
        _ = try Program.run(["ip", "link", "add", "left0", "type", "veth", "peer", "name", "right0"])
        let rule = try load(loaded)
        #expect(rule.description == printed)
        #expect(try load(printed) == rule)
    }

    @Test("An expression that is not modelled has libnftnl's text")
    func bytecode() throws {
        #expect(try load("quota over 9 bytes drop").description == "[quota bytes 9 consumed 0 flags 1] drop")
        #expect(
            try load("meta mark set symhash mod 4").description
                == "meta mark set [hash reg 1 = symhash() % mod 4]")
        #expect(
            try load("tcp option sack-permitted exists accept").description
                == "[exthdr load tcpopt 1b @ 4 + 0 present => reg 1] 1 accept")
        #expect(try load("rt ip nexthop 10.0.0.1 drop").description == "[rt load nexthop4 => reg 1] 167772161 drop")
    }

    @Test("The elements of a set have the names of interfaces and libnftnl's text of their expressions")
    func elements() throws {
        _ = try Program.run(["ip", "link", "add", "left0", "type", "veth", "peer", "name", "right0"])
        try NftProgram.load(
            """
            table \(Self.name) {
              set in { type iface_index; elements = { lo, left0 }; }
              set pairs { type iface_index . inet_service; elements = { left0 . 22 }; }
              set metered { type ipv4_addr; quota over 9 bytes; elements = { 192.0.2.1 }; }
            }
            """)
        let table = try #require(try Nftables().snapshot(of: Self.name).table)
        let texts = table.sets.map { $0.elements.texts(of: $0.definition).sorted() }
        let expected = [
            ["\"left0\"", "\"lo\""], ["192.0.2.1 [quota bytes 9 consumed 0 flags 1]"], ["\"left0\" . 22"],
        ]
        #expect(texts.map(\.description).sorted() == expected.map(\.description).sorted())
    }
}
