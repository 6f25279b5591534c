import Foundation
import TestSupport
import Testing

/// What becomes of answers to refused packets, of their logging, of limits of pings, and of broadcasts.
@Suite("Import of refusals", .privileged, .networkNamespace)
struct ImportRefusalTests {
    private let portreeve: Portreeve

    init() throws {
        portreeve = try Portreeve()
        try portreeve.shell(
            """
            ip link set lo up
            ip link add eth1 type veth peer name far
            ip addr add 192.0.2.1/24 dev eth1
            ip addr add 2001:db8::1/64 dev eth1 nodad
            ip link set eth1 up
            ip link set far up
            """)
    }

    /// Rules that let in what portreeve lets in on every host, and SSH.
    private static let common = """
        ct state established,related accept
        iif lo accept
        ip6 saddr fe80::/10 udp dport 546 accept
        tcp dport 22 accept
        """

    /// Loads an input chain with these rules at its end, and imports it.
    private func imported(_ rules: String, pings: Bool = true) throws -> [String: Any] {
        let echoes = pings ? "meta l4proto { icmp, ipv6-icmp } accept" : ""
        try portreeve.load(
            """
            table inet filter {
              chain input {
                type filter hook input priority 0; policy drop;
                \(Self.common)
                \(echoes)
                \(rules)
              }
            }
            """)
        return try portreeve.json("import")
    }

    private func text(_ object: [String: Any]) throws -> String { try #require(object["policy"] as? String) }

    private func remarks(_ object: [String: Any]) throws -> [String] { try #require(object["remarks"] as? [String]) }

    /// The differences: kind, protocol and port, group, rule.
    private func lines(_ object: [String: Any]) throws -> Set<String> {
        let differences = try #require(object["differences"] as? [[String: Any]])
        return Set(
            differences.map {
                "\($0["kind"] ?? "") \($0["protocol"] ?? "")/\($0["port"] ?? "") \($0["group"] ?? "-"): \($0["rule"] ?? "")"
            })
    }

    @Test("Where every refusal has an answer, so has the policy's")
    func reject() throws {
        let object = try imported("meta l4proto tcp reject with tcp reset; reject with icmpx admin-prohibited")
        let (text, remarks) = (try text(object), try remarks(object))
        #expect(object["verdict"] as? String == "equal", "\(object["differences"] ?? "")")
        #expect(text.contains("defaults:\n  inbound: reject\n"), "\(text)")
        #expect(remarks.isEmpty, "\(remarks)")
    }

    @Test("Another answer than the policy's, and a refusal with one beside others without, are named")
    func otherAnswers() throws {
        let object = try imported("reject")
        #expect(try text(object).contains("  inbound: reject\n"))
        #expect(
            try remarks(object) == [
                "With the policy, refused TCP gets a reset, and the rest ICMP admin-prohibited. Other answers today: \"inet filter input: reject with icmpx port-unreachable\"."
            ])
        try portreeve.shell("nft flush ruleset")
        let one = try imported("tcp dport 113 reject with tcp reset")
        #expect(try !text(one).contains("inbound:"))
        #expect(
            try remarks(one) == [
                "113/tcp was refused with a reset; this policy drops it silently."
            ])
        #expect(try text(one).contains("# 113/tcp was refused with a reset; this policy drops it silently.\n"))
    }

