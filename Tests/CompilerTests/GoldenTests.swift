import Addressing
import Compiler
import Foundation
import Policies
import Rulesets
import System
import Testing

/// The folders with a policy and its expected ruleset, and the shipped examples.
private enum Golden {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
    static let examples = folder.appending(path: "../../../policies").standardized

    static var policies: [URL] {
        get throws {
            let files = FileManager.default
            let folders = try files.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
                .filter { $0.hasDirectoryPath && $0.lastPathComponent != "examples" }
            let shipped = try files.contentsOfDirectory(at: examples, includingPropertiesForKeys: nil)
                .filter { $0.pathExtension == "yaml" }
            return (folders.map { $0.appending(path: "policy.yaml") } + shipped).sorted { $0.path < $1.path }
        }
    }

    /// The file with the expected ruleset of a policy.
    static func ruleset(of policy: URL) -> URL {
        guard policy.lastPathComponent != "policy.yaml" else {
            return policy.deletingLastPathComponent().appending(path: "ruleset.nft")
        }
        let name = policy.deletingPathExtension().lastPathComponent
        return folder.appending(path: "examples/\(name).nft")
    }
}

/// The policy in a file, which must be valid; the folder `addresses` beside it has the known addresses of names.
func policy(at url: URL) throws -> Policy {
    let folder = url.deletingLastPathComponent().appending(path: "addresses")
    let files = TrustedFiles(addresses: { name in
        (try? Data(contentsOf: folder.appending(path: name))).map(Array.init)
    })
    let reading = PolicyReader.read(path: url.path, options: ReadingOptions(), files: files)
    return try #require(reading.policy, "\(reading.diagnostics.map { $0.rendered(color: false) })")
}

extension Service {
    /// An entry of `trusted` as a service without ports.
    fileprivate init(_ trusted: Trusted) {
        self.init(name: trusted.name, location: trusted.location, ports: [], entries: [trusted.entry])
    }
}

@Suite("Compiled policies")
struct GoldenTests {
    @Test("The ruleset is equal to the golden file", arguments: try Golden.policies.map(\.path))
    func golden(path: String) throws {
        let file = URL(filePath: path)
        let record = Golden.ruleset(of: file)
        let text = compile(try policy(at: file)).table.nftText
        if ProcessInfo.processInfo.environment["PORTREEVE_RECORD"] == "1" {
            try Data(text.utf8).write(to: record)
            Issue.record("recorded \(record.lastPathComponent): read it, and run again without PORTREEVE_RECORD")
        }
        #expect(text == String(decoding: try Data(contentsOf: record), as: UTF8.self))
    }

    @Test("The services can be read back from the table", arguments: try Golden.policies.map(\.path))
    func readBack(path: String) throws {
        let policy = try policy(at: URL(filePath: path))
        let loaded = DecompiledPolicy(compile(policy).table)
        #expect(loaded.services.map(\.name) == policy.services.map(\.name))
        #expect(loaded.trusted.map(\.name) == policy.trusted.map(\.name))
        let trusted = policy.trusted.map { Service($0) }
        for (loaded, service) in zip(loaded.trusted + loaded.services, trusted + policy.services) {
            #expect(loaded.entries.map(\.sources) == service.entries.map(\.addresses))
            #expect(loaded.entries.map(\.interfaces) == service.entries.map { $0.interfaces.map(\.description) })
            #expect(loaded.entries.map(\.expires) == service.entries.map { $0.expires?.end })
            #expect(loaded.entries.map { $0.limit != nil } == service.entries.map { $0.limit != nil })
            #expect(loaded.entries.map(\.connections) == service.entries.map(\.connections))
            #expect(loaded.entries.map(\.sharesLimit) == service.entries.map { $0.limit?.isShared == true })
            #expect(loaded.entries.map(\.isLogged) == service.entries.map(\.log))
        }
        let lines = policy.defaults.outbound == .accept ? [] : policy.outbound
        #expect(loaded.outbound.map(\.name) == lines.map(\.name))
        for (loaded, line) in zip(loaded.outbound, lines) { expect(loaded, is: line) }
        #expect(loaded.outbound.allSatisfy(\.foreign.isEmpty) && loaded.outboundMode == policy.defaults.outbound)
        #expect(loaded.denied == policy.deny?.addresses ?? loaded.denied)
        #expect(loaded.foreign.isEmpty && loaded.services.allSatisfy(\.foreign.isEmpty))
    }

    private func expect(_ loaded: DecompiledService, is line: OutboundLine) {
        let entry = loaded.entries[0]
        let numbers = Set(line.users.compactMap(\.number)).sorted()
        // A line for users that the host does not have lets out nothing.
        guard line.users.isEmpty || !numbers.isEmpty else {
            #expect(entry.sources.isEmpty)
            return
        }
        #expect(entry.sources == line.addresses && entry.users == numbers)
        #expect(entry.interfaces == line.interfaces.map(\.description) && entry.expires == line.expires?.end)
        #expect((entry.limit != nil) == (line.limit != nil) && entry.isLogged == line.log)
        // Ranges of several lines are cut where they overlap or meet.
        for transport in Set(line.ports.map(\.transport)).union(loaded.ports.map(\.transport)) {
            let found = loaded.ports.filter { $0.transport == transport }
            let meant = line.ports.filter { $0.transport == transport }
            #expect(found.isEmpty == meant.isEmpty)
            guard transport.hasPorts else { continue }
            #expect(IntervalSet(found.map(\.range)) == IntervalSet(meant.map(\.range)))
        }
    }
}
