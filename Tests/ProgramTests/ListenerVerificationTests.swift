import Foundation
import TestSupport
import Testing

@Suite("verify --only listeners, with real sockets", .privileged, .networkNamespace)
struct ListenerVerificationTests {
    private let portreeve: Portreeve
    private let sockets: Sockets
    /// The executable of the interpreter that holds the sockets, as in /proc.
    private let python: String

    init() throws {
        portreeve = try Portreeve()
        sockets = Sockets(portreeve)
        python = try portreeve.shell("readlink -f /usr/bin/python3").trimmingCharacters(in: .newlines)
        try portreeve.shell("ip link set lo up; ip addr add 10.9.0.1/24 dev lo")
    }

    private func policy(_ services: String...) throws -> String {
        let path = try portreeve.write(
            "version: 1\nservices:\n" + services.map { "  \($0)\n" }.joined(), to: "policy-\(UUID().uuidString).yaml")
        #expect(try portreeve("apply", path, "--yes", "--quiet").status == 0)
        return path
    }

    /// The findings, each as `severity id protocol/port address service`.
    private func findings(_ policy: String, prefix: [String] = []) throws -> [String] {
        let result = try portreeve(
            "verify", policy, "--only", "listeners", "--format", "json", "--allow-insecure-permissions", prefix: prefix)
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        let findings = try #require(object?["findings"] as? [[String: Any]], "\(result.output)\(result.errors)")
        #expect(result.status == (findings.contains { $0["severity"] as? String != "notice" } ? 2 : 0))
        return findings.map { finding in
            let port = finding["port"].map { " \(finding["protocol"] ?? "")/\($0)" } ?? ""
            let rest = ["address", "service"].compactMap { finding[$0] }.map { " \($0)" }.joined()
            return "\(finding["severity"] ?? "") \(finding["id"] ?? "")\(port)\(rest)"
        }.sorted()
    }

