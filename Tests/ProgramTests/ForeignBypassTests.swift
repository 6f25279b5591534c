import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Ways round the ruleset", .privileged, .networkNamespace)
struct ForeignBypassTests {
    @Test(
        "Copies to loopback, helpers, untracked packets and filters of tc are named; other copies and counters are not")
    func found() throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write("version: 1\nservices: {}\n")
        try portreeve.shell(
            """
            ip link set lo up; ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up
            nft -f - <<'END'
            table ip a {
                counter c { }
                chain p {
                    type filter hook prerouting priority -150
                    tcp dport 1 dup to 192.0.2.1
                    tcp dport 2 counter name c
                    tcp dport 3 dup to 127.0.0.1
                }
            }
            table ip b {
                ct helper ftp { type "ftp" protocol tcp; };
                chain p { type filter hook prerouting priority 0; tcp dport 21 ct helper set "ftp"; };
            }
            table inet d { chain raw { type filter hook prerouting priority raw; udp dport 53 notrack; }; }
            END
            """)
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        let result = try portreeve("verify", policy, "--only", "ruleset")
        let bypasses = result.output.split(separator: "\n").filter { $0.hasSuffix("[foreign-bypass]") }
        #expect(bypasses.count == 3, "\(result)")
        #expect(
            result.output.contains("error: ip a copies packets to loopback, past the ruleset"), "\(result)")
        #expect(result.output.contains("warning: ip b sets a helper or an expectation"), "\(result)")
        #expect(result.output.contains("warning: inet d keeps packets from being tracked"), "\(result)")
        #expect(try portreeve("status", policy).output.hasPrefix("state: other tables change what the policy allows"))
        try portreeve.shell(
            "nft delete table ip a; nft delete table ip b; nft delete table inet d; tc qdisc add dev v0 clsact")
        let filtered = try portreeve("verify", policy, "--only", "ruleset").output
        #expect(
            filtered.contains("warning: interface v0 has filters of tc, which can take packets past"), "\(filtered)")
        #expect(!filtered.contains("v1"))
    }

    private func bypasses(_ portreeve: Portreeve, _ policy: String) throws -> [String] {
        try portreeve("verify", policy, "--only", "ruleset").output.split(separator: "\n").map(String.init)
            .filter { $0.hasSuffix("[foreign-bypass]") }
    }

    @Test("Targets of iptables that set helpers, stop tracking or copy to loopback are named, and maps of helpers")
    func targets() throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write("version: 1\nservices: {}\n")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        try portreeve.shell(
            """
            iptables-nft -t raw -A PREROUTING -p tcp --dport 21 -j CT --helper ftp
            ip6tables-nft -t raw -A PREROUTING -p udp --dport 53 -j CT --notrack
            iptables-nft -t mangle -A PREROUTING -p tcp --dport 5432 -j TEE --gateway 127.0.0.1
            iptables-nft -t mangle -A PREROUTING -p tcp --dport 5433 -j TEE --gateway 192.0.2.1
            nft -f - <<'END'
            table ip maps {
                ct helper ftp { type "ftp" protocol tcp; }
                counter c { }
                chain p {
                    type filter hook prerouting priority 0
                    ct helper set tcp dport map { 2121 : "ftp" }
                    counter name tcp dport map { 80 : "c" }
                }
            }
            END
            """)
        let found = try bypasses(portreeve, policy)
        #expect(found.count == 4, "\(found)")
        #expect(found.contains { $0.hasPrefix("warning: ip raw sets a helper or an expectation") }, "\(found)")
        #expect(found.contains { $0.hasPrefix("warning: ip6 raw keeps packets from being tracked") }, "\(found)")
        #expect(found.contains { $0.hasPrefix("error: ip mangle copies packets to loopback") }, "\(found)")
        #expect(found.contains { $0.hasPrefix("warning: ip maps sets a helper or an expectation") }, "\(found)")
    }

    @Test("A SYN proxy, which connects to the port by loopback, is named, however a rule says it")
    func proxies() throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write("version: 1\nservices: {}\n")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        try portreeve.shell(
            """
            iptables-nft -A INPUT -p tcp --dport 80 -m conntrack --ctstate UNTRACKED -j SYNPROXY --mss 1460
            nft -f - <<'END'
            table ip proxies {
                synproxy p { mss 1460; wscale 7; }
                chain a { type filter hook input priority -10; tcp dport 81 synproxy name "p"; }
                chain b { type filter hook input priority -10; synproxy name tcp dport map { 82 : "p" }; }
                chain c { type filter hook input priority -10; tcp dport 83 synproxy mss 1460 wscale 7; }
            }
            END
            """)
        let found = try bypasses(portreeve, policy)
        #expect(found.count == 4, "\(found)")
        let effect = " answers clients, and connects to their port over loopback, past the ruleset: "
        #expect(found.allSatisfy { $0.hasPrefix("error: ip ") && $0.contains(effect) }, "\(found)")
    }

    /// A program with a policy that is applied, beside an interface `v0` without programs.
    private func withInterface() throws -> (portreeve: Portreeve, policy: String) {
        let portreeve = try Portreeve()
        let policy = try portreeve.write("version: 1\nservices: {}\n")
        try portreeve.shell("ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        #expect(try bypasses(portreeve, policy) == [])
        return (portreeve, policy)
    }

    @Test("XDP programs are named by their interface, and an entry of \"accepted\" makes them notices")
    func expressDataPath() throws {
        let (portreeve, policy) = try withInterface()
        let programs = Programs(portreeve)
        try programs.attach(xdp: "v0")
        #expect(
            try bypasses(portreeve, policy) == [
                "warning: interface v0 has an XDP program, which can take packets past the ruleset; they are not understood [foreign-bypass]"
            ])
        let accepting = try portreeve.write(
            "version: 1\nservices: {}\naccepted:\n  - {finding: foreign-bypass, interface: v0, why: Load balancer}\n")
        #expect(try portreeve("apply", accepting, "--yes", "--quiet").status == 0)
        #expect(try portreeve("verify", accepting, "--only", "ruleset").status == 0)
    }

    @Test("Programs of tcx, which no queueing discipline shows, are named by their interface", arguments: [46, 47])
    func trafficControlExpress(type: Int) throws {
        let (portreeve, policy) = try withInterface()
        let programs = Programs(portreeve)
        try programs.attach(tcx: type, to: "v0")
        #expect(
            try bypasses(portreeve, policy) == [
                "warning: interface v0 has programs of tcx, which can take packets past the ruleset; they are not understood [foreign-bypass]"
            ])
    }

    @Test("Programs of cgroups are named where a socket listens for other hosts, and nowhere else")
    func cgroups() throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write("version: 1\nservices: {web: {ports: 80, from: any, why: x}}\n")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        let programs = Programs(portreeve)
        let name = "portreeve-\(UUID().uuidString).service"
        let cgroup = try programs.cgroup(name)
        try programs.attach(to: cgroup)
        func own() throws -> [String] { try bypasses(portreeve, policy).filter { $0.contains(name) } }
        #expect(try own() == [])
        let sockets = Sockets(portreeve)
        let entering = "sh -c 'echo 0 > \(cgroup)/cgroup.procs; exec /usr/bin/python3 \"$@\"' -"
        try sockets.open("tcp 127.0.0.1 81", executable: entering)
        #expect(try own() == [])
        try sockets.open("tcp 0.0.0.0 80", executable: entering)
        #expect(
            try own() == [
                "warning: cgroup \"/\(name)\" has BPF programs (test_ingress) that can drop packets of its listeners, whatever the "
                    + "policy allows; IPAddressAllow= and IPAddressDeny= of unit \(name) make such programs [foreign-bypass]",
                "notice: cgroup \"/\(name)\" has BPF programs (test_bind) that can change the addresses which its sockets bind to, "
                    + "connect to and see [foreign-bypass]",
            ])
        let accepting = try portreeve.write(
            "version: 1\nservices: {web: {ports: 80, from: any, why: x}}\n"
                + "accepted:\n  - {finding: foreign-bypass, unit: \(name), why: Meant}\n")
        #expect(try portreeve("apply", accepting, "--yes", "--quiet").status == 0)
        #expect(try portreeve("verify", accepting, "--only", "ruleset").status == 0)
        for process in sockets.processes {
            kill(process, SIGKILL)
            try portreeve.shell("while [ -e /proc/\(process)/fd/0 ]; do sleep 0.01; done")
        }
    }

    @Test("Programs of sk_lookup, which give a packet to the socket of another port, are named")
    func lookups() throws {
        let portreeve = try Portreeve()
        let policy = try portreeve.write("version: 1\nservices: {}\n")
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        let programs = Programs(portreeve)
        try programs.attachLookup()
        #expect(
            try bypasses(portreeve, policy) == [
                "warning: BPF programs of sk_lookup (test_lookup) choose the socket that gets a packet, whatever port it is for "
                    + "[foreign-bypass]"
            ])
        withExtendedLifetime(programs) {}
    }
}
