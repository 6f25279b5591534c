import Addressing
import Foundation
import Policies
import TestSupport
import Testing

/// For any bytes, reading ends with a policy or with an error.
@Suite struct RobustnessTests {
    private func check(_ bytes: [UInt8], _ folder: PolicyFolder) throws {
        try folder.write(bytes: bytes, to: "policy.yaml")
        let reading = folder.read(now: 0)
        let hasError = reading.diagnostics.contains { $0.severity == .error }
        #expect((reading.policy == nil) == hasError)
        for diagnostic in reading.diagnostics {
            let text = diagnostic.rendered(color: false)
            #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
        }
    }

    @Test func survivesMutation() throws {
        let folder = try PolicyFolder(PolicyReaderTests.files)
        let original = Array(PolicyReaderTests.example.utf8)
        let tokens = [
            "[", "]", "{", "}", ": ", "- ", "*", "&a ", "!!x ", "\"", "'", "\n", "\t", "#", "|", "/", "::",
            "9999999999",
        ]
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<400 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let at = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[at] = .random(in: 0...255, using: &generator)
                case 1: bytes.insert(contentsOf: Array((tokens.randomElement(using: &generator) ?? "").utf8), at: at)
                case 2: bytes.removeSubrange(at..<min(bytes.count, at + .random(in: 1...40, using: &generator)))
                default: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 60)], at: at)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            try check(bytes, folder)
        }
    }

    @Test func survivesTruncation() throws {
        let folder = try PolicyFolder(PolicyReaderTests.files)
        let original = Array(PolicyReaderTests.example.utf8)
        for length in stride(from: 0, to: original.count, by: 5) { try check(Array(original[..<length]), folder) }
    }

    @Test func survivesNoise() throws {
        let folder = try PolicyFolder()
        var generator = SeededGenerator(seed: 2)
        for length in 0..<100 {
            try check((0..<length).map { _ in .random(in: 0...255, using: &generator) }, folder)
            try check(
                (0..<length).map { _ in Array("[]{}:,-?&*!|>'\"%@ \n#a1".utf8).randomElement(using: &generator) ?? 0 },
                folder)
        }
    }

    @Test func survivesExcessiveInput() throws {
        let folder = try PolicyFolder()
        let huge = String(repeating: "9", count: 20_000)
        for value in [
            huge, huge + "/tcp", "1-" + huge, huge + "/minute", huge + "-01-01", huge + "." + huge, huge + "::",
        ] {
            for key in ["ports", "from", "limit", "expires", "interfaces", "process", "why", "log"] {
                try check(Array("version: 1\nservices: {s: {\(key): \(value)}}".utf8), folder)
            }
        }
        try check(
            Array(("version: 1\nservices: {}\nsources:\n" + (0..<3000).map { "  g\($0): g\($0 + 1)\n" }.joined()).utf8),
            folder)
        try check(Array(("a: " + String(repeating: "x ", count: 100_000)).utf8), folder)
    }

    @Test func aLongChainOfGroupsResolves() throws {
        let chain = (0..<5000).map { "  g\($0): g\($0 + 1)\n" }.joined()
        let folder = try PolicyFolder(["policy.yaml": "version: 1\nservices: {}\nsources:\n\(chain)  g5000: 10.0.0.1\n"]
        )
        #expect(folder.read().policy?.groups.first?.addresses.ipv4.ranges == [0x0A00_0001...0x0A00_0001])
    }

    @Test func aListMayHaveHalfAMillionLines() throws {
        let folder = try PolicyFolder([
            "policy.yaml": "version: 1\nservices: {}\ndeny: a\nsources: {a: {file: a.txt}}\n"
        ])
        var text: [UInt8] = []
        for index in UInt32(0)..<500_000 {
            text += Array(IPv4Address(value: 0x0A00_0000 + index &* 2).description.utf8)
            text.append(UInt8(ascii: "\n"))
        }
        try folder.write(bytes: text, to: "a.txt")
        #expect(folder.read().policy?.deny?.addresses.ipv4.ranges.count == 500_000)
    }
}
