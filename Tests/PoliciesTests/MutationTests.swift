import Addressing
import Foundation
import Policies
import TestSupport
import Testing

/// Files in memory.
private struct MemoryFiles: PolicyFiles {
    var files: [String: [UInt8]]

    func read(_ path: String, checksOwnership _: Bool) throws(FileRefusal) -> PolicyFile {
        guard let bytes = files[path] else { throw FileRefusal(message: "cannot be read", fault: .absent) }
        return PolicyFile(bytes: bytes, identity: identity(of: path) ?? [])
    }

    func readStandardInput() throws(FileRefusal) -> PolicyFile { PolicyFile(bytes: [], identity: []) }

    func checkDirectories(above _: String) throws(FileRefusal) {}

    func identity(of path: String) -> [UInt64]? {
        files[path].map { _ in [UInt64(truncatingIfNeeded: path.hashValue)] }
    }

    func paths(matching pattern: String) throws(FileRefusal) -> [String] {
        let head = pattern.prefix { $0 != "*" }
        return files.keys.filter { $0.hasPrefix(head) && $0.hasSuffix(".yaml") }
    }
}

@Suite("For any bytes, reading a policy or a list ends with a value or an error")
struct MutationTests {
    private static let words =
        [
            "[", "]", "{", "}", ": ", "- ", "? ", "*", "*a ", "&a ", "!!x ", "\"", "'", "\n", "\t", "#", "|", ">", "/",
            "::", ",",
            "\n  ", "\r\n", "\u{feff}", "\u{202e}", "\u{2028}", "---\n", "...\n", "%YAML 1.1\n", "any", "nobody",
            "null", "~", "<<: ",
            "0.0.0.0/0", "::/0", "255.255.255.255-0.0.0.0", "fe80::1%eth0", "../", "*.yaml",
        ].map { Array($0.utf8) } + [[0], [0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]

    /// The example policies, which have every key, and the policy of the reader's tests.
    private static let policies: [[UInt8]] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../policies")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let examples = names.sorted().filter { $0.hasSuffix(".yaml") }.compactMap {
            try? Data(contentsOf: folder.appending(path: $0))
        }
        return [Array(PolicyReaderTests.example.utf8)] + examples.map { Array($0) }
    }()

    private func read(_ files: [String: [UInt8]]) -> Bool {
        var all = Dictionary(uniqueKeysWithValues: PolicyReaderTests.files.map { ($0, Array($1.utf8)) })
        all.merge(files) { $1 }
        all["lists/abusers.txt"] = all["lists/scanners.txt"]
        let options = ReadingOptions(servicesDatabase: "services", protocolsDatabase: "protocols", now: 1_800_000_000)
        let reading = PolicyReader.read(path: "policy.yaml", options: options, files: MemoryFiles(files: all))
        let hasError = reading.diagnostics.contains { $0.severity == .error }
        #expect((reading.policy == nil) == hasError)
        for diagnostic in reading.diagnostics {
            let text = diagnostic.rendered(color: false)
            #expect(!text.unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control })
        }
        return reading.policy != nil
    }

    @Test("Policies and includes")
    func policies() throws {
        #expect(Self.policies.count > 5)
        try MutationRun.run("policy", few: 300) { seed in
            var mutation = Mutation(seed: seed, words: Self.words)
            let name = mutation.happens(onceIn: 5) ? "policy.d/10-web.yaml" : "policy.yaml"
            guard !mutation.happens(onceIn: 50) else { return read([name: mutation.noise()]) }
            let original =
                name == "policy.yaml"
                ? mutation.pick(Self.policies) : Array(PolicyReaderTests.files[name, default: ""].utf8)
            return read([name: mutation.damaged(original, splicing: mutation.pick(Self.policies))])
        }
    }

    @Test("Lists")
    func lists() throws {
        let policy = Array("version: 1\nservices: {}\ndeny: a\nsources: {a: {file: a.txt}}\n".utf8)
        let original = Array(
            """
            # addresses\r
            192.0.2.1
            198.51.100.0/24   # a network
            203.0.113.7-203.0.113.19
            2001:db8:bad::/48 ; another comment

              ::ffff:192.0.2.1
            2001:db8::1-2001:db8::ff
            255.255.255.255
            ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128
            """.utf8)
        try MutationRun.run("list", few: 1000) { seed in
            var mutation = Mutation(seed: seed, words: Self.words)
            guard !mutation.happens(onceIn: 50) else {
                return read(["policy.yaml": policy, "a.txt": mutation.noise()])
            }
            return read(["policy.yaml": policy, "a.txt": mutation.damaged(original, splicing: original)])
        }
    }
}