    @Test("Ports whose digits contain other ports, the other protocol, the edge of a range")
    func ports() throws {
        let policy = try policy(
            "a: {ports: [22, 25, 53/udp, 65535], from: any, why: x}", "b: {ports: 8000-8100, from: any, why: x}")
        try sockets.open("tcp :: 22\ntcp :: 25\nudp :: 53\ntcp :: 65535\ntcp :: 8100")
        #expect(try findings(policy).isEmpty)
        try sockets.open("tcp :: 2222\ntcp :: 25565\ntcp :: 53\nudp :: 22\ntcp :: 7999\ntcp :: 8101\ntcp :: 5535")
        #expect(
            try findings(policy)
                == [
                    "warning undeclared-listener tcp/2222 ::", "warning undeclared-listener tcp/25565 ::",
                    "warning undeclared-listener tcp/53 ::", "warning undeclared-listener tcp/5535 ::",
                    "warning undeclared-listener tcp/7999 ::", "warning undeclared-listener tcp/8101 ::",
                    "warning undeclared-listener udp/22 ::",
                ].sorted())
    }

    @Test("Families: dual stack counts for both, IPv4-mapped for IPv4, v6-only and IPv4 for one; loopback for none")
    func families() throws {
        let names = ["dual", "mapped", "six", "four", "alias", "loop"]
        let policy = try policy(
            names.enumerated().map { "\($1): {ports: \(100 + $0), from: any, why: x}" }.joined(separator: "\n  "))
        try sockets.open(
            """
            tcp :: 100
            tcp ::ffff:10.9.0.1 101
            tcp :: 102 v6only
            tcp 0.0.0.0 103
            tcp 127.0.0.53 104
            tcp ::1 105
            tcp 127.0.0.1 9999
            """)
        #expect(
            try findings(policy) == [
                "warning loopback-only tcp/104 alias", "warning loopback-only tcp/105 loop",
                "warning wrong-family tcp/101 mapped", "warning wrong-family tcp/102 six",
                "warning wrong-family tcp/103 four",
            ])
    }

    @Test("Datagram sockets: connected ones are not listeners, clients are notices, the others are listeners")
    func datagrams() throws {
        let policy = try policy("dns: {ports: 53/udp, from: any, why: x}")
        try sockets.open(
            "udp :: 53\nudp 0.0.0.0 0\nudp 10.9.0.1 40001 to 10.9.0.1 53\nudp 0.0.0.0 514\nudp 10.9.0.1 50000")
        let found = try findings(policy)
        #expect(found.filter { $0.hasPrefix("notice undeclared-listener udp/") }.count == 2)
        #expect(found.filter { !$0.hasPrefix("notice") } == ["warning undeclared-listener udp/514 0.0.0.0"])
        #expect(!found.joined().contains("40001"))
    }

    @Test("Another program on a shared port is found, and related processes are not")
    func shared() throws {
        let name = String(python.split(separator: "/").last ?? "")
        let policy = try policy("web: {ports: 80, from: any, process: \(name), why: x}")
        try sockets.open("tcp :: 80 reuse")
        try sockets.open("tcp :: 80 reuse\ntcp 127.0.0.1 81 fork")
        #expect(try findings(policy).isEmpty)
        let stranger = try portreeve.write("", to: "stranger")
        try portreeve.shell("cp \(python) \(stranger); chmod 755 \(stranger)")
        try sockets.open("tcp :: 80 reuse", executable: stranger)
        #expect(try findings(policy) == ["error wrong-process tcp/80 :: web", "warning shared-port tcp/80 :: web"])
    }

    @Test("The executable's path counts, not the name that a process gives itself")
    func executable() throws {
        let policy = try policy("ssh: {ports: 22, from: any, process: /usr/sbin/sshd, user: root, why: x}")
        try sockets.open("tcp :: 22", executable: "bash -c 'exec -a /usr/sbin/sshd \(python) \"$0\"'")
        #expect(try findings(policy) == ["error wrong-process tcp/22 :: ssh"])
    }

    @Test("Before the policy is applied an undeclared listener is an error")
    func exposed() throws {
        let path = try portreeve.write("version: 1\nservices: {}", to: "empty.yaml")
        try sockets.open("tcp :: 22")
        #expect(try findings(path) == ["error undeclared-listener tcp/22 ::"])
        try NftProgram.load("table inet f { chain i { type filter hook input priority 0; tcp dport 22 drop; }; }")
        #expect(try findings(path) == ["warning undeclared-listener tcp/22 ::"])
    }

    @Test("An ordinary user sees the same sockets, and that their processes are unknown")
    func unprivileged() throws {
        let policy = try policy("ssh: {ports: 22, from: any, process: sshd, unit: ssh.service, user: root, why: x}")
        try portreeve.shell("chmod 755 $(dirname \(policy))")
        try sockets.open("tcp :: 22\ntcp :: 2222")
        let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all"]
        #expect(
            try findings(policy, prefix: nobody) == [
                "error undeclared-listener tcp/2222 ::", "warning unknown", "warning unknown",
            ])
        #expect(
            try findings(policy) == [
                "error wrong-process tcp/22 :: ssh", "error wrong-unit tcp/22 :: ssh",
                "warning undeclared-listener tcp/2222 ::",
            ])
    }

    @Test("Another network namespace has its own sockets, and its processes are found from here")
    func namespace() throws {
        let policy = try policy("here: {ports: 80, from: any, why: x}")
        try sockets.open("tcp :: 80")
        try sockets.open("tcp :: 8080", executable: "unshare -n /usr/bin/python3")
        #expect(try findings(policy).isEmpty)
        let path = "/proc/\(sockets.processes[1])/ns/net"
        let result = try portreeve("verify", policy, "--only", "listeners", "--netns", path)
        #expect(result.output.contains("(pid \(sockets.processes[1]), \(python) /"))
        #expect(result.output.contains("listens on tcp/8080 (::), which is not in the policy; reachable"))
        #expect(result.output.contains("service \"here\" is open on tcp/80, and nothing listens"))
    }

    @Test("A process that ends during the scan is not an error, and its sockets are never reported as fine")
    func vanishing() throws {
        let policy = try policy("web: {ports: 80, from: any, optional: true, why: x}")
        let script = try portreeve.write(
            """
            import socket, sys, time
            for _ in range(400):
                s = socket.create_server(("0.0.0.0", 7000)); time.sleep(0.002); s.close()
            """, to: "flicker.py")
        try portreeve.shell("/usr/bin/python3 \(script) > /dev/null 2>&1 &")
        for _ in 0..<20 {
            let found = try findings(policy)
            #expect(
                found.allSatisfy { $0 == "warning undeclared-listener tcp/7000 0.0.0.0" || $0 == "warning unknown" })
        }
    }

    @Test("The policy that init writes is in sync with its host, and is not overwritten")
    func initial() throws {
        try sockets.open("tcp :: 22\ntcp :: 8080\nudp :: 53\ntcp 127.0.0.1 5432")
        let path = try portreeve.write("", to: "placeholder") + ".yaml"
        #expect(try portreeve("init", path).status == 0)
        #expect(try portreeve("check", path, "--quiet").status == 0)
        #expect(try portreeve("apply", path, "--yes", "--quiet").status == 0)
        #expect(try findings(path).isEmpty)
        let text = try portreeve.shell("cat \(path)")
        #expect(text.contains("process: \(python)"))
        // A socket on loopback is open to no other host.
        let other = try portreeve.write(text.replacing("8080/tcp", with: "8081/tcp"), to: "other.yaml")
        #expect(try portreeve("apply", other, "--yes", "--quiet").status == 0)
        #expect(try findings(other).contains("warning undeclared-listener tcp/8080 ::"))
        #expect(try portreeve("init", path).status == 1)
        #expect(try portreeve.shell("cat \(path)") == text)
    }

    @Test("Reports are replaced atomically, and only one run at a time reports news")
    func files() throws {
        let policy = try policy("web: {ports: 80, from: any, why: x}")
        let file = try portreeve.write("old", to: "portreeve.prom")
        try portreeve.shell("ln \(file) \(file).link")
        #expect(try portreeve("verify", policy, "--format", "prometheus", "--output", file).status == 2)
        #expect(try portreeve.shell("stat -c %a \(file); cat \(file).link") == "644\nold")
        #expect(try portreeve.shell("cat \(file)").contains("portreeve_last_run_success 1"))
        #expect(try portreeve.shell("ls \(file)*").split(separator: "\n").count == 2)
        let news = file + ".news"
        #expect(try portreeve("verify", policy, "--news", news).output.hasSuffix("1 new, 0 gone, 1 in all\n"))
        let quiet = try portreeve("verify", policy, "--news", news)
        #expect(quiet.output.isEmpty && quiet.errors.isEmpty && quiet.status == 2)
        let held = try portreeve("verify", policy, "--news", news, prefix: ["flock", news + ".lock"])
        #expect(held.errors.contains("another run is using"))
        #expect(held.status == 1)
        #expect(try portreeve("verify", policy, "--output", "/nowhere/x").status == 1)
        let link = file + ".symbolic"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file)
        let refused = try portreeve("verify", policy, "--output", link)
        #expect(refused.status == 1 && refused.errors.contains("is not a regular file"), "\(refused)")
        for command in ["verify", "report"] {
            let refused = try portreeve(command, policy, "--output", policy)
            #expect(refused.status == 64 && refused.errors.contains("--output names the policy"), "\(refused)")
        }
    }
}
