import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Probes of a host in another network namespace", .privileged, .networkNamespace)
final class ProbeTests {
    private let portreeve: Portreeve
    private let policy: String
    private let host: Int32
    private var servers: [Int32] = []

    /// A host with sshd's port, a web server's and a name server's open, and a database behind the policy.
    init() throws {
        portreeve = try Portreeve()
        policy = try portreeve.write(
            """
            version: 1
            services:
              ssh: {ports: 22, from: 192.0.2.0/24, why: Admin}
              web: {ports: [80, 443], from: any, why: Site}
              dns: {ports: 53/udp, from: any, why: Names}
              db: {ports: 5432, from: 198.51.100.0/24, why: Database}
            """)
        host = try Self.start(portreeve, "unshare -n sleep 600", until: "ip netns identify $pid >/dev/null; sleep 0.2")
        try portreeve.shell(
            """
            ip link set lo up
            ip link add wire type veth peer name wire netns \(host)
            ip address add 192.0.2.2/24 dev wire; ip address add 2001:db8::2/64 dev wire nodad; ip link set wire up
            \(Self.inside(host)) sh -c '
                ip link set lo up; ip address add 192.0.2.1/24 dev wire
                ip address add 2001:db8::1/64 dev wire nodad; ip link set wire up'
            """)
        let script = """
            import socket, sys, time
            held = [socket.create_server(("", port), dualstack_ipv6=False) for port in (22, 80, 5432)]
            end = socket.socket(type=socket.SOCK_DGRAM)
            end.bind(("", 53))
            open(sys.argv[1], "w").write("ready")
            while True:
                data, peer = end.recvfrom(2048)
                end.sendto(data, peer)
            """
        let (file, ready) = (try portreeve.write(script, to: "server.py"), try portreeve.write("", to: "ready"))
        servers.append(
            try Self.start(
                portreeve, "\(Self.inside(host)) python3 '\(file)' '\(ready)'", until: "[ -s '\(ready)' ]"))
        try portreeve.shell("\(Self.inside(host)) \(Portreeve.executable) apply '\(policy)' --yes --quiet \(state)")
    }

    deinit { for process in servers + [host] { kill(process, SIGKILL) } }

    private static func inside(_ process: Int32) -> String { "nsenter --net=/proc/\(process)/ns/net" }

    private var state: String { "--state-dir '\(portreeve.stateDirectory)'" }

