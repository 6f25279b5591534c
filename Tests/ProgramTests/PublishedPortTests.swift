import Foundation
import TestSupport
import Testing

@Suite("Published ports, with the rules of container engines", .privileged, .networkNamespace)
struct PublishedPortTests {
    private let portreeve: Portreeve
    private let policy: String

    init() throws {
        portreeve = try Portreeve()
        policy = try portreeve.write(
            """
            version: 1
            services:
              site: {ports: 8081, from: 0.0.0.0/0, why: Published and declared}
              range: {ports: [7005-7006, 70/udp], from: 0.0.0.0/0, optional: true, why: Its neighbours are published}
            """)
    }

    /// The undeclared published ports, each with its severity, and the unknown findings.
    private func findings(_ path: String? = nil) throws -> [String] {
        let result = try portreeve("verify", path ?? policy, "--only", "listeners", "--format", "json")
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        let findings = try #require(object?["findings"] as? [[String: Any]], "\(result.errors)")
        return findings.compactMap { finding in
            let port = finding["port"].map { "\($0)" } ?? "all"
            switch finding["id"] as? String {
            case "undeclared-published-port"?:
                return "\(finding["severity"] ?? "") \(finding["protocol"] ?? "any")/\(port) \(finding["table"] ?? "")"
            case "unknown"?: return "unknown \(finding["table"] ?? "")"
            default: return nil
            }
        }
    }

    /// The findings before the policy is applied and afterwards.
    private func check(_ expected: [String], unknown: [String] = []) throws {
        #expect(try findings() == expected.map { "error \($0)" } + unknown)
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        #expect(try findings() == expected.map { "warning \($0)" } + unknown)
    }

    /// Docker's rules with iptables-nft, for both families; a port published on loopback only is not a finding.
    static let docker = """
        nat() { $1 -t nat -N DOCKER
          $1 -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
          $1 -t nat -A OUTPUT ! -d $2 -m addrtype --dst-type LOCAL -j DOCKER
          $1 -t nat -A POSTROUTING -s $3 ! -o docker0 -j MASQUERADE
          $1 -t nat -A DOCKER -i docker0 -j RETURN; }
        nat iptables-nft 127.0.0.0/8 172.17.0.0/16
        nat ip6tables-nft ::1 fd00:17::/64
        for port in 8080 8081; do
          iptables-nft -t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport $port -j DNAT --to-destination 172.17.0.2:80
        done
        iptables-nft -t nat -A DOCKER ! -i docker0 -p udp -m udp --dport 5353 -j DNAT --to-destination 172.17.0.2:53
        ip6tables-nft -t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination '[fd00:17::2]:80'
        iptables-nft -t nat -A DOCKER -d 127.0.0.1/32 ! -i docker0 -p tcp -m tcp --dport 5432 -j DNAT --to-destination 172.17.0.3:5432
        ip6tables-nft -t nat -A DOCKER -d ::1/128 ! -i docker0 -p tcp -m tcp --dport 5432 -j DNAT --to-destination '[fd00:17::3]:5432'
        """

    @Test("Docker's rules with iptables-nft")
    func iptables() throws {
        try portreeve.shell(Self.docker)
        try check(["tcp/8080 ip nat", "udp/5353 ip nat"])
    }

    @Test("With published: ignore, a declared port is fine and an undeclared one is open")
    func ignored() throws {
        try portreeve.shell(Self.docker)
        let path = try portreeve.write(
            "version: 1\ndefaults: {published: ignore}\nservices: {site: {ports: 8081, from: any, why: x}}",
            to: "b.yaml")
        #expect(try portreeve("apply", path, "--yes", "--quiet").status == 0)
        #expect(try findings(path) == ["error tcp/8080 ip nat", "error udp/5353 ip nat"])
    }

    @Test("Lists and ranges of ports, and redirections to this host, with iptables-nft")
    func multiport() throws {
        try portreeve.shell(
            """
            iptables-nft -t nat -A PREROUTING -p tcp -m multiport --dports 81,90:99,7005 -j DNAT --to-destination 172.17.0.2
            iptables-nft -t nat -A PREROUTING -p udp --dport 60:80 -j REDIRECT --to-ports 5353
            iptables-nft -t nat -A PREROUTING -p tcp -m comment --comment 'a note' --dport 8000 -j DNAT --to-destination 10.0.0.1-10.0.0.9:80
            """)
        try check([
            "tcp/81 ip nat", "tcp/90-99 ip nat", "tcp/8000 ip nat", "udp/60-69 ip nat", "udp/71-80 ip nat",
        ])
    }

