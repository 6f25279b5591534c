internal import Glibc
internal import System

/// The file that keeps a `SetCache` between runs.
///
/// Only speed depends on it. What it cannot read is as good as nothing, and what it cannot write is no error. It is not
/// flushed to the disk: after a crash the boot is another, and no cache of an earlier one is believed.
public struct SetCacheFile: Sendable {
    private let directory: String

    private static let name = "live-sets"
    /// Where the boot's number is.
    private static let bootPath = "/proc/sys/kernel/random/boot_id"

    /// The file in a directory that is made when it is missing.
    public init(directory: String) { self.directory = directory }

    /// The cache, if it is of this ruleset and nobody else could have written it.
    public func load(for identity: SetCache.Identity) -> SetCache? {
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

    /// The ruleset of the network namespace in which `nftables` was opened; `nil` on kernels before 5.14.
    public static func identity(of nftables: borrowing Nftables) -> SetCache.Identity? {
        guard let namespace = nftables.socket.namespaceCookie, let boot = bootIdentity else { return nil }
        return SetCache.Identity(namespace: namespace, boot: boot)
    }

    private static var bootIdentity: String? {
        let descriptor = unsafe open(bootPath, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var text = [UInt8](repeating: 0, count: 64)
        let count = unsafe read(descriptor, &text, text.count)
        guard count > 0 else { return nil }
        return String(decoding: text.prefix(count).prefix { $0 > UInt8(ascii: " ") }, as: UTF8.self)
    }
}
