import Foundation
import TestSupport
import Testing

@Suite("Ports of a bridge", .privileged, .networkNamespace)
struct BridgePortTests {
    private let portreeve: Portreeve
    private let policy: String

    init() throws {
        portreeve = try Portreeve()
        policy = try portreeve.write("version: 1\nservices: {web: {ports: 80, from: any, why: Site}}\n")
        try portreeve.shell(
            """
            ip link set lo up
            ip link add br0 type bridge; ip link set br0 up; ip address add 192.0.2.1/24 dev br0
            ip link add eth0 type veth peer name far; ip link set far up; ip link set eth0 master br0 up
            """)
    }

    @Test("What is refused on the bridge is open on no port of it")
    func input() throws {
        try portreeve.shell(
            """
            nft -f - <<'END'
            table inet f { chain c { type filter hook input priority 0; iifname "br0" tcp dport 83 drop; }; }
            END
            """)
        let sockets = Sockets(portreeve)
        try sockets.open("tcp 0.0.0.0 83")
        let status = try portreeve("status", policy).output
        #expect(status.contains("83") && !status.contains("eth0"), "\(status)")
    }

    @Test("A chain at the ingress of a port may drop what the bridge takes: unknown")
    func ingress() throws {
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
        #expect(try portreeve("explain", "192.0.2.9", "80", policy).output.hasPrefix("accept"))
        try portreeve.shell(
            """
            nft -f - <<'END'
            table netdev n { chain c { type filter hook ingress device "eth0" priority 0; tcp dport 80 drop; }; }
            END
            """)
        let explanation = try portreeve("explain", "192.0.2.9", "80", policy).output
        #expect(explanation.hasPrefix("unknown") && explanation.contains("netdev n c"), "\(explanation)")
    }
}
