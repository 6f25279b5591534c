internal import Glibc

/// A program of the host that is run to its end.
struct ProgramRun {
    /// The exit status; 128 and more if a signal ended the program, as in a shell.
    let status: Int32
    /// The text that it wrote to the stream that was captured.
    let text: String

    /// The most bytes of that text.
    private static let longest = 1 << 20
    /// The bytes of one read.
    private static let chunkLength = 4096

    /// Runs the program at `path` without an environment and without input, at most this many milliseconds; the output
    /// on the other stream is dropped.
    ///
    /// - Throws: the error of the start; `ETIMEDOUT` if it was ended because its time was over.
    init(
        _ path: String, _ arguments: [String], capturing stream: StandardStream, within milliseconds: Int64
    ) throws(SystemError) {
        let ends = try File.pipe()
        let output = File(descriptor: ends.reading)
        let number = try Self.spawn([path] + arguments, stream, to: File(descriptor: ends.writing))
        let text = Self.read(output, until: Uptime.milliseconds + milliseconds)
        if text == nil { kill(number, SIGKILL) }
        status = ProcessCalls.awaitEnd(of: number)
        guard let text else { throw SystemError(code: ETIMEDOUT) }
        self.text = text
    }

    /// Starts the program, and closes its end of the pipe here: the pipe then ends with the program.
    private static func spawn(
        _ words: [String], _ stream: StandardStream, to end: consuming File
    ) throws(SystemError) -> Int32 {
        try ProcessCalls.spawn(words[0], words, passing: end.descriptor, as: stream.rawValue)
    }

    /// The text until the program closes the pipe; `nil` if it does not in time.
    private static func read(_ output: borrowing File, until end: Int64) -> String? {
        var text: [UInt8] = []
        while true {
            let rest = Int32(clamping: max(0, end - Uptime.milliseconds))
            guard let events = try? File.wait(for: POLLIN, on: output.descriptor, milliseconds: rest), events != 0,
                let chunk = try? output.readAvailable(chunkLength)
            else { return nil }
            guard !chunk.isEmpty else { return String(decoding: text, as: UTF8.self) }
            text += chunk.prefix(longest - text.count)
        }
    }
}
