import Foundation

/// The files that are shipped in `policies/`.
enum ExampleFiles {
    /// The folder.
    static let folder = URL(filePath: #filePath, directoryHint: .notDirectory)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "policies", directoryHint: .isDirectory)

    /// The policies, each of which stands on its own.
    static let policies = files(in: folder, "yaml")

    /// The files that a policy includes.
    static let includes = files(in: folder.appending(path: "policy.d"), "yaml")

    /// What every policy and included file may be, for editors.
    static let schema = folder.appending(path: "policy.schema.json")
    static let includeSchema = folder.appending(path: "policy.d.schema.json")

    private static func files(in folder: URL, _ suffix: String) -> [URL] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix("." + suffix) }.sorted().map { folder.appending(path: $0) }
    }
}
