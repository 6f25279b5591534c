internal import Glibc

/// A program of the host that is run to its end.
struct ProgramRun {
    /// The exit status; 128 and more if a signal ended the program, as in a shell.
    let status: Int32
    /// What it wrote to the stream that was captured.
    let bytes: [UInt8]

    /// That as text.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The bytes of one read.
    private static let chunkLength = 64 << 10

    /// Runs the program at `path` without an environment and without input, at most this many milliseconds; the output
    /// on the other stream, and beyond `most` bytes, is dropped.
    ///
    /// - Throws: the error of the start; `ETIMEDOUT` if it was ended because its time was over.
    init(
        _ path: String, _ arguments: [String], capturing stream: StandardStream, within milliseconds: Int64,
        atMost most: Int = 1 << 20
    ) throws(SystemError) {
        let ends = try File.pipe()
        let output = File(descriptor: ends.reading)
        let number = try Self.spawn([path] + arguments, stream, to: File(descriptor: ends.writing))
        let end = Uptime.milliseconds + milliseconds
        let bytes = Self.read(output, most, until: end)
        if bytes == nil { kill(number, SIGKILL) }
        // A program that closes the stream may stay.
        let status = ProcessCalls.awaitEnd(of: number, killingAt: end)
        guard let bytes, let status else { throw SystemError(code: ETIMEDOUT) }
        (self.status, self.bytes) = (status, bytes)
    }

    /// Starts the program, and closes its end of the pipe here: the pipe then ends with the program.
    private static func spawn(
        _ words: [String], _ stream: StandardStream, to end: consuming File
    ) throws(SystemError) -> Int32 {
        try ProcessCalls.spawn(words[0], words, passing: end.descriptor, as: stream.rawValue)
    }

    /// The bytes until the program closes the pipe; `nil` if it does not in time.
    private static func read(_ output: borrowing File, _ most: Int, until end: Int64) -> [UInt8]? {
        var bytes: [UInt8] = []
        while true {
            let rest = Int32(clamping: max(0, end - Uptime.milliseconds))
            guard let events = try? File.wait(for: POLLIN, on: output.descriptor, milliseconds: rest), events != 0,
                let chunk = try? output.readAvailable(chunkLength)
            else { return nil }
            guard !chunk.isEmpty else { return bytes }
            bytes += chunk.prefix(most - bytes.count)
        }
    }
}
