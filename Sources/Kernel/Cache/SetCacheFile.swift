internal import System

/// The file that keeps a `SetCache` between runs.
///
/// Only speed depends on it. What it cannot read is as good as nothing, and what it cannot write is no error. It is not
/// flushed to the disk: after a crash the boot is another, and no cache of an earlier one is believed.
public struct SetCacheFile: Sendable {
    private let directory: String

    private static let name = "live-sets"

    /// The file in a directory that is made when it is missing.
    public init(directory: String) { self.directory = directory }

    /// The cache, if it is of this ruleset and nobody else could have written it.
    public func load(for identity: RulesetIdentity) -> SetCache? {
        guard StateFiles.exists(directory), let files = try? StateFiles(directory: directory),
            let bytes = try? files.read(Self.name), let cache = SetCache(bytes)
        else { return nil }
        return cache.identity == identity ? cache : nil
    }

    /// Puts the cache in the place of the last one, as a whole.
    public func store(_ cache: SetCache) {
        try? StateFiles(directory: directory).write(Self.name, cache.document, .none)
    }

    /// Deletes what there is, if any.
    public func forget() { try? StateFiles(directory: directory).remove(Self.name) }
}
