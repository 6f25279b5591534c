internal import CLinux
internal import Glibc

/// An open file, closed when the value goes out of scope.
public struct File: ~Copyable, Sendable {
    /// The file descriptor.
    public let descriptor: Int32

    /// Opens the file at `path` with the flags and the mode of open(2); programs that are started do not inherit it.
    public init(_ path: String, _ flags: Int32, mode: UInt32 = 0) throws(SystemError) {
        let opened = unsafe open(path, flags | O_CLOEXEC, mode)
        guard opened >= 0 else { throw .last }
        descriptor = opened
    }

    /// Takes over an open descriptor.
    init(descriptor: Int32) { self.descriptor = descriptor }

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

    /// The bytes that a pipe has now, at most `count`; waits for the first, and is empty at the end.
    func readAvailable(_ count: Int) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        while true {
            let got = unsafe Glibc.read(descriptor, &bytes, count)
            if got >= 0 { return Array(bytes.prefix(got)) }
            if errno != EINTR { throw .last }
        }
    }

    /// Reads entries of the directory into `buffer`: getdents64(2); returns their length in bytes, 0 at the end.
    func readEntries(into buffer: inout [UInt8]) throws(SystemError) -> Int {
        let count = unsafe buffer.withUnsafeMutableBytes {
            unsafe shim_getdents64(descriptor, $0.baseAddress, $0.count)
        }
        guard count >= 0 else { throw .last }
        return count
    }

    /// Writes all of `bytes`.
    func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = try Self.write(rest, to: descriptor)
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

    /// Leaves the file open until the process ends.
    consuming func leaveOpen() { discard self }
}

/// Calls on descriptors that other code opened.
extension File {
    /// Writes as many of `bytes` as the file takes at once, and returns their number; `EINTR` is not an error.
    static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) throws(SystemError) -> Int {
        while true {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 { return count }
            if errno != EINTR { throw .last }
        }
    }

    /// Waits for one of `events`, at most this many milliseconds, or without limit if negative; returns the events that
    /// occurred, 0 for none: poll(2).
    static func wait(for events: Int32, on descriptor: Int32, milliseconds: Int32) throws(SystemError) -> Int32 {
        var request = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while unsafe poll(&request, 1, milliseconds) < 0 { if errno != EINTR { throw .last } }
        return Int32(request.revents)
    }

    /// Calls `body` with the target of a link, cut to `room` bytes; the path is relative to the directory `descriptor`.
    ///
    /// - Returns: the result of `body`; `nil` on failure, with the reason in `errno`.
    static func withLink<Result>(
        _ path: String, in descriptor: Int32, room: Int, _ body: (Span<UInt8>) -> Result
    ) -> Result? {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: room) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            let count = unsafe start.withMemoryRebound(to: CChar.self, capacity: room) {
                unsafe readlinkat(descriptor, path, $0, room)
            }
            return count < 0 ? nil : body(unsafe UnsafeBufferPointer(rebasing: buffer[..<count]).span)
        }
    }

    /// Opens a pipe; programs that are started inherit neither end.
    static func pipe() throws(SystemError) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [0, 0]
        guard unsafe Glibc.pipe(&ends) == 0 else { throw .last }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// Opens a file until the process ends, with the lowest free number; programs that are started inherit it.
    @discardableResult
    static func occupy(_ path: String, _ flags: Int32) -> Bool { unsafe open(path, flags) >= 0 }
}
