import Foundation
import TestSupport
import Testing

@Suite("portreeve plan, consequences", .privileged, .networkNamespace)
struct PlanTests {
    private let portreeve: Portreeve

    init() throws { portreeve = try Portreeve() }

    private func breaks(_ policy: String) throws -> [String] {
        let result = try portreeve("plan", policy, "--format", "json")
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        let breaks = try #require(object?["breaks"] as? [[String: Any]], "\(result.errors)")
        return breaks.map { item in
            let words = ["kind", "protocol", "port", "address", "service", "table"].map { item[$0].map { "\($0)" } }
            return words.compactMap(\.self).joined(separator: " ")
        }
    }

    @Test("Sockets and published ports that lose all clients, and a table that still drops")
    func breaks() throws {
        try portreeve.shell("ip link set lo up")
        let sockets = Sockets(portreeve)
        try sockets.open("tcp 0.0.0.0 6000\ntcp :: 6001\ntcp 127.0.0.1 6002\nudp 0.0.0.0 514\ntcp 0.0.0.0 6003\n")
        try portreeve.shell(PublishedPortTests.docker)
        try NftProgram.load(
            """
            table ip theirs {
              chain in { type filter hook input priority 5; tcp dport 6001 drop
              }
            }
            """)
        let policy = try portreeve.write(
            "version: 1\nservices:\n  app: {ports: 6001, from: 10.0.0.0/8, why: x}\n  site: {ports: 8081, from: any, why: x}\n"
        )
        let closed = ["tcp 6000 0.0.0.0", "tcp 6003 0.0.0.0", "udp 514 0.0.0.0"].map { "unreachable-listener \($0)" }
        let published = ["tcp 8080 ip nat", "udp 5353 ip nat"].map { "unreachable-published-port \($0)" }
        let found = try breaks(policy)
        // Their drop already closes 6001 to IPv4, so that the change closes it to IPv6 only.
        #expect(Set(closed + ["unreachable-listener tcp 6001 :: app"]).isSubset(of: found), "\(found)")
        #expect(Set(published + ["foreign-override tcp 6001 app ip theirs"]).isSubset(of: found), "\(found)")
        #expect(!found.contains { $0.contains("6002") || $0.contains("8081 ") && !$0.contains("override") }, "\(found)")
        let text = try portreeve("plan", policy).output
        #expect(text.hasPrefix("PORT      PROCESS"))
        #expect(text.contains("closed: not in the policy\n") && !text.contains("access to tcp/8081"))
        #expect(text.contains(/tcp\/6001  python\S* \(pid \d+\)  any IPv6 address  closed\n/), "\(text)")
        #expect(text.contains("\n! ip theirs drops connections to tcp/6001 that service \"app\" allows"))
    }

    @Test("A plan file is applied as reviewed or not at all")
    func file() throws {
        let policy = try portreeve.write("version: 1\nservices:\n  app: {ports: 6001, from: 10.0.0.0/8, why: x}\n")
        let plan = try portreeve.write("", to: "change.plan")
        #expect(try portreeve("plan", policy, "--out", plan).status == 0)
        try NftProgram.load("table inet theirs { }")
        let stale = try portreeve("apply", plan, "--yes")
        #expect(stale.status == 5 && stale.errors.contains("the plan was made at generation"), "\(stale.errors)")
        #expect(try portreeve("plan", policy, "--out", plan).status == 0)
        // Plans of another namespace, and plans that another user could have written it.
        let elsewhere = try Program.run(["unshare", "-n", try Portreeve.executable, "apply", plan, "--yes"])
        #expect(elsewhere.status == 5 && elsewhere.errors.contains("network namespace"), "\(elsewhere.errors)")
        try portreeve.shell("chmod 666 \(plan)")
        let insecure = try portreeve("apply", plan, "--yes")
        #expect(insecure.status == 1 && insecure.errors.contains("writable by everyone"), "\(insecure.errors)")
        try portreeve.shell("chmod 600 \(plan); echo 'version: 1' > \(policy)")
        #expect(try portreeve("apply", plan, "--yes").status == 0)
        #expect(try NftProgram.list("inet portreeve").contains("tcp . 6001"))
    }
}
