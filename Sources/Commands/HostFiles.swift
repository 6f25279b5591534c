public import System

/// The file functions that commands need; tests replace them.
public struct HostFiles {
    /// Reads a file; `nil` if it does not exist.
    public var read: (_ path: String) throws(KernelError) -> String?
    /// Reads a file that an earlier run wrote; `nil` if it does not exist.
    ///
    /// It refuses one that another user could have written, if asked to.
    public var record: (_ path: String, _ checksOwnership: Bool) throws(KernelError) -> String?
    /// Replaces a file atomically.
    public var replace: (_ path: String, _ text: String) throws(KernelError) -> Void
    /// Creates the directory of a file if it does not exist; the directory if it is new.
    public var createDirectory: (_ path: String) throws(KernelError) -> String? = { _ in nil }
    /// Creates a file; `false` if it exists.
    public var create: (_ path: String, _ text: String) throws(KernelError) -> Bool
    /// Creates a file that only this user can read; `false` if it exists.
    public var createPrivately: (_ path: String, _ text: String) throws(KernelError) -> Bool = { _, _ in true }
    /// Replaces the text of a file, which keeps its permissions.
    public var rewrite: (_ path: String, _ text: String) throws(KernelError) -> Void = { _, _ in }
    /// Deletes a file.
    public var delete: (_ path: String) throws(KernelError) -> Void = { _ in }
    /// Takes a lock until the process ends; `false` if another process holds it.
    public var lock: (_ path: String) throws(KernelError) -> Bool

    /// Creates the files from these accesses.
    public init(
        read: @escaping (_ path: String) throws(KernelError) -> String?,
        replace: @escaping (_ path: String, _ text: String) throws(KernelError) -> Void,
        create: @escaping (_ path: String, _ text: String) throws(KernelError) -> Bool,
        lock: @escaping (_ path: String) throws(KernelError) -> Bool
    ) {
        self.read = read
        record = { path, _ throws(KernelError) in try read(path) }
        self.replace = replace
        self.create = create
        self.lock = lock
    }
}
