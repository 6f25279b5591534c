internal import Foundation
internal import Glibc

/// Runs the built command in the network namespace of the calling thread.
public struct Portreeve {
    /// A folder for policies, deleted with the value.
    private let folder: Folder

    /// The command with an empty folder.
    public init() throws { folder = try Folder() }

    /// The path of the command, beside the executable of the tests.
    public static var executable: String {
        get throws {
            let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return URL(filePath: tests).deletingLastPathComponent().appending(path: "portreeve").path
        }
    }

    /// Writes a file and returns its path.
    public func write(_ text: String, to name: String = "policy.yaml") throws -> String {
        let file = folder.url.appending(path: name)
        try Data(text.utf8).write(to: file)
        return file.path
    }

    /// Runs the command with these arguments.
    public func callAsFunction(_ arguments: String..., prefix: [String] = []) throws -> Program.Result {
        try Program.run(prefix + [try Self.executable] + arguments + stateOption(arguments))
    }

    /// The path of a file of the test's folder, which need not exist.
    public func file(_ name: String) -> String { folder.url.appending(path: name).path }

    /// Runs the command with these arguments.
    public func callAsFunction(_ arguments: [String]) throws -> Program.Result {
        try Program.run([try Self.executable] + arguments + stateOption(arguments))
    }

    /// The ids of what `verify` finds about the rulesets, but for interfaces and forwarding that the policy needs and the namespace
    /// has not.
    public func rulesetFindings(_ policy: String) throws -> [String] {
        let options = ["--only", "ruleset", "--format", "json", "--allow-insecure-permissions"]
        let result = try self(["verify", policy] + options)
        let found = result.output.matches(of: #/"id": ?"([^"]+)"/#).map { String($0.1) }
        guard result.status == (found.isEmpty ? 0 : 2) else {
            return ["exit status \(result.status): \(result.errors)"]
        }
        return found.filter { !["unknown-interface", "forwarding-off"].contains($0) }
    }

    /// The directory of the command's state, in the folder.
    public var stateDirectory: String { folder.url.appending(path: "state").path }

    private func stateOption(_ arguments: [String]) -> [String] {
        let keepers = [
            "apply", "plan", "confirm", "rollback", "history", "verify", "status", "remove", "grant", "revoke",
            "ban", "unban", "refresh", "sessions", "refusals",
            "explain",
        ]
        guard let command = arguments.first, keepers.contains(command), !arguments.contains("--state-dir") else {
            return []
        }
        return ["--state-dir", stateDirectory]
    }

    /// Runs a shell script, which must succeed, with this program as its `nft`, and returns its output.
    @discardableResult public func shell(_ script: String, nft: NftProgram = .installed) throws -> String {
        let result = try Program.run(["sh", "-ec", nft.shellPreamble + script])
        guard result.status == 0 else { throw ScriptFailure(script: script, errors: result.errors) }
        return result.output
    }

    /// A script that failed.
    public struct ScriptFailure: Error {
        /// The script.
        public let script: String
        /// Its output and standard error.
        public let errors: String
    }
}

/// A temporary folder, deleted with the value.
private final class Folder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "portreeve-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}
