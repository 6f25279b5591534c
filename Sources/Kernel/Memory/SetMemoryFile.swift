internal import Glibc

/// The file that keeps a `SetMemory` between runs.
///
/// Only speed depends on it. What it cannot read is as good as nothing, and what it cannot write is no error. It is not
/// flushed to the disk: after a crash the boot is another, and no memory of an earlier one is believed.
public struct SetMemoryFile: Sendable {
    private let directory: String
    private var path: String { "\(directory)/live-sets" }

    /// Where the boot's number is.
    private static let bootPath = "/proc/sys/kernel/random/boot_id"
    /// A memory of more is not this program's.
    private static let maximumLength = 1 << 28

    /// The file in a directory that is made when it is missing.
    public init(directory: String) { self.directory = directory }

    /// The memory, if it is of this ruleset and nobody else could have written it.
    public func load(for identity: SetMemory.Identity) -> SetMemory? {
        guard let words = Self.words(ofFileAt: path), let memory = SetMemory(words: words) else { return nil }
        return memory.identity == identity ? memory : nil
    }

    /// Puts the memory in the place of the last one, as a whole.
    public func store(_ memory: SetMemory) {
        _ = unsafe mkdir(directory, 0o700)
        let temporary = "\(path).\(getpid())"
        // What a process of this number left when it was killed.
        _ = unsafe unlink(temporary)
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        let isWritten = Self.write(memory.words, to: descriptor)
        let isClosed = close(descriptor) == 0
        let isPlaced = unsafe isWritten && isClosed && rename(temporary, path) == 0
        if !isPlaced { _ = unsafe unlink(temporary) }
    }

    /// Deletes what there is, if any.
    public func forget() { _ = unsafe unlink(path) }

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

    private static func words(ofFileAt path: String) -> [UInt32]? {
        let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_mode & (S_IWGRP | S_IWOTH) == 0, status.st_size <= maximumLength
        else { return nil }
        var words = [UInt32](repeating: 0, count: Int(status.st_size) / MemoryLayout<UInt32>.size)
        let length = words.count * MemoryLayout<UInt32>.size
        var done = 0
        while done < length {
            let count = unsafe words.withUnsafeMutableBytes { raw in
                unsafe read(descriptor, raw.baseAddress?.advanced(by: done), length - done)
            }
            guard count > 0 else { return nil }
            done += count
        }
        return words
    }

    private static func write(_ words: [UInt32], to descriptor: Int32) -> Bool {
        unsafe words.withUnsafeBytes { raw in
            var done = 0
            while done < raw.count {
                let count = unsafe Glibc.write(descriptor, raw.baseAddress?.advanced(by: done), raw.count - done)
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
    }
}
