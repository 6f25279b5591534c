import Foundation
import TestSupport
import Testing

/// Containers that the files of their engine and the routes of the host tell of, without an engine.
@Suite("Containers by name and by their own addresses", .privileged, .networkNamespace)
struct ContainerNameTests {
    private let portreeve: Portreeve
    private let policy: String

    init() throws {
        portreeve = try Portreeve.onContainerHost()
        policy = try portreeve.writePublishedPolicy()
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
        try NftProgram.load(Portreeve.publishedPort.replacing("8080", with: "8081"))
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
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
        try NftProgram.load(Portreeve.publishedPort.replacing("8080", with: "8081").replacing("17.0.2", with: "17.0.3"))
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
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
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
}
