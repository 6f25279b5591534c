import Foundation
import TestSupport
import Testing

/// Rulesets of container engines, without an engine: each command must say what real packets do.
@Suite("portreeve on hosts with containers", .privileged, .networkNamespace)
struct ContainerHostTests {
    private let portreeve: Portreeve
    private let policy: String

    init() throws {
        portreeve = try Portreeve.onContainerHost()
        policy = try portreeve.writePublishedPolicy()
    }

    private func apply() throws {
        let result = try portreeve("apply", policy, "--yes", "--quiet")
        #expect(result.status == 0, "\(result.errors)")
    }

    /// The first line of `explain`.
    private func explain(_ arguments: String...) throws -> String {
        let result = try portreeve(["explain", "198.51.100.10", "8080", policy] + arguments)
        return String(result.output.split(separator: "\n").first ?? "")
    }

    private func expectInSync() throws {
        let result = try portreeve("verify", policy)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    @Test("A plain Docker host, whose forward chain drops what it does not know")
    func docker() throws {
        try NftProgram.load(
            Portreeve.publishedPort + """
                table ip filter {
                    chain DOCKER { iifname != "docker0" oifname "docker0" ip daddr 172.17.0.2 tcp dport 80 accept; }
                    chain FORWARD {
                        type filter hook forward priority filter; policy drop;
                        oifname "docker0" ct state related,established accept
                        oifname "docker0" jump DOCKER
                    }
                }
                """)
        try apply()
        try expectInSync()
        #expect(try explain("--interface", "eth0").hasPrefix("accept: "))
        #expect(try explain().hasPrefix("accept: "))
        // Without a route to the container the answer is not known.
        try portreeve.shell("ip addr flush dev docker0")
        #expect(try explain().hasPrefix("unknown: "))
    }

    @Test("A network without a way out, whose containers no source of the policy is")
    func internalNetwork() throws {
        try NftProgram.load(
            Portreeve.publishedPort + """
                table ip filter { chain FORWARD { type filter hook forward priority filter; iifname "br-int" ip daddr != 172.18.0.0/16 drop; }; }
                """)
        try apply()
        try expectInSync()
    }

    @Test("A port that is published on one address leaves other ports alone")
    func oneAddress() throws {
        try NftProgram.load(
            """
            table ip nat { chain p {
                type nat hook prerouting priority dstnat
                ip daddr 198.51.100.1 tcp dport 9100 dnat to 172.17.0.4:80
                tcp dport 8080 dnat to 172.17.0.2:80
            }; }
            """)
        try apply()
        let result = try portreeve("verify", policy)
        #expect(result.output.contains("tcp/9100") && !result.output.contains("8080"), "\(result.output)")
        #expect(try explain().hasPrefix("accept: "))
    }

    @Test("A port that is published on one address is open there only")
    func oneAddressOpen() throws {
        try NftProgram.load(
            """
            table ip nat { chain p { type nat hook prerouting priority dstnat; ip daddr 198.51.100.1 tcp dport 8080 dnat to 172.17.0.2:80; }; }
            table ip filter { chain i { type filter hook input priority filter; tcp dport 8080 drop; }; }
            """)
        try apply()
        #expect(try explain().contains(" at 198.51.100.1 only"))
        #expect(try explain("--address", "198.51.100.1").hasPrefix("accept: "))
        #expect(try explain("--address", "172.17.0.1").hasPrefix("refuse: "))
    }

    @Test("Without a table of portreeve's no grant lets a source in")
    func grant() throws {
        let result = try portreeve("explain", "198.51.100.66", "8080", policy, "--kernel")
        #expect(result.output.hasPrefix("accept: ") && !result.output.contains("grant"), "\(result.output)")
        #expect(!result.output.contains("service"))
    }

    @Test("What iptables-legacy may drop is not known to be open, and plan names it")
    func legacy() throws {
        try apply()
        let script =
            "XTABLES_LOCKFILE=\(portreeve.stateDirectory)/lock iptables-legacy -A INPUT -s 198.51.100.10 -j DROP"
        // Kernels without iptables-legacy have nothing to test.
        guard try Program.run(["iptables-legacy", "-L", "-n"]).status == 0 else { return }
        try portreeve.shell(script)
        #expect(try explain().hasPrefix("unknown: "))
        // What portreeve refuses stays refused.
        let other = try portreeve("explain", "198.51.100.66", "8080", policy)
        #expect(other.output.hasPrefix("refuse: "), "\(other.output)")
        let inSync = try portreeve("plan", policy)
        #expect(
            inSync.output.hasPrefix("in sync: nothing to do\n! iptables-legacy has a table \"filter\""),
            "\(inSync.output)")
        let status = try portreeve("status", policy)
        #expect(status.output.contains("\nwarning: iptables-legacy has a table \"filter\""), "\(status.output)")
        #expect(status.output.contains("  2001:db8::10, perhaps more  "), "\(status.output)")
        let changed = try portreeve.write("version: 1\nservices: {}\n", to: "changed.yaml")
        let plan = try portreeve("plan", changed)
        #expect(plan.output.contains("iptables-legacy has a table \"filter\""), "\(plan.output)")
        let verify = try portreeve("verify", policy)
        #expect(
            verify.output.split(separator: "\n").filter { $0.contains("iptables-legacy") }.count == 1,
            "\(verify.output)")
        // Rules that only forwarded packets meet do not concern a port of this host.
        try portreeve.shell("XTABLES_LOCKFILE=\(portreeve.stateDirectory)/lock iptables-legacy -F INPUT")
        try portreeve.shell("XTABLES_LOCKFILE=\(portreeve.stateDirectory)/lock iptables-legacy -A FORWARD -j DROP")
        #expect(try explain().hasPrefix("accept: "))
    }

    @Test("Docker's own tables of nf_tables")
    func native() throws {
        try NftProgram.load(
            """
            table ip docker-bridges {
                map forward-in { type ifname : verdict; elements = { "docker0" : jump in-docker0, "br-app" : jump in-app }; }
                map forward-out { type ifname : verdict; elements = { "docker0" : jump out-docker0 }; }
                chain filter-FORWARD { type filter hook forward priority filter; oifname vmap @forward-in; iifname vmap @forward-out; }
                chain nat-PREROUTING { type nat hook prerouting priority dstnat; fib daddr type local counter jump publish; }
                chain publish { iifname != "docker0" tcp dport 8080 counter dnat to 172.17.0.2:80 comment "DNAT"; }
                chain raw-PREROUTING { type filter hook prerouting priority raw; ip daddr 172.17.0.2 iifname != "docker0" counter drop; }
                chain in-docker0 {
                    ct state established,related counter accept
                    iifname "docker0" counter accept comment "ICC"
                    ip daddr 172.17.0.2 tcp dport 80 counter accept
                    counter drop comment "UNPUBLISHED PORT DROP"
                }
                chain in-app { iifname "br-app" counter accept; counter drop; }
                chain out-docker0 { ct state established,related counter accept; counter accept comment "OUTGOING"; }
            }
            """)
        try apply()
        try expectInSync()
        #expect(try explain("--interface", "eth0").hasPrefix("accept: "))
    }

    @Test("podman's own table of nf_tables")
    func netavark() throws {
        try NftProgram.load(
            """
            table inet netavark {
                chain NETAVARK-ISOLATION-2 { oifname "podman1" drop; }
                chain NETAVARK-ISOLATION-3 { oifname "docker0" drop; jump NETAVARK-ISOLATION-2; }
                chain NETAVARK-ISOLATION-1 {
                    iifname "podman1" oifname != "podman1" jump NETAVARK-ISOLATION-2
                    iifname "docker0" oifname != "docker0" jump NETAVARK-ISOLATION-3
                }
                chain NETAVARK-HOSTPORT-SETMARK { meta mark set meta mark | 0x2000; }
                chain nv_dnat {
                    ip saddr 172.17.0.0/16 tcp dport 8080 jump NETAVARK-HOSTPORT-SETMARK
                    ip saddr 127.0.0.1 tcp dport 8080 jump NETAVARK-HOSTPORT-SETMARK
                    tcp dport 8080 dnat ip to 172.17.0.2:80
                }
                chain nv { ip daddr 172.17.0.0/16 accept; ip daddr != 224.0.0.0/4 masquerade; }
                chain NETAVARK-HOSTPORT-DNAT { tcp dport 8080 jump nv_dnat; }
                chain FORWARD {
                    type filter hook forward priority filter
                    ct state invalid drop
                    jump NETAVARK-ISOLATION-1
                    ip daddr 172.17.0.0/16 ct state established,related accept
                    ip saddr 172.17.0.0/16 accept
                }
                chain PREROUTING { type nat hook prerouting priority dstnat; fib daddr type local jump NETAVARK-HOSTPORT-DNAT; }
                chain POSTROUTING {
                    type nat hook postrouting priority srcnat
                    meta mark & 0x2000 == 0x2000 masquerade
                    ip saddr 172.17.0.0/16 jump nv
                }
            }
            """)
        try apply()
        try expectInSync()
        #expect(try explain().hasPrefix("accept: "))
        #expect(try portreeve("explain", "198.51.100.66", "8080", policy).output.hasPrefix("refuse: "))
    }

    @Test("An input chain that drops does not concern a published port")
    func inputDrops() throws {
        try NftProgram.load(
            Portreeve.publishedPort + """
                table ip filter { chain INPUT { type filter hook input priority filter; policy drop; tcp dport 22 accept; }; }
                """)
        try apply()
        #expect(!(try portreeve("verify", policy)).output.contains("override"))
    }

    @Test("What a table redirects at addresses that are not this host's is a notice, and left alone")
    func elsewhere() throws {
        try NftProgram.load(
            """
            table ip kube-proxy {
                chain services { type nat hook prerouting priority dstnat; ip daddr 10.96.0.1 tcp dport 443 jump api; ip daddr 198.51.100.1 tcp dport 8080 jump api; }
                chain api { meta l4proto tcp dnat to 10.244.0.5:6443; }
            }
            table ip maps {
                map ips { type ipv4_addr . inet_proto . inet_service : verdict; elements = { 10.96.0.10 . udp . 53 : goto dns }; }
                chain services { type nat hook prerouting priority dstnat; ip daddr . meta l4proto . th dport vmap @ips; }
                chain dns { meta l4proto udp dnat to 10.244.0.6:53; }
            }
            """)
        try apply()
        let result = try portreeve("verify", policy)
        #expect(result.status == 0)
        func line(_ table: String, _ example: String) -> String {
            "notice: table ip \(table) redirects connections to addresses that are not this host's, such as \(example): "
                + "no service decides on them [foreign-override]\n"
        }
        #expect(
            result.output == line("kube-proxy", "tcp/443 at 10.96.0.1 (to 10.244.0.5)")
                + line("maps", "udp/53 at 10.96.0.10 (to 10.244.0.6)") + "verify: 2 notices\n")
    }

    @Test("A plan that no longer enforces published ports names who gains which")
    func ignored() throws {
        try NftProgram.load(
            "table ip nat { chain p { type nat hook prerouting priority dstnat; tcp dport { 8080, 9000 } dnat to 172.17.0.2; }; }"
        )
        try apply()
        let ignoring = try portreeve.write(
            """
            version: 1
            defaults: {published: ignore}
            services:
              web: {ports: 8080/tcp, from: [198.51.100.10, 2001:db8::10], optional: true, why: x}

            """, to: "ignoring.yaml")
        func lines(_ policy: String, _ sign: String) throws -> [String] {
            try portreeve("plan", policy).output.split(separator: "\n").map(String.init).filter {
                $0.hasPrefix("\(sign) any") || $0.hasPrefix("\(sign) tcp")
            }
        }
        #expect(
            try lines(ignoring, "+") == [
                "+ any IPv4 address but 198.51.100.10 gains access to tcp/8080 (web)",
                "+ any IPv4 address gains access to tcp/9000 (no service)",
            ])
        #expect(try portreeve("apply", ignoring, "--yes", "--quiet").status == 0)
        #expect(
            try lines(policy, "-") == [
                "- any IPv4 address but 198.51.100.10 loses access to tcp/8080 (web)",
                "- tcp/9000 (no service) closes to every IPv4 address",
            ])
    }
}
