internal import Addressing
internal import CLinux
internal import Glibc

/// The access control list of a file, acl(5), as the kernel keeps it in `system.posix_acl_access`.
struct AccessControlList {
    /// An entry: `struct posix_acl_xattr_entry` of `linux/posix_acl_xattr.h`, each number least significant byte first.
    private struct Entry {
        let tag: UInt16
        let permissions: UInt16
        let id: UInt32
    }

    private let entries: [Entry]

    /// The tags of `linux/posix_acl.h`, which is not installed for programs.
    private enum Tag {
        static let user: UInt16 = 0x02
        static let ownGroup: UInt16 = 0x04
        static let group: UInt16 = 0x08
        static let mask: UInt16 = 0x10
        static let other: UInt16 = 0x20
    }

    private static let write: UInt16 = 2
    private static let (headerLength, entryLength) = (4, 8)
    /// More than the file systems store, in bytes.
    private static let room = 1 << 16

    /// Decodes the attribute; `nil` if it has another length than its entries.
    init?(_ bytes: [UInt8]) {
        let body = bytes.dropFirst(Self.headerLength)
        guard bytes.count >= Self.headerLength, body.count % Self.entryLength == 0 else { return nil }
        let span = bytes.span
        entries = stride(from: Self.headerLength, to: bytes.count, by: Self.entryLength).map { offset in
            Entry(
                tag: UInt16(littleEndian: span.number(at: offset)),
                permissions: UInt16(littleEndian: span.number(at: offset + 2)),
                id: UInt32(littleEndian: span.number(at: offset + 4)))
        }
    }

    /// The list of the file at `path`, of a link itself; `nil` for none.
    ///
    /// - Throws: the error of the system call.
    static func read(_ path: String) throws(SystemError) -> Self? {
        try unsafe read { unsafe shim_acl(path, $0.baseAddress, $0.count) }
    }

    /// The list of an open file; `nil` for none.
    ///
    /// - Throws: the error of the system call.
    static func read(_ file: borrowing File) throws(SystemError) -> Self? {
        let descriptor = file.descriptor
        return try unsafe read { unsafe shim_acl_of(descriptor, $0.baseAddress, $0.count) }
    }

    private static func read(_ call: (UnsafeMutableRawBufferPointer) -> Int) throws(SystemError) -> Self? {
        // Most files have none, which a call without room says as well.
        var length = unsafe call(UnsafeMutableRawBufferPointer(start: nil, count: 0))
        var bytes: [UInt8] = []
        if length >= 0 {
            bytes = [UInt8](repeating: 0, count: room)
            length = unsafe bytes.withUnsafeMutableBytes { unsafe call($0) }
        }
        guard length >= 0 else {
            // No list, or a file system without lists.
            if [ENODATA, EOPNOTSUPP, ENOSYS].contains(errno) { return nil }
            throw .last
        }
        guard let list = Self(Array(bytes.prefix(length))) else { throw .malformed("an access control list") }
        return list
    }

    /// The user or the group beside the owner and root that can write; `nil` for none.
    ///
    /// - Parameters:
    ///   - user: the effective user.
    ///   - group: the group of the file.
    /// - Returns: the user or the group in words.
    func writer(beside user: UInt32, group: UInt32) -> String? {
        let mask = entries.first { $0.tag == Tag.mask }?.permissions ?? Self.write
        for entry in entries where entry.permissions & Self.write != 0 {
            switch entry.tag {
            case Tag.other: return "everyone"
            case Tag.user where mask & Self.write != 0 && entry.id != 0 && entry.id != user: return "user \(entry.id)"
            case Tag.group where mask & Self.write != 0 && entry.id != 0: return "group \(entry.id)"
            case Tag.ownGroup where mask & Self.write != 0 && group != 0: return "group \(group)"
            default: break
            }
        }
        return nil
    }
}
