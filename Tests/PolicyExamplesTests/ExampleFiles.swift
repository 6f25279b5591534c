import Foundation

/// The shipped files in `policies/`.
enum ExampleFiles {
    /// The folder.
    static let folder = URL(filePath: #filePath, directoryHint: .notDirectory)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "policies", directoryHint: .isDirectory)

    /// The policies.
    static let policies = files(in: folder, "yaml")

    /// The files that policies include.
    static let includes = files(in: folder.appending(path: "policy.d"), "yaml")

    /// The schemas of policies and of included files.
    static let schema = folder.appending(path: "policy.schema.json")
    static let includeSchema = folder.appending(path: "policy.d.schema.json")

    private static func files(in folder: URL, _ suffix: String) -> [URL] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix("." + suffix) }.sorted().map { folder.appending(path: $0) }
    }
}
