import TestSupport
import Testing

@Suite("Sources whose limit is not the policy's", .privileged, .networkNamespace)
struct LimitDriftTests {
    private let portreeve: Portreeve
    private let policy: String

    init() throws {
        portreeve = try Portreeve()
        policy = try portreeve.write(Self.text(limit: "10/minute", connections: 9))
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
    }

    private static func text(limit: String, connections: Int) -> String {
        "version: 1\nservices: {web: {ports: 80, from: any, limit: \(limit), connections: \(connections), why: x}}\n"
    }

    private func drift(_ policy: String) throws -> [String] {
        try portreeve("verify", policy, "--only", "ruleset").output.split(separator: "\n").map(String.init)
            .filter { $0.hasSuffix("[ruleset-drift]") }
    }

    /// The names of the sets of a limit and of a number of connections, for IPv4.
    private func sets() throws -> (limit: String, connections: String) {
        let names = try portreeve.shell("nft list sets").split(separator: "\n")
            .compactMap { $0.contains("set ") ? $0.split(separator: " ")[1] : nil }.map(String.init)
            .filter { $0.hasSuffix("web-ipv4") }
        return (
            try #require(names.first { $0.hasPrefix("limit") }), try #require(names.first { !$0.hasPrefix("limit") })
        )
    }

    @Test("Are drift, each with the limit that it has")
    func found() throws {
        let (limit, connections) = try sets()
        try portreeve.shell(
            """
            nft add element inet portreeve \(limit) '{ 192.0.2.1 limit rate over 10/minute burst 5 packets }'
            nft add element inet portreeve \(connections) '{ 192.0.2.1 ct count over 9 }'
            """)
        #expect(try drift(policy) == [])
        try portreeve.shell(
            """
            nft add element inet portreeve \(limit) '{ 192.0.2.9 limit rate over 1000/second }'
            """)
        let found = try drift(policy)
        #expect(found.count == 1, "\(found)")
        #expect(
            found.contains {
                $0.contains("error: set \"\(limit)\" has 192.0.2.9 limit rate over 1000/second")
                    && $0.contains("not `limit rate over 10/minute")
                    && $0.contains("`nft flush set inet portreeve \(limit)`")
            }, "\(found)")
        #expect(try portreeve("status", policy).output.hasPrefix("state: drifted"))
        try portreeve.shell("nft flush set inet portreeve \(limit); nft flush set inet portreeve \(connections)")
        #expect(try drift(policy) == [])
    }

    @Test("Are forgotten when the policy gets another limit")
    func changed() throws {
        let (limit, connections) = try sets()
        try portreeve.shell(
            """
            nft add element inet portreeve \(limit) '{ 192.0.2.1 limit rate over 10/minute burst 5 packets }'
            nft add element inet portreeve \(connections) '{ 192.0.2.1 ct count over 9 }'
            """)
        let other = try portreeve.write(
            Self.text(limit: "{rate: 10/minute, burst: 3}", connections: 4), to: "other.yaml")
        #expect(try portreeve("apply", other, "--yes", "--quiet").status == 0)
        #expect(try drift(other) == [])
        #expect(!(try portreeve.shell("nft list table inet portreeve").contains("192.0.2.1")))
    }
}
