internal import Foundation

/// A folder that is deleted with the value that names it.
public final class TemporaryFolder {
    private let url: URL

    /// A new folder.
    public init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "portreeve-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// The path of something in the folder.
    public func path(_ name: String) -> String { url.appending(path: name).path }
}
