internal import Addressing
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

    /// The error that ended the reading before the last entry.
    private(set) var failure: SystemError?
    private let file: File
    private var buffer: [UInt8] = []
    private var rest = 0..<0

    /// The first and the largest size of a read, in bytes: the kernel makes an inode for each descriptor that it lists
    /// in `/proc`, and of the many descriptors of some processes only the first few matter.
    private static let (shortest, longest) = (1 << 10, 1 << 15)

    /// Opens the directory at `path`.
    init(_ path: String) throws(SystemError) { file = try File(path, O_RDONLY | O_DIRECTORY) }

    /// The next entry; `nil` at the end.
    mutating func next() -> Entry? { advance(Self.entry) }

    /// The next entry whose name is a number; `nil` at the end.
    mutating func nextNumber() -> Int32? {
        while let number = advance(Self.number) {
            if number >= 0 { return number }
        }
        return nil
    }

    /// The next entry, decoded by `read`; `nil` at the end.
    private mutating func advance<Value>(_ read: (Span<UInt8>) -> Value?) -> Value? {
        if rest.isEmpty { fill() }
        guard !rest.isEmpty else { return nil }
        let (value, length) = decodeFirst(read)
        // An entry of length 0 would be read forever.
        rest = length > 0 && length <= rest.count ? (rest.lowerBound + length)..<rest.upperBound : 0..<0
        return value
    }

    private func decodeFirst<Value>(_ read: (Span<UInt8>) -> Value?) -> (Value?, length: Int) {
        let bytes = buffer.span.extracting(rest)
        return (read(bytes), Self.length(of: bytes))
    }

    /// Reads the next entries, a larger part each time.
    private mutating func fill() {
        buffer = Array(repeating: 0, count: min(max(buffer.count * 2, Self.shortest), Self.longest))
        var length = 0
        do throws(SystemError) { length = try file.readEntries(into: &buffer) } catch { failure = error }
        rest = 0..<length
    }

    /// The target of the link with this number in the directory; `nil` on failure, with the reason in `errno`.
    func socket(numbered number: Int32) -> SocketLink? { SocketLink("\(number)", in: file.descriptor) }
}

/// Decodes the entries of `getdents64(2)`: on 64-bit systems their layout is that of `dirent`.
extension Directory {
    private static let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0

    private static func length(of bytes: Span<UInt8>) -> Int {
        guard let offset = MemoryLayout<dirent>.offset(of: \.d_reclen), bytes.count > nameOffset else { return 0 }
        return Int(bytes.number(at: offset, as: UInt16.self))
    }

    private static func entry(_ bytes: Span<UInt8>) -> Entry? {
        guard let inode = MemoryLayout<dirent>.offset(of: \.d_ino),
            let type = MemoryLayout<dirent>.offset(of: \.d_type), bytes.count > nameOffset
        else { return nil }
        return Entry(
            name: bytes.text(at: nameOffset), inode: bytes.number(at: inode),
            isDirectory: Int(bytes[type]) == Int(DT_DIR))
    }

    /// The name as a number; -1 if it is not one, or has too many digits for a descriptor or a process id.
    private static func number(_ bytes: Span<UInt8>) -> Int32? {
        var (number, index) = (Int32(0), nameOffset)
        while index < bytes.count, bytes[index] != 0 {
            let digit = Int32(bytes[index]) - Int32(UInt8(ascii: "0"))
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
    private static let prefix = Array("socket:[".utf8)

    /// Reads the link at `path`, relative to the directory `descriptor`; `nil` on failure, with the reason in `errno`.
    init?(_ path: String, in descriptor: Int32 = AT_FDCWD) {
        guard let link = File.withLink(path, in: descriptor, room: Self.longest, Self.init) else { return nil }
        self = link
    }

    /// Parses the text of a link.
    private init(_ bytes: Span<UInt8>) {
        self = .other
        let end = bytes.count - 1
        guard end > Self.prefix.count, bytes[end] == UInt8(ascii: "]"), bytes.hasPrefix(Self.prefix.span) else {
            return
        }
        var inode: UInt64 = 0
        for index in Self.prefix.count..<end {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return }
            inode = inode &* 10 &+ UInt64(digit)
        }
        self = .socket(inode)
    }
}
