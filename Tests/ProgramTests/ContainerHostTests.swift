import Foundation
import TestSupport
import Testing

/// Rulesets of container engines, without an engine: each command must say what real packets do.
@Suite("portreeve on hosts with containers", .privileged, .networkNamespace)
struct ContainerHostTests {
    private let portreeve: Portreeve
    private let policy: String

    /// A container's port that is published for every address.
    private static let published = """
        table ip nat { chain p { type nat hook prerouting priority dstnat; iifname != "docker0" tcp dport 8080 dnat to 172.17.0.2:80; }; }

        """

    init() throws {
        portreeve = try Portreeve()
        policy = try portreeve.write(
            "version: 1\nservices:\n  web: {ports: 8080/tcp, from: [198.51.100.10, 2001:db8::10], optional: true, why: x}\n"
        )
        try portreeve.shell(
            """
            ip link add eth0 type veth peer name far; ip link add docker0 type bridge
            for d in lo eth0 far docker0; do ip link set $d up; done
            ip addr add 198.51.100.1/24 dev eth0; ip addr add 172.17.0.1/16 dev docker0
            """)
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
            Self.published + """
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
            Self.published + """
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
            Self.published + """
                table ip filter { chain INPUT { type filter hook input priority filter; policy drop; tcp dport 22 accept; }; }
                """)
        try apply()
        #expect(!(try portreeve("verify", policy)).output.contains("override"))
    }

    /// Runs commands as on a host whose engines have these files: process 1 is in this network namespace.
    private func onHost(files: [String: String], _ commands: String) throws -> String {
        let writes = files.map { path, text in "mkdir -p $(dirname \(path)); cat > \(path) <<'END'\n\(text)\nEND\n" }
        let path = try portreeve.write("mount -t tmpfs none /var/lib\n\(writes.joined())\n\(commands)\n", to: "script")
        return try portreeve.shell("unshare --mount --pid --fork --mount-proc sh -e \(path)")
    }

    private static let id = String(repeating: "0123456789abcdef", count: 4)

    @Test("The container behind a published port is named, and a restart of it is no news")
    func names() throws {
        try NftProgram.load(Self.published.replacing("8080", with: "8081"))
        try apply()
        func config(_ address: String) -> String {
            #"{"Name":"/sh\u001b[31mop","State":{"Running":true},"NetworkSettings":{"Networks":{"bridge":{"IPAddress":"\#(address)"}}}}"#
        }
        let verify = "\(try Portreeve.executable) verify \(policy) --state-dir \(portreeve.stateDirectory)"
        let run = "\(verify) --only listeners"
        let explain = "\(try Portreeve.executable) explain 198.51.100.10 8081 \(policy)"
        let status = "\(try Portreeve.executable) status \(policy) --state-dir \(portreeve.stateDirectory)"
        let file = "/var/lib/docker/containers/\(Self.id)/config.v2.json"
        let news = "\(portreeve.stateDirectory)/news"
        let first = try onHost(
            files: [file: config("172.17.0.2")],
            """
            \(run) || true; \(run) --format json | grep -A4 '"container"'; \(explain) | grep listens; \(status) | grep 8081
            \(run) --news \(news) > /dev/null || true
            """)
        let name = #"container sh\x1b[31mop"#
        #expect(first.contains("(dnat ip to 172.17.0.2:80, \(name)) publishes tcp/8081"), "\(first)")
        let members = [
            #""container": {"#, #""id": "\#(Self.id)","#, #""name": "sh\u001b[31mop","#, #""engine": "docker""#,
        ]
        for member in members { #expect(first.contains(member), "\(first)") }
        #expect(first.contains("listens: \(name) at 172.17.0.2, to which it is redirected\n"), "\(first)")
        #expect(first.split(separator: "\n").contains { $0.hasPrefix("tcp/8081") && $0.contains(name) }, "\(first)")
        try NftProgram.run(["flush", "table", "ip", "nat"])
        try NftProgram.load(Self.published.replacing("8080", with: "8081").replacing("17.0.2", with: "17.0.3"))
        let second = try onHost(
            files: [file.replacing("0123", with: "4567"): config("172.17.0.3")],
            "\(run) --news \(news) || true; \(run) | grep -c 'container sh'")
        #expect(second == "1\n", "\(second)")
    }

    @Test("Containers that other hosts reach by their own addresses are named, one finding a bridge and family")
    func routed() throws {
        try portreeve.shell(
            """
            ip link add name inner type veth peer name v0; ip link set v0 master docker0 up; ip link set inner up
            echo 1 > /proc/sys/net/ipv4/ip_forward; ip neigh replace 172.17.0.2 lladdr 02:00:00:00:00:02 dev docker0 nud permanent
            """)
        try apply()
        let file = "/var/lib/docker/containers/\(Self.id)/config.v2.json"
        let config =
            #"{"Name":"/web","State":{"Running":true},"NetworkSettings":{"Networks":{"bridge":{"IPAddress":"172.17.0.2"}}}}"#
        let words = "\(policy) --state-dir \(portreeve.stateDirectory)"
        let found = try onHost(
            files: [file: config],
            """
            p=\(try Portreeve.executable); $p verify \(words) || true; $p status \(words)
            $p verify \(words) --format json | grep -v message || true
            """)
        let text =
            "other hosts reach the containers on docker0 by their own addresses, such as 172.17.0.2 (container web), on every port"
        #expect(found.components(separatedBy: "warning: \(text)").count == 3, "\(found)")
        #expect(
            found.contains(#""id": "routed-container","#) && found.contains(#""interface": "docker0","#), "\(found)")
        #expect(found.components(separatedBy: #""id": "routed-container""#).count == 2, "\(found)")
        // Behind a translation of the source only a neighbour with a route of its own reaches them.
        try NftProgram.load(
            "table ip out { chain p { type nat hook postrouting priority srcnat; ip saddr 172.17.0.0/16 masquerade; }; }"
        )
        #expect(try portreeve("verify", policy).status == 0)
        #expect(try portreeve("verify", policy).output.hasPrefix("notice: a neighbour with a route through this host"))
        let closed = try portreeve.write(
            "version: 1\ndefaults: {routed: refuse}\nservices:\n  web: {ports: 8080/tcp, from: any, optional: true, why: x}\n",
            to: "closed.yaml")
        #expect(try portreeve("apply", closed, "--yes", "--quiet").status == 0)
        #expect(try !portreeve("verify", closed).output.contains("routed-container"))
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
