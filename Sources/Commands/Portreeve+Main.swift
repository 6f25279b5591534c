internal import ArgumentParser
internal import Glibc
internal import Printing
internal import System

extension Portreeve {
    /// Parses the arguments, runs the command, and ends the process.
    ///
    /// Replaces the parser's own `main`, which reads `/proc` and exits 0 if its text cannot be written.
    public static func main(words arguments: [String]) -> Never {
        StandardStream.occupy()
        Signals.ignoreFailedWrites()
        // Inventory and package tools ask for this often, and the parser is slower than the start of the process.
        if arguments == ["--version"] { end(saying: configuration.version, to: .output, ExitStatus.success.rawValue) }
        if arguments.first == NameProcess.command { NameProcess.run(Array(arguments.dropFirst())) }
        let words = CommandLineWords(arguments)
        if let fault = words.fault {
            end(saying: "portreeve: \(fault.printableLines())", to: .error, ExitStatus.usage.rawValue)
        }
        do {
            var command = try parse(words)
            try command.run()
        } catch {
            let code = exitCode(for: error)
            end(saying: fullMessage(for: error), to: code.isSuccess ? .output : .error, code.rawValue)
        }
        Glibc.exit(ExitStatus.success.rawValue)
    }

    private static func parse(_ words: CommandLineWords) throws -> any ParsableCommand {
        do { return try parseAsRoot(words.ordered) } catch {
            if !exitCode(for: error).isSuccess, let fault = words.formatFault {
                end(saying: "portreeve: \(fault.printableLines())", to: .error, ExitStatus.usage.rawValue)
            }
            throw error
        }
    }

    private static func end(saying text: String, to stream: StandardStream, _ status: Int32) -> Never {
        if !text.isEmpty { stream.put((stream.columns.map(text.wrapped) ?? text) + "\n") }
        Glibc.exit(status)
    }
}

extension StandardStream {
    /// Writes all of `text`; ends the process with a message and a failure if that is not possible.
    func put(_ text: String) {
        do throws(KernelError) { try write(text) } catch {
            if self != .error { try? StandardStream.error.write("portreeve: \(error)\n") }
            Glibc.exit(ExitStatus.failure.rawValue)
        }
    }
}
