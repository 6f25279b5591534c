internal import Glibc

/// What proc(5) and cgroups(7) tell, read without a shell and without Foundation.
enum ProcessFiles {
    /// The longest file that is read here: more than a kernel prints of a process's status.
    private static let longest = 1 << 16

    /// The names in a directory, or the error number.
    static func names(in path: String) -> Result<[String], SystemError> {
        guard let directory = unsafe opendir(path) else { return .failure(.last) }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return .success(names)
    }

    /// What a symbolic link says, or the error number.
    static func target(of path: String) -> Result<String, SystemError> {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe bytes.withUnsafeMutableBytes { raw in
            guard let start = raw.baseAddress else { return -1 }
            return unsafe readlink(path, start.assumingMemoryBound(to: CChar.self), raw.count)
        }
        return count < 0 ? .failure(.last) : .success(String(decoding: bytes[..<count], as: UTF8.self))
    }

    /// What a small file holds; `nil` if it cannot be read.
    static func text(of path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var (text, bytes) = ([UInt8](), [UInt8](repeating: 0, count: longest))
        while true {
            let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return count == 0 ? String(decoding: text, as: UTF8.self) : nil }
            text += bytes[..<count]
        }
    }

    /// The inode number of a directory; `nil` if it is none.
    static func directoryInode(_ path: String) -> UInt64? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
        return UInt64(status.st_ino)
    }

    /// The name of a user; the number where there is no name.
    static func userName(_ id: UInt32) -> String {
        var (record, result): (passwd, UnsafeMutablePointer<passwd>?) = unsafe (passwd(), nil)
        var buffer = [CChar](repeating: 0, count: longest)
        let code = unsafe getpwuid_r(id, &record, &buffer, buffer.count, &result)
        guard code == 0, unsafe result != nil, let name = unsafe record.pw_name else { return "\(id)" }
        return unsafe String(cString: name)
    }
}
