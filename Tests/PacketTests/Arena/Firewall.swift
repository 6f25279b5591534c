import Compiler
import Foundation
import Kernel
import Policies
import Rulesets
import System

/// The firewall of the calling thread's network namespace.
enum Firewall {
    /// A policy is invalid.
    struct Refusal: Error, CustomStringConvertible {
        var description: String
    }

    /// Loads a policy from the text of its file, with the service of the sentinel added.
    static func load(_ text: String) throws {
        var policy = try policy(text)
        policy.services.append(RandomPolicy.sentinelService)
        try load(policy)
    }

    /// Loads a policy as `apply` does: in one transaction with the fewest changes.
    static func load(_ policy: Policy) throws { try load(compile(policy).table) }

    /// Loads a table in place of the one that is loaded.
    static func load(_ table: Table) throws {
        let nftables = try Nftables()
        let before = try nftables.snapshot(of: Names.table)
        let transaction = Transaction(from: before.table, to: table, named: Names.table)
        _ = try nftables.commit(transaction, onto: before)
    }

    /// The policy in the text of a file.
    static func policy(_ text: String) throws -> Policy {
        let url = FileManager.default.temporaryDirectory.appending(path: "policy-\(UUID().uuidString).yaml")
        try Data(text.utf8).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        let reading = PolicyReader.read(path: url.path, options: ReadingOptions(), files: TrustedFiles())
        let problems = reading.diagnostics.map { $0.rendered(color: false) }.joined(separator: "\n")
        guard let policy = reading.policy else { throw Refusal(description: problems) }
        return policy
    }
}
