internal import Glibc
public import Policies

/// Reads whole regular files whose writers are trusted: policies, their includes and lists, and saved plans.
public struct TrustedFiles: PolicyFiles {
    /// The largest file that is read: 64 MiB, in bytes.
    private static let largest = 64 << 20
    /// The size of a read if the size of the file is unknown, in bytes.
    private static let chunk = 64 << 10

    private let caller: FileCaller?
    private let seen: String?
    private let lastList: (_ path: String) -> [UInt8]?
    private let addresses: (_ name: String) -> [UInt8]?

    /// The files of this host, read on behalf of a user who called sudo, if any.
    ///
    /// - Parameters:
    ///   - caller: the user.
    ///   - seen: the path of a file whose text the user has seen, as in an editor, so that it is not hidden from the user.
    ///   - lastList: the contents of a list as it was applied last.
    ///   - addresses: the addresses of a DNS name that are known.
    public init(
        caller: FileCaller? = nil, seen: String? = nil, lastList: @escaping (_ path: String) -> [UInt8]? = { _ in nil },
        addresses: @escaping (_ name: String) -> [UInt8]? = { _ in nil }
    ) {
        self.caller = caller
        self.seen = seen
        self.lastList = lastList
        self.addresses = addresses
    }

    /// The addresses of a DNS name that are known, one a line; `nil` if none is.
    public func addresses(ofName name: String) -> [UInt8]? { addresses(name) }

    /// The number of a user in the user database of the host; `nil` if there is none.
    public func number(ofUser name: String) -> UInt32? { HostCalls.userNumber(of: name) }

    /// The contents of a list as it was applied last; `nil` if that is not known.
    public func lastList(_ path: String) -> [UInt8]? { lastList(path) }

    /// The contents of a regular file.
    ///
    /// - Parameters:
    ///   - path: the path.
    ///   - checksOwnership: whether to refuse a file that users other than root and the caller can write.
    /// - Returns: the contents, at most 64 MiB, and the identity.
    /// - Throws: the reason why the file is refused or cannot be read.
    public func read(_ path: String, checksOwnership: Bool) throws(FileRefusal) -> PolicyFile {
        guard !path.isEmpty else { throw FileRefusal(message: "cannot be read: the path is empty") }
        let file: File
        do throws(SystemError) { file = try Self.open(path) } catch { throw Self.unreadable(error) }
        let status: stat
        do throws(SystemError) { status = try file.status() } catch { throw Self.unreadable(error) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let isDirectory = status.st_mode & S_IFMT == S_IFDIR
            throw FileRefusal(message: isDirectory ? "is a directory" : "is not a regular file")
        }
        // The checks are of the open file, which cannot be replaced before it is read.
        if checksOwnership { try FileOwnership.check(status, path: path, file) }
        guard status.st_size <= Self.largest else { throw Self.tooLarge }
        let bytes = try Self.contents(of: file, size: Int(status.st_size))
        let identity = FileIdentity(status)
        var isHidden = false
        if let caller, path != seen { isHidden = !caller.canRead(status, file) }
        return PolicyFile(bytes: bytes, identity: [identity.device, identity.inode], isHidden: isHidden)
    }

    /// The contents of standard input.
    ///
    /// - Throws: the reason why it cannot be read.
    public func readStandardInput() throws(FileRefusal) -> PolicyFile {
        let input = File(descriptor: STDIN_FILENO)
        let bytes: [UInt8]
        do throws(FileRefusal) { bytes = try Self.contents(of: input, size: 0) } catch {
            input.leaveOpen()
            throw error
        }
        input.leaveOpen()
        return PolicyFile(bytes: bytes, identity: [])
    }

    /// The first `count` bytes of a regular file, without a check of its owner; `nil` if there is no file.
    ///
    /// - Throws: the reason why the file cannot be read.
    public func start(_ path: String, count: Int) throws(FileRefusal) -> [UInt8]? {
        do throws(SystemError) {
            let file = try Self.open(path)
            if try file.status().st_mode & S_IFMT == S_IFREG { return try file.read(count) }
        } catch {
            if error.code == ENOENT { return nil }
            throw Self.unreadable(error)
        }
        throw FileRefusal(message: "is not a regular file")
    }

    /// Refuses a path below a directory that users other than root and the caller can write.
    ///
    /// - Throws: the directory and its writers.
    public func checkDirectories(above path: String) throws(FileRefusal) {
        try FileOwnership.checkDirectories(above: path)
    }

    /// The device and the inode number of the file at `path`; `nil` if there is none.
    public func identity(of path: String) -> [UInt64]? { FileIdentity(path: path).map { [$0.device, $0.inode] } }

    /// The paths that match a pattern, glob(7).
    ///
    /// - Throws: `cannot be expanded`, if a directory cannot be read.
    public func paths(matching pattern: String) throws(FileRefusal) -> [String] {
        guard let paths = FileSystem.paths(matching: pattern) else {
            throw FileRefusal(message: "cannot be expanded: a directory cannot be read")
        }
        return paths
    }

    /// Opens a file for reading; a FIFO or a device is not waited for.
    private static func open(_ path: String) throws(SystemError) -> File {
        try File(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
    }

    /// The contents of a file, which may grow while it is read.
    private static func contents(of file: borrowing File, size: Int) throws(FileRefusal) -> [UInt8] {
        do throws(SystemError) {
            // One byte more than the size: the end of the file is found without a second buffer.
            var bytes = try file.read(size + 1)
            var isAtEnd = bytes.count <= size
            while !isAtEnd && bytes.count <= largest {
                let more = try file.read(chunk)
                bytes += more
                isAtEnd = more.count < chunk
            }
            if bytes.count <= largest { return bytes }
        } catch { throw unreadable(error) }
        throw tooLarge
    }

    private static var tooLarge: FileRefusal { FileRefusal(message: "is larger than 64 MiB, the limit") }

    private static func unreadable(_ error: SystemError) -> FileRefusal {
        FileRefusal(
            message: "cannot be read: \(HostCalls.text(ofError: error.code))",
            fault: [ENOENT, ENOTDIR].contains(error.code) ? .absent : .unreadable)
    }
}
