internal import CLinux
internal import Glibc

/// An open directory that is read entry by entry; closed when the value goes out of scope.
struct Directory: ~Copyable {
    /// An entry of a directory: `getdents64(2)`.
    struct Entry {
        /// The name.
        let name: String
        /// The inode number.
        let inode: UInt64
        /// Whether it is a directory; `false` on file systems that do not report the type.
        let isDirectory: Bool
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var rest = 0..<0

    /// The first and the largest size of a read, in bytes: the kernel makes an inode for each descriptor that it lists
    /// in `/proc`, and of the many descriptors of some processes only the first few matter.
    private static let (shortest, longest) = (1 << 10, 1 << 15)

    /// Opens the directory at `path`; `nil` on failure, with the reason in `errno`.
    init?(_ path: String) {
        let opened = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0 else { return nil }
        descriptor = opened
    }

    deinit { close(descriptor) }

    /// The next entry; `nil` at the end.
    mutating func next() -> Entry? { unsafe advance(Self.entry) }

    /// The next entry whose name is a number; `nil` at the end.
    mutating func nextNumber() -> Int32? {
        while let number = unsafe advance(Self.number) {
            if number >= 0 { return number }
        }
        return nil
    }

    /// The next entry, decoded by `read`; `nil` at the end.
    @unsafe private mutating func advance<Value>(_ read: (UnsafeRawBufferPointer) -> Value?) -> Value? {
        if rest.isEmpty { fill() }
        guard !rest.isEmpty else { return nil }
        let (value, length) = unsafe buffer.withUnsafeBytes {
            let first = unsafe UnsafeRawBufferPointer(rebasing: $0[rest])
            return unsafe (read(first), Self.length(of: first))
        }
        // An entry of length 0 would be read forever.
        rest = length > 0 && length <= rest.count ? (rest.lowerBound + length)..<rest.upperBound : 0..<0
        return value
    }

    /// Reads the next entries, a larger part each time.
    private mutating func fill() {
        buffer = Array(repeating: 0, count: min(max(buffer.count * 2, Self.shortest), Self.longest))
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe shim_getdents64(descriptor, $0.baseAddress, $0.count)
        }
        rest = 0..<max(0, count)
    }

    /// The target of the link with this number in the directory; `nil` on failure, with the reason in `errno`.
    func socket(numbered number: Int32) -> SocketLink? { SocketLink("\(number)", in: descriptor) }
}

/// Decodes the entries of `getdents64(2)`: on 64-bit systems their layout is that of `dirent`.
extension Directory {
    private static let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0

    private static func length(of bytes: UnsafeRawBufferPointer) -> Int {
        guard let offset = MemoryLayout<dirent>.offset(of: \.d_reclen), bytes.count > nameOffset else { return 0 }
        return Int(unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    private static func entry(_ bytes: UnsafeRawBufferPointer) -> Entry? {
        guard let start = bytes.baseAddress, let inode = MemoryLayout<dirent>.offset(of: \.d_ino),
            let type = MemoryLayout<dirent>.offset(of: \.d_type), bytes.count > nameOffset
        else { return nil }
        let text = unsafe (start + nameOffset).assumingMemoryBound(to: CChar.self)
        return unsafe Entry(
            name: String(cString: text), inode: bytes.loadUnaligned(fromByteOffset: inode, as: UInt64.self),
            isDirectory: Int(bytes[type]) == Int(DT_DIR))
    }

    /// The name as a number; -1 if it is not one, or has too many digits for a descriptor or a process id.
    private static func number(_ bytes: UnsafeRawBufferPointer) -> Int32? {
        var (number, index) = (Int32(0), nameOffset)
        while index < bytes.count, unsafe bytes[index] != 0 {
            let digit = unsafe Int32(bytes[index]) - Int32(UInt8(ascii: "0"))
            let (tens, isTooLong) = number.multipliedReportingOverflow(by: 10)
            guard 0...9 ~= digit, !isTooLong, tens <= .max - digit else { return -1 }
            (number, index) = (tens + digit, index + 1)
        }
        return index > nameOffset ? number : -1
    }
}

/// The target of a link in `/proc/PID/fd`.
enum SocketLink: Equatable {
    /// The socket with this inode number: `socket:[4711]`, proc_pid_fd(5).
    case socket(UInt64)
    /// Anything else.
    case other

    /// The length of the longest link to a socket in bytes: `socket:[]` and twenty digits.
    static let longest = 29

    /// Reads the link at `path`, relative to the directory `descriptor`; `nil` on failure, with the reason in `errno`.
    init?(_ path: String, in descriptor: Int32 = AT_FDCWD) {
        let link = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Self.longest) { buffer -> Self? in
            guard let start = buffer.baseAddress else { return nil }
            let count = unsafe readlinkat(descriptor, path, start, buffer.count)
            return count < 0 ? nil : unsafe Self(UnsafeRawBufferPointer(start: start, count: count))
        }
        guard let link else { return nil }
        self = link
    }

    /// Parses the text of a link.
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
