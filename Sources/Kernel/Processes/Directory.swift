internal import CLinux
internal import Glibc

/// An open directory whose entries are read one by one, closed when it goes out of scope.
struct Directory: ~Copyable {
    /// What a directory says of an entry.
    struct Entry {
        /// The name.
        let name: String
        /// The inode number.
        let inode: UInt64
        /// Whether it is a directory, as far as the file system says so here.
        let isDirectory: Bool
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var rest = 0..<0

    /// How much is read at first and at most: the kernel makes an inode for each descriptor that it lists in `/proc`,
    /// and of the many that some processes have only the first few are of interest.
    private static let (shortest, longest) = (1 << 10, 1 << 15)

    /// Opens the directory at `path`; fails with `errno` saying why.
    init?(_ path: String) {
        let opened = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0 else { return nil }
        descriptor = opened
    }

    deinit { close(descriptor) }

    /// The next entry; `nil` at the end.
    mutating func next() -> Entry? {
        if rest.isEmpty { fill() }
        guard !rest.isEmpty else { return nil }
        let (entry, length) = unsafe buffer[rest].withUnsafeBytes { unsafe Self.first(of: $0) }
        // A length of 0 would be read for ever.
        rest = length > 0 && length <= rest.count ? (rest.lowerBound + length)..<rest.upperBound : 0..<0
        return entry
    }

    /// Reads the next entries, more each time.
    private mutating func fill() {
        buffer = Array(repeating: 0, count: min(max(buffer.count * 2, Self.shortest), Self.longest))
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe shim_getdents64(descriptor, $0.baseAddress, $0.count)
        }
        rest = 0..<max(0, count)
    }

    /// The entry at the start of what `getdents64(2)` returned, and its length: on 64 bits its layout is `dirent`'s.
    private static func first(of bytes: UnsafeRawBufferPointer) -> (entry: Entry?, length: Int) {
        guard let start = bytes.baseAddress, let inode = MemoryLayout<dirent>.offset(of: \.d_ino),
            let length = MemoryLayout<dirent>.offset(of: \.d_reclen),
            let type = MemoryLayout<dirent>.offset(of: \.d_type),
            let name = MemoryLayout<dirent>.offset(of: \.d_name), bytes.count > name
        else { return (nil, 0) }
        let text = unsafe (start + name).assumingMemoryBound(to: CChar.self)
        let entry = unsafe Entry(
            name: String(cString: text), inode: bytes.loadUnaligned(fromByteOffset: inode, as: UInt64.self),
            isDirectory: Int(bytes[type]) == Int(DT_DIR))
        return (entry, Int(unsafe bytes.loadUnaligned(fromByteOffset: length, as: UInt16.self)))
    }

    /// What a link of this directory leads to, without the directory's path; `nil` with `errno` saying why.
    func socket(named name: String) -> SocketLink? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: SocketLink.longest) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            let count = unsafe readlinkat(descriptor, name, start, buffer.count)
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
