internal import Glibc

/// An open file, closed when the value goes out of scope.
struct File: ~Copyable {
    /// The file descriptor.
    let descriptor: Int32

    /// Opens the file at `path` with the flags and the mode of open(2); programs that are started do not inherit it.
    init(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(SystemError) {
        descriptor = unsafe open(path, flags | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw .last }
    }

    deinit { Glibc.close(descriptor) }

    /// The attributes of the file: fstat(2).
    func status() throws(SystemError) -> stat {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .last }
        return status
    }

    /// The next bytes, at most `count`; fewer only at the end of the file.
    func read(_ count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let start = unsafe buffer.baseAddress?.advanced(by: filled)
                let got = unsafe Glibc.read(descriptor, start, count - filled)
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failure = .last }
                guard got > 0 else { return }
                filled += got
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes all of `bytes`.
    func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .last }
            rest = rest.dropFirst(count)
        }
    }

    /// Flushes the file to the disk: fsync(2).
    func flush() throws(SystemError) {
        while fsync(descriptor) != 0 { if errno != EINTR { throw .last } }
    }

    /// Closes the file; some file systems report failed writes only here.
    consuming func close() throws(SystemError) {
        let descriptor = descriptor
        discard self
        guard Glibc.close(descriptor) == 0 else { throw .last }
    }
}