    private static func start(_ portreeve: Portreeve, _ command: String, until condition: String) throws -> Int32 {
        let output = try portreeve.shell(
            """
            \(command) < /dev/null > /dev/null 2>&1 & pid=$!
            for i in $(seq 400); do if \(condition); then echo $pid; exit 0; fi; sleep 0.02; done
            exit 1
            """)
        return try #require(Int32(output.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    private func onHost(_ commands: String) throws { try portreeve.shell("\(Self.inside(host)) \(commands)") }

    /// Runs a probe that waits a second; returns the verdicts by port.
    private func probe(
        _ target: String = "192.0.2.1", _ options: String..., status: Int32 = 0
    ) throws -> [String: String] {
        let result = try Program.run(
            [try Portreeve.executable, "probe", target, policy, "--timeout", "1s", "--format", "json"] + options)
        #expect(result.status == status, "\(result.errors)")
        let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        let results = json?["results"] as? [[String: Any]] ?? []
        return Dictionary(
            results.map { ("\($0["protocol"] ?? "")/\($0["port"] ?? "")", $0["verdict"] as? String ?? "") }
        ) { first, _ in first }
    }

    private func ofServices(_ verdicts: [String: String]) -> [String?] {
        ["tcp/22", "tcp/80", "tcp/443", "udp/53", "tcp/5432"].map { verdicts[$0] }
    }

    @Test("A host that is as its policy says")
    func asDeclared() throws {
        let verdicts = try probe()
        #expect(
            ofServices(verdicts) == ["as-declared", "as-declared", "not-proved", "as-declared", "as-declared"])
        #expect(verdicts["tcp/3306"] == "as-declared" && verdicts["udp/161"] == "not-proved")
        let text = try Program.run([try Portreeve.executable, "probe", "192.0.2.1", policy, "--timeout", "1s"])
        #expect(
            text.status == 0 && text.output.contains("tcp/443   web      open    reset   not-proved"), "\(text.output)")
    }

    @Test("What another table opens, closes or refuses is a contradiction")
    func contradictions() throws {
        try onHost("nft insert rule inet portreeve input tcp dport 5432 accept")
        try onHost("nft add table inet other")
        try onHost("nft 'add chain inet other in { type filter hook input priority -5; tcp dport 80 drop; }'")
        try onHost("nft add rule inet other in udp dport 53 reject with icmpx admin-prohibited")
        #expect(
            ofServices(try probe(status: 2)) == [
                "as-declared", "closed-though-open", "not-proved", "closed-though-open", "open-though-closed",
            ])
    }

    @Test("Without a port that answers nothing is proved, and the exit status says so")
    func unreachable() throws {
        #expect(Set(try probe("2001:db8::1", status: 1).values) == ["not-proved"])
        let refused = try Program.run([try Portreeve.executable, "probe", "2001:db8::1", policy, "--timeout", "1s"])
        #expect(
            refused.errors.contains("the host is up and refuses tcp/") && !refused.errors.contains("host is down"),
            "\(refused.errors)")
        try onHost("ip link set wire down")
        #expect(Set(try probe(status: 1).values) == ["not-proved"])
    }

    @Test("With --as the policy is asked about the address that the host sees")
    func translated() throws {
        let verdicts = try probe("192.0.2.1", "--as", "198.51.100.7", status: 2)
        #expect(verdicts["tcp/22"] == "open-though-closed" && verdicts["tcp/5432"] == "closed-though-open")
    }

    @Test("An own address, an unknown name, another family and a bad number are errors with a cure")
    func errors() throws {
        for (arguments, status, text) in [
            (["192.0.2.2"], Int32(1), "is an address of this host"),
            (["192.0.2.1", "--as", "::1"], 64, "belongs to the other address family"),
            (["192.0.2.1", "--rate", "0"], 64, "from 1 to 1000"),
            (["192.0.2.1", "--timeout", "2m"], 64, "from 1s to 60s"),
            (["192.0.2.1", "--port", "7/sctp"], 64, "only ports of TCP and UDP"),
            (["203.0.113.9"], 1, "there is no route"),
            (["192.0.2.1:22"], 64, "portreeve probe 192.0.2.1 \(policy) --port 22"),
        ] {
            let result = try Program.run(
                [try Portreeve.executable, "probe"] + arguments.prefix(1) + [policy] + arguments.dropFirst())
            #expect(result.status == status && result.errors.contains(text), "\(arguments): \(result.errors)")
        }
    }

    @Test(
        "An address that no host on the link has is unreachable, and no firewall is blamed",
        arguments: ["192.0.2.66", "2001:db8::66"])
    func absent(address: String) throws {
        let result = try Program.run([try Portreeve.executable, "probe", address, policy, "--timeout", "6s"])
        #expect(result.status == 1, "\(result)")
        #expect(
            result.output.contains(" unreachable  not-proved  nothing answers at this address on the link"), "\(result)"
        )
        #expect(
            result.errors.contains("no host answers at \(address) on the link, so it is down or has another address"),
            "\(result)")
        #expect(!result.output.contains("prohibited") && !result.errors.contains("firewall"), "\(result)")
    }

    @Test(
        "Of a refusal by ICMP the sender decides: the host refuses, a router knows no way, this host's own rules prove nothing"
    )
    func senders() throws {
        try onHost("nft add table inet other")
        try onHost("nft 'add chain inet other in { type filter hook input priority -5; }'")
        try onHost("nft add rule inet other in tcp dport 80 reject with icmp host-unreachable")
        #expect(try probe(status: 2)["tcp/80"] == "closed-though-open")
        try portreeve.shell("nft add table inet own")
        try portreeve.shell("nft 'add chain inet own out { type filter hook output priority 0; }'")
        try portreeve.shell("nft add rule inet own out tcp dport 5432 reject with icmp admin-prohibited")
        let own = try Program.run([try Portreeve.executable, "probe", "192.0.2.1", policy, "--timeout", "1s"])
        #expect(own.output.contains("not sent: a firewall of this host refuses it"), "\(own)")
        try portreeve.shell("ip route add 198.51.100.0/24 via 192.0.2.1")
        try onHost("sysctl -qw net.ipv4.ip_forward=1")
        let routed = try Program.run([try Portreeve.executable, "probe", "198.51.100.9", policy, "--timeout", "1s"])
        #expect(
            routed.status == 1 && routed.output.contains("192.0.2.1 says that it cannot reach the host"), "\(routed)")
    }
}
