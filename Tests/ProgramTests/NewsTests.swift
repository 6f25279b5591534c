import Foundation
import Glibc
import TestSupport
import Testing

/// An hour beside fail2ban and a container engine in a few seconds: it takes them, since each round is a run of `verify`.
@Suite("verify --news beside programs that change their own rules", .privileged, .networkNamespace)
struct NewsTests {
    private let portreeve: Portreeve
    private let policy: String
    private let news: String
    private let proxy: String

    init() throws {
        portreeve = try Portreeve()
        policy = try portreeve.write(
            "version: 1\nservices:\n  ssh: {ports: 22, from: any, optional: true, why: Administration}\n")
        news = policy + ".news"
        proxy = (policy as NSString).deletingLastPathComponent + "/docker-proxy"
        try portreeve.shell(
            """
            ip link set lo up; ip addr add 10.9.0.1/24 dev lo
            cp "$(readlink -f /usr/bin/python3)" \(proxy)
            nft -f - <<'END'
            table inet f2b-table {
                set addr-set-sshd { type ipv4_addr; }
                chain f2b-chain { type filter hook input priority -1; tcp dport 22 ip saddr @addr-set-sshd reject; }
            }
            table ip filter {
                chain f2b-sshd { ip saddr 198.51.100.1 reject; return; }
                chain INPUT { type filter hook input priority 0; tcp dport 22 jump f2b-sshd; }
            }
            table ip nat {
                chain DOCKER { tcp dport 8080 dnat to 172.17.0.2:80; }
                chain PREROUTING { type nat hook prerouting priority dstnat; fib daddr type local jump DOCKER; }
            }
            END
            """)
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
    }

    /// The sockets of a container engine for one port, one process for each family.
    private func proxies() throws -> Sockets {
        let sockets = Sockets(portreeve)
        try sockets.open("tcp 0.0.0.0 8080", executable: proxy)
        try sockets.open("tcp :: 8080 v6only", executable: proxy)
        return sockets
    }

    /// The mail that cron would send.
    private func mail() throws -> String {
        let result = try portreeve("verify", policy, "--news", news)
        return result.output + result.errors
    }

    @Test("Bans, unbans and restarts of containers are no news; a back door is one")
    func hour() throws {
        var sockets = try proxies()
        let first = try mail()
        #expect(first.contains("[undeclared-published-port]") && !first.contains("[undeclared-listener]"), "\(first)")
        for round in 1...12 {
            var changes = ["nft add element inet f2b-table addr-set-sshd '{ 203.0.113.\(round) }'"]
            changes.append("nft insert rule ip filter f2b-sshd ip saddr 203.0.113.\(round) reject")
            if round % 3 == 0 { changes.append("nft flush set inet f2b-table addr-set-sshd") }
            if round % 4 == 0 {
                changes.append("nft flush chain ip nat DOCKER")
                changes.append("nft add rule ip nat DOCKER tcp dport 8080 dnat to 172.17.0.\(round):80")
                sockets = try proxies(replacing: sockets)
            }
            try portreeve.shell(changes.joined(separator: "\n"))
            #expect(try mail().isEmpty, "round \(round)")
        }
        #expect(try portreeve("verify", policy).output.contains("[foreign-override]"))
        try portreeve.shell("nft insert rule ip filter f2b-sshd ip saddr 203.0.0.0/16 reject")
        #expect(try mail().contains("verify: 1 new, 0 gone"))
        try portreeve.shell("nft insert rule inet portreeve input ip saddr 192.0.2.66 accept")
        let alarm = try mail()
        #expect(alarm.contains("`ip saddr 192.0.2.66 accept`") && alarm.contains("verify: 1 new, 0 gone"), "\(alarm)")
        #expect(try mail().isEmpty)
        try portreeve.shell("nft insert rule inet portreeve input ip saddr 192.0.2.67 accept")
        #expect(try mail().contains("verify: 1 new, 0 gone"))
    }

    private func proxies(replacing sockets: Sockets) throws -> Sockets {
        for process in sockets.processes {
            kill(process, SIGKILL)
            try portreeve.shell("while [ -e /proc/\(process)/fd/0 ]; do sleep 0.01; done")
        }
        return try proxies()
    }
}
