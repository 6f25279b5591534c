internal import Glibc

/// The reason why a file was not read: the predicate of a sentence about the file.
struct FileRefusal: Error, Hashable {
    let message: String
}

/// The contents and the identity of a file.
struct OpenedFile {
    /// The contents.
    let bytes: [UInt8]
    /// The device and the inode number: two paths with the same identity name one file.
    let identity: [UInt64]
}

/// Reads whole regular files, and checks who can write them.
enum FileReading {
    /// The largest file that is read: 64 MiB, in bytes.
    static let largest = 64 << 20

    /// The contents of the file at `path`.
    ///
    /// All checks are made on the open descriptor, so that the file cannot be replaced between check and read.
    static func read(path: String, checksOwnership: Bool) throws(FileRefusal) -> OpenedFile {
        guard !path.isEmpty else { throw FileRefusal(message: "cannot be read: the path is empty") }
        // O_NONBLOCK: open must not wait for the other end of a FIFO or a device.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw FileRefusal(message: "cannot be read: \(SystemError.text(errno))") }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw FileRefusal(message: "cannot be read: \(SystemError.text(errno))")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let isDirectory = status.st_mode & S_IFMT == S_IFDIR
            throw FileRefusal(message: isDirectory ? "is a directory" : "is not a regular file")
        }
        if checksOwnership { try FileOwnership.check(status, path: path, descriptor: descriptor) }
        guard status.st_size <= largest else { throw tooLarge }
        let bytes = try contents(of: descriptor, expecting: Int(status.st_size))
        return OpenedFile(bytes: bytes, identity: [UInt64(status.st_dev), UInt64(status.st_ino)])
    }

    /// The identity of the file at `path`; `nil` where there is none.
    static func identity(of path: String) -> [UInt64]? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? [UInt64(status.st_dev), UInt64(status.st_ino)] : nil
    }

    /// The first `count` bytes of a regular file; `nil` if there is no file.
    static func start(of path: String, count: Int) throws(FileRefusal) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        if descriptor < 0 && errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw FileRefusal(message: "cannot be read: \(SystemError.text(errno))") }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw FileRefusal(message: "is not a regular file")
        }
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = unsafe max(0, Glibc.read(descriptor, buffer.baseAddress, count))
        }
    }

    /// The contents of standard input.
    static func readStandardInput() throws(FileRefusal) -> OpenedFile {
        OpenedFile(bytes: try contents(of: STDIN_FILENO, expecting: 0), identity: [])
    }

    private static var tooLarge: FileRefusal { FileRefusal(message: "is larger than 64 MiB, the limit") }

    private static func contents(of descriptor: Int32, expecting size: Int) throws(FileRefusal) -> [UInt8] {
        var bytes: [UInt8] = []
        // One byte more than the size: the read that finds the end of the file needs no second buffer.
        var room = max(size + 1, 16 << 10)
        while true {
            let chunk = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                count = unsafe max(-1, Glibc.read(descriptor, buffer.baseAddress, room))
                if count < 0 {
                    room = -1
                    count = 0
                }
            }
            if room < 0 {
                if errno == EINTR {
                    room = 16 << 10
                    continue
                }
                throw FileRefusal(message: "cannot be read: \(SystemError.text(errno))")
            }
            if chunk.isEmpty { return bytes }
            if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
            guard bytes.count <= largest else { throw tooLarge }
            room = bytes.count > size ? 64 << 10 : size + 1 - bytes.count
        }
    }
}