    @Test("Docker's nf_tables rules, and netavark's")
    func engines() throws {
        try NftProgram.load(
            """
            table ip docker-bridges {
                chain nat-prerouting-and-output {
                    iifname != "docker0" tcp dport 8080 counter dnat to 172.17.0.2:80 comment "DNAT"
                    iifname != "docker0" tcp dport 8081 counter dnat to 172.17.0.2:81 comment "DNAT"
                }
                chain nat-prerouting {
                    type nat hook prerouting priority dstnat; policy accept;
                    fib daddr type local counter jump nat-prerouting-and-output
                }
                chain nat-output {
                    type nat hook output priority -100; policy accept;
                    ip daddr != 127.0.0.0/8 fib daddr type local counter jump nat-prerouting-and-output
                }
            }
            table inet netavark {
                chain NETAVARK-HOSTPORT-SETMARK { 
                    meta mark set meta mark | 0x00002000
                }
                chain nv_2f259bab_10_88_0_0_nm16_dnat { 
                    ip saddr 10.88.0.0/16 tcp dport 5000 jump NETAVARK-HOSTPORT-SETMARK
                    ip saddr 127.0.0.1 tcp dport 5000 jump NETAVARK-HOSTPORT-SETMARK
                    tcp dport 5000 dnat ip to 10.88.0.2:80
                }
                chain NETAVARK-HOSTPORT-DNAT {
                    tcp dport 5000 jump nv_2f259bab_10_88_0_0_nm16_dnat
                }
                chain PREROUTING {
                    type nat hook prerouting priority dstnat; policy accept;
                    fib daddr type local jump NETAVARK-HOSTPORT-DNAT
                }
            }
            """)
        try check(["tcp/5000 inet netavark", "tcp/8080 ip docker-bridges"])
    }

    @Test("Maps and verdict maps, ranges, and ports whose digits contain other ports")
    func maps() throws {
        try NftProgram.load(
            """
            table ip lb {
                map targets { type inet_service : ipv4_addr . inet_service; elements = { 7001 : 10.0.0.1 . 80, 70 : 10.0.0.2 . 81 } }
                map ports { type inet_proto . inet_service : verdict; }
                chain onward { 
                    dnat to 10.0.0.9
                }
                chain prerouting {
                    type nat hook prerouting priority dstnat;
                    meta l4proto . th dport vmap @ports
                    dnat ip to tcp dport map @targets
                    tcp dport 7004-7007 dnat to 10.1.1.1
                    udp dport { 7000, 70 } dnat to numgen random mod 2 map { 0 : 10.1.1.1, 1 : 10.1.1.2 }
                }
            }
            add element ip lb ports { tcp . 700 : goto onward, udp . 7 : goto onward }
            """)
        try check([
            "tcp/70 ip lb", "tcp/700 ip lb", "tcp/7001 ip lb", "tcp/7004 ip lb", "tcp/7007 ip lb", "udp/7 ip lb",
            "udp/7000 ip lb",
        ])
    }

    @Test("A rule that redirects every port of an address is one finding")
    func wholesale() throws {
        try NftProgram.load(
            """
            table ip alias {
                chain prerouting { 
                    type nat hook prerouting priority dstnat;
                    ip daddr 203.0.113.5 dnat to 10.2.2.2
                }
            }
            """)
        try check(["any/all ip alias"])
    }

    @Test("Rules that are not understood are reported as unknown")
    func unknown() throws {
        try portreeve.shell("iptables-nft -t mangle -A PREROUTING -p tcp --dport 9000:9010 -j TPROXY --on-port 1")
        try check([], unknown: ["unknown ip mangle"])
    }

    @Test("Redirected outgoing traffic and source translation publish nothing")
    func others() throws {
        try NftProgram.load(
            """
            table ip proxy {
                chain output { 
                    type nat hook output priority -100;
                    tcp dport 80 redirect to :3128
                }
                chain postrouting { 
                    type nat hook postrouting priority srcnat;
                    oifname "eth0" masquerade
                }
                chain prerouting { 
                    type nat hook prerouting priority dstnat;
                    iifname "lo" tcp dport 8443 redirect to :443
                }
            }
            """)
        try check([])
    }
}
