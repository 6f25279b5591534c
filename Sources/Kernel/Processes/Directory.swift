internal import Glibc

/// An open directory whose entries are read one by one, closed when it goes out of scope.
@safe struct Directory: ~Copyable {
    /// What a directory says of an entry.
    struct Entry {
        /// The name.
        let name: String
        /// The inode number.
        let inode: UInt64
        /// Whether it is a directory, as far as the file system says so here.
        let isDirectory: Bool
    }

    private let stream: OpaquePointer

    /// Opens the directory at `path`; fails with `errno` saying why.
    init?(_ path: String) {
        guard let stream = unsafe opendir(path) else { return nil }
        unsafe self.stream = stream
    }

    deinit { _ = unsafe closedir(stream) }

    /// The next entry; `nil` at the end.
    func next() -> Entry? {
        guard let entry = unsafe readdir(stream) else { return nil }
        guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return nil }
        let name = unsafe UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self)
        return unsafe Entry(
            name: String(cString: name), inode: UInt64(entry.pointee.d_ino),
            isDirectory: Int(entry.pointee.d_type) == Int(DT_DIR))
    }

    /// What a link of this directory leads to, without the directory's path; `nil` with `errno` saying why.
    func socket(named name: String) -> SocketLink? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: SocketLink.longest) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            let count = unsafe readlinkat(dirfd(stream), name, start, buffer.count)
            return count < 0 ? nil : unsafe SocketLink(UnsafeRawBufferPointer(start: start, count: count))
        }
    }
}

/// What a link in `/proc/PID/fd` leads to.
enum SocketLink: Equatable {
    /// The socket with this inode number: `socket:[4711]`, as `man 5 proc_pid_fd` has it.
    case socket(UInt64)
    /// Anything else.
    case other

    /// The length of the longest link to a socket: `socket:[]` and twenty digits.
    static let longest = 29

    /// Reads the text of a link.
    init(_ bytes: UnsafeRawBufferPointer) {
        let prefix: StaticString = "socket:["
        self = .other
        guard bytes.count > prefix.utf8CodeUnitCount + 1, unsafe bytes.last == UInt8(ascii: "]") else { return }
        for index in 0..<prefix.utf8CodeUnitCount where unsafe bytes[index] != prefix.utf8Start[index] { return }
        var inode: UInt64 = 0
        for index in prefix.utf8CodeUnitCount..<(bytes.count - 1) {
            let digit = unsafe bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return }
            inode = inode &* 10 &+ UInt64(digit)
        }
        self = .socket(inode)
    }
}
