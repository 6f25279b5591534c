internal import System

/// The file that keeps a `SetCache` between runs.
///
/// Only speed depends on it: a file that cannot be read counts as absent, and a failed write is ignored. It is not
/// flushed to the disk: after a crash the boot id differs, and a cache of an earlier boot is not used.
public struct SetCacheFile: Sendable {
    private let directory: String

    private static let name = "live-sets"

    /// The file in a directory, which is created if it is missing.
    public init(directory: String) { self.directory = directory }

    /// The cache, if it is of this ruleset and only this user could have written it.
    public func load(for identity: RulesetIdentity) -> SetCache? {
        guard StateFiles.exists(directory), let files = try? StateFiles(directory: directory),
            let bytes = try? files.read(Self.name), let cache = SetCache(bytes)
        else { return nil }
        return cache.identity == identity ? cache : nil
    }

    /// Replaces the cache atomically.
    public func store(_ cache: SetCache) {
        try? StateFiles(directory: directory).write(Self.name, cache.document, .none)
    }

    /// Deletes the cache, if there is one.
    public func forget() { try? StateFiles(directory: directory).remove(Self.name) }
}
