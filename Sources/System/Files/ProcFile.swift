internal import Glibc

/// Reads small files whose size is not known before, as in `/proc`.
public enum ProcFile {
    /// The contents of the file at `path`; `nil` if it cannot be read, with `errno` saying why.
    public static func text(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while true {
            guard let chunk = chunk(of: descriptor) else { return nil }
            if chunk.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk
        }
    }

    private static func chunk(of descriptor: Int32) -> [UInt8]? {
        let room = 4096
        var code = 0
        let chunk = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            repeat { code = unsafe read(descriptor, buffer.baseAddress, room) } while code < 0 && errno == EINTR
            count = max(0, code)
        }
        return code < 0 ? nil : chunk
    }
}
