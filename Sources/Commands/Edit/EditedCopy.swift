internal import Kernel
internal import Printing
internal import System

/// The copy of a policy on which an editor works.
///
/// It is in the state directory, which no other user can read: the directory of the policy gets no other file, and an edit
/// that was not applied is there for the next one, whatever ended the command.
struct EditedCopy {
    /// The path of the copy.
    let path: String
    /// Whether it holds an earlier edit.
    let isContinued: Bool
    private let files: HostFiles
    private let lock: FileLock
    private let state: StateFiles

    private static let lockName = "edit-lock"

    /// The copy of the policy at `policy`, with `text` unless there is an edit of it.
    ///
    /// - Throws: `failure` if another process edits a policy of this network namespace; `io` or `permission`.
    init(of policy: String, with text: String, in state: StateFiles, _ files: HostFiles) throws {
        path = "\(state.directory)/\(Self.name(of: policy))"
        guard let lock = try state.lock(Self.lockName) else {
            throw CommandError(.failure, "another process is editing a policy: wait until it has ended")
        }
        (self.lock, self.files, self.state) = (lock, files, state)
        isContinued = try !files.createPrivately(path, text)
    }

    /// The name for the policy at `path`: policies of the same name in two directories have two.
    private static func name(of path: String) -> String {
        let path = FileSystem.absolutePath(path)
        var hash = SHA256()
        hash.update(Array(path.utf8))
        return "edit-\(hash.digest().prefix(16))-\(path.split(separator: "/").last ?? "policy")"
    }

    /// Whether the policy was written after the edit that is continued.
    func isOlder(than policy: String) -> Bool {
        guard isContinued, let own = FileSystem.modificationTime(path) else { return false }
        return FileSystem.modificationTime(policy).map { $0 > own } ?? false
    }

    /// The text; `nil` if there is none.
    func text() throws(KernelError) -> String? { try files.read(path) }

    /// Deletes the copy.
    func delete() throws(KernelError) { try files.delete(path) }

    /// Deletes directories that were made for the copy, unless they have more than the lock by now.
    func withdraw(_ directories: [String]) { state.withdraw(directories, lock: Self.lockName) }

    /// Deletes the copy if it has one of these texts, so that there is nothing to go on with.
    ///
    /// - Returns: whether it has another text, and is kept.
    func isKept(over texts: [String?]) -> Bool {
        guard let own = try? self.text() else { return false }
        let isKept = !texts.contains(own)
        if !isKept { try? delete() }
        return isKept
    }
}
