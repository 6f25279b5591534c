public import System

/// The files that commands leave behind; tests put their own in their place.
public struct HostFiles {
    /// What a file holds; `nil` where there is none.
    public var read: (_ path: String) throws(KernelError) -> String?
    /// Puts a text in the place of a file, whole or not at all.
    public var replace: (_ path: String, _ text: String) throws(KernelError) -> Void
    /// Writes a file that is not there yet; `false` where it is.
    public var create: (_ path: String, _ text: String) throws(KernelError) -> Bool
    /// Keeps others out until the process ends; `false` where somebody else is in.
    public var lock: (_ path: String) throws(KernelError) -> Bool

    /// Files by these accesses.
    public init(
        read: @escaping (_ path: String) throws(KernelError) -> String?,
        replace: @escaping (_ path: String, _ text: String) throws(KernelError) -> Void,
        create: @escaping (_ path: String, _ text: String) throws(KernelError) -> Bool,
        lock: @escaping (_ path: String) throws(KernelError) -> Bool
    ) {
        self.read = read
        self.replace = replace
        self.create = create
        self.lock = lock
    }
}
