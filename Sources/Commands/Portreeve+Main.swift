internal import ArgumentParser
internal import Glibc
internal import System

extension Portreeve {
    /// Does what the words after the program's name say, and ends the process.
    ///
    /// In the place of the parser's own, which takes the words from `/proc` and exits 0 where its text could not be written.
    public static func main(words arguments: [String]) -> Never {
        StandardStream.occupy()
        Signals.ignoreFailedWrites()
        // Asked by every inventory and package tool, and the parser takes longer to get there than the process to start.
        if arguments == ["--version"] { end(saying: configuration.version, to: .output, ExitStatus.success.rawValue) }
        do {
            var command = try parseAsRoot(arguments)
            try command.run()
        } catch {
            let code = exitCode(for: error)
            end(saying: fullMessage(for: error), to: code.isSuccess ? .output : .error, code.rawValue)
        }
        Glibc.exit(ExitStatus.success.rawValue)
    }

    private static func end(saying text: String, to stream: StandardStream, _ status: Int32) -> Never {
        if !text.isEmpty { stream.put(text + "\n") }
        Glibc.exit(status)
    }
}

extension StandardStream {
    /// Writes all of `text`, or says that it could not be written and ends the process: never in silence, never with success.
    func put(_ text: String) {
        do throws(KernelError) { try write(text) } catch {
            if self != .error { try? StandardStream.error.write("portreeve: \(error)\n") }
            Glibc.exit(ExitStatus.failure.rawValue)
        }
    }
}
