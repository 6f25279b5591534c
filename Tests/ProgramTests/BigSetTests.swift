import TestSupport
import Testing

@Suite("The cache of big sets", .privileged, .networkNamespace)
struct BigSetTests {
    /// A policy with thousands of sources, and the directory of the cache.
    private func prepare(_ portreeve: Portreeve, count: Int = 6000) throws -> [String] {
        let list = (0..<count).map { "\(10 + $0 / 32768).\($0 / 128 % 256).\($0 % 128 * 2).0/24" }
            .joined(separator: "\n")
        let folder = try portreeve.write(list, to: "list.txt").dropLast("/list.txt".count)
        let policy = try portreeve.write(
            """
            version: 1
            sources: {big: {file: list.txt}}
            services: {ssh: {ports: 22, from: big, optional: true, why: x}}

            """)
        return [policy, "--state-dir", "\(folder)/state"]
    }

    @Test(
        "Is not used after a commit by another process",
        arguments: [
            "nft add element inet portreeve group-big-ipv4 { 192.0.2.1 }",
            "nft delete element inet portreeve group-big-ipv4 { 10.3.4.0/24 }",
            "nft flush set inet portreeve group-big-ipv4",
            """
            nft delete element inet portreeve group-big-ipv4 { 10.46.222.0/24 }
            nft add element inet portreeve group-big-ipv4 { 10.46.222.0-10.46.222.254 }
            """,
        ])
    func tampering(_ script: String) throws {
        let portreeve = try Portreeve()
        let arguments = try prepare(portreeve)
        let verify = ["verify", "--only", "ruleset", "--quiet"] + arguments
        #expect(try portreeve(["apply", "--yes", "--quiet"] + arguments).status == 0)
        #expect(try portreeve(verify).status == 0)
        #expect(try portreeve(verify + ["--full"]).status == 0)
        try portreeve.shell(script)
        #expect(try portreeve(verify).status == 2)
        #expect(try portreeve(verify).status == 2)
        #expect(try portreeve(["apply", "--yes", "--quiet"] + arguments).status == 0)
        #expect(try portreeve(verify).status == 0)
        #expect(try portreeve(verify + ["--full"]).status == 0)
    }

    @Test("Lookups work if no thread can be started")
    func noThreads() throws {
        let portreeve = try Portreeve()
        let arguments = try prepare(portreeve, count: 80_000)
        #expect(try portreeve(["apply", "--yes", "--quiet"] + arguments).status == 0)
        try portreeve.shell("nft add table ip other; nft delete table ip other")
        // The stack of a thread would take the whole address space.
        let verify = [try Portreeve.executable, "verify", "--only", "ruleset", "--quiet"] + arguments
        let result = try Program.run(["prlimit", "--stack=140737488355328:140737488355328"] + verify)
        #expect(result.status == 0, "\(result)")
    }
}
