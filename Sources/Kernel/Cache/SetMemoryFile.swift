internal import Glibc
internal import System

/// The file that keeps a `SetMemory` between runs.
///
/// Only speed depends on it. What it cannot read is as good as nothing, and what it cannot write is no error. It is not
/// flushed to the disk: after a crash the boot is another, and no memory of an earlier one is believed.
public struct SetMemoryFile: Sendable {
    private let directory: String

    private static let name = "live-sets"
    /// Where the boot's number is.
    private static let bootPath = "/proc/sys/kernel/random/boot_id"

    /// The file in a directory that is made when it is missing.
    public init(directory: String) { self.directory = directory }

    /// The memory, if it is of this ruleset and nobody else could have written it.
    public func load(for identity: SetMemory.Identity) -> SetMemory? {
        guard StateFiles.exists(directory), let files = try? StateFiles(directory: directory),
            let bytes = try? files.read(Self.name), let memory = SetMemory(bytes)
        else { return nil }
        return memory.identity == identity ? memory : nil
    }

    /// Puts the memory in the place of the last one, as a whole.
    public func store(_ memory: SetMemory) {
        try? StateFiles(directory: directory).write(Self.name, memory.document, .none)
    }

    /// Deletes what there is, if any.
    public func forget() { try? StateFiles(directory: directory).remove(Self.name) }

    /// The ruleset of the network namespace in which `nftables` was opened; `nil` on kernels before 5.14.
    public static func identity(of nftables: borrowing Nftables) -> SetMemory.Identity? {
        guard let namespace = nftables.socket.namespaceCookie, let boot = bootIdentity else { return nil }
        return SetMemory.Identity(namespace: namespace, boot: boot)
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