    @Test("Another answer is named for every port of a rule")
    func otherAnswersOfPorts() throws {
        let object = try imported(
            """
            tcp dport { 113, 2323 } reject with tcp reset
            udp dport 135-139 reject
            meta l4proto { tcp, udp } th dport 9 reject with icmpx admin-prohibited
            """)
        #expect(
            try remarks(object) == [
                "113/tcp, 2323/tcp were refused with a reset; this policy drops them silently.",
                "135-139/udp were refused with an ICMP error; this policy drops them silently.",
                "9/tcp, 9/udp were refused with an ICMP error; this policy drops them silently.",
            ])
    }

    @Test("The log of refused packets becomes the policy's, of nft and of iptables")
    func log() throws {
        let object = try imported("limit rate 3/minute burst 10 packets log prefix \"blocked: \"")
        let written = try text(object)
        #expect(written.contains("defaults:\n  log: 3/minute\n"), "\(written)")
        #expect(
            try remarks(object) == [
                "Refused packets were logged with the prefix \"blocked: \"; the policy logs whatever it refuses, with the prefix \"portreeve refused\"."
            ])
        try portreeve.shell("nft flush ruleset")
        let group = try imported("log group 5")
        #expect(try text(group).contains("  log: {rate: 100/second, to: netlink, group: 5}\n"))
        try portreeve.shell(
            """
            nft flush ruleset
            iptables-nft-restore <<'EOF'
            *filter
            :INPUT DROP [0:0]
            -A INPUT -p tcp --dport 22 -j ACCEPT
            -A INPUT -m limit --limit 5/min -j LOG --log-prefix "[BLOCK] "
            COMMIT
            EOF
            """)
        #expect(try text(try portreeve.json("import")).contains("  log: 5/minute\n"))
    }

    @Test("A log of the connections to one port is that of its service, and no log of refusals")
    func serviceLog() throws {
        let object = try imported("tcp dport 443 log prefix \"https: \" accept; udp dport 443 accept")
        let text = try text(object)
        #expect(text.contains("    ports: 443/tcp\n    from: any\n    log: true\n"), "\(text)")
        #expect(text.contains("    ports: 443/udp\n    from: any\n    optional:"), "\(text)")
        #expect(!text.contains("\n  log:"), "\(text)")
        #expect(try remarks(object).isEmpty)
    }

    @Test(
        "A limit of pings is the same line in each of its forms",
        arguments: [
            "meta l4proto { icmp, ipv6-icmp } limit rate 4/second accept",
            "meta l4proto { icmp, ipv6-icmp } limit rate over 4/second drop; meta l4proto { icmp, ipv6-icmp } accept",
        ])
    func pings(rules: String) throws {
        let object = try imported(rules, pings: false)
        let text = try text(object)
        #expect(text.contains("\n  ping: 4/second\n"), "\(text)")
    }

    @Test("A limit of the pings of one source, which a policy cannot say, is a difference")
    func pingsOfOneSource() throws {
        let object = try imported(
            "ip protocol icmp meter pings { ip saddr limit rate over 4/second } drop; meta l4proto { icmp, ipv6-icmp } accept",
            pings: false)
        #expect(try !text(object).contains("ping: 4"))
        let differences = try #require(object["differences"] as? [[String: Any]])
        let reasons = differences.compactMap { $0["reason"] as? String }
        #expect(reasons.contains { $0.hasPrefix("the policy cannot express the limit of") }, "\(reasons)")
    }

    @Test("A drop of broadcasts is a difference where a port is open, by either test of them, and else is none")
    func broadcasts() throws {
        for test in ["fib daddr type broadcast drop", "meta pkttype broadcast drop"] {
            let object = try imported("\(test); udp dport 137 accept")
            let open = try lines(object)
            #expect(open == ["wider udp/137 255.255.255.255: inet filter input: \(test)"], "\(open)")
            try portreeve.shell("nft flush ruleset")
            let closed = try imported(test)
            #expect(closed["verdict"] as? String == "equal", "\(closed["differences"] ?? "")")
            try portreeve.shell("nft flush ruleset")
        }
    }

    @Test("A port that is open to one group is no difference for broadcasts")
    func group() throws {
        let object = try imported("fib daddr type broadcast drop; ip daddr 224.0.0.251 udp dport 5353 accept")
        #expect(object["verdict"] as? String == "equal", "\(object["differences"] ?? "")")
    }

    @Test("An answer to pings of one group that the policy answers is a difference")
    func pings() throws {
        let rule = "ip6 daddr ff02::1 icmpv6 type echo-request drop"
        let object = try imported("\(rule); meta l4proto { icmp, ipv6-icmp } accept", pings: false)
        let found = try lines(object)
        #expect(found.count == 1 && found.first?.hasSuffix(" ff02::1: inet filter input: \(rule)") == true, "\(found)")
    }

    @Test("A port that is open to broadcasts alone is a difference with its rule")
    func broadcastsAlone() throws {
        let object = try imported("fib daddr type { broadcast, multicast } udp dport 9 accept")
        let rule = "inet filter input: fib daddr type { broadcast, multicast } udp dport 9 accept"
        let found = try lines(object)
        #expect(
            found == [
                "narrower udp/9 255.255.255.255: \(rule)", "narrower udp/9 224.0.0.1: \(rule)",
                "narrower udp/9 ff02::1: \(rule)",
            ], "\(found)")
    }
}
