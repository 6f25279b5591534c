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
        if arguments.count == 1, Self.versionWords.contains(arguments[0]) {
            end(saying: configuration.version, to: .output, ExitStatus.success.rawValue)
        }
        if arguments.first == NameProcess.command { NameProcess.run(Array(arguments.dropFirst())) }
        let words = CommandLineWords(arguments)
        do {
            var command = try parse(words)
            try command.run()
        } catch let status as ExitCode {
            // The parser would compose its help first, and find nothing to say.
            Glibc.exit(status.rawValue)
        } catch {
            let (code, message) = (exitCode(for: error), printedMessage(for: error))
            let text = code == .validationFailure ? Invocation(words).completing(message) : message
            end(saying: text, to: code.isSuccess ? .output : .error, code.rawValue)
        }
        Glibc.exit(ExitStatus.success.rawValue)
    }

    /// The ways to ask for the version that other programs have.
    private static let versionWords: Set<String> = ["--version", "-V", "-v", "version"]

    /// The parser's message, with the prefix of all messages instead of its own.
    static func printedMessage(for error: any Error) -> String {
        let (text, prefix) = (fullMessage(for: error), "Error: ")
        guard text.hasPrefix(prefix) else { return text }
        return "portreeve: \(ParserMessage.plain(text.dropFirst(prefix.count)))"
    }

    private static func parse(_ words: CommandLineWords) throws -> any ParsableCommand {
        if let command = parseDirectly(words) { return command }
        if let fault = words.fault {
            refuse(fault, words)
        }
        do { return try parseAsRoot(words.ordered) } catch {
            if !exitCode(for: error).isSuccess, let fault = words.formatFault {
                refuse(fault, words)
            }
            throw error
        }
    }

    /// The command that the first word names, parsed without all the others, which saves time at every start; `nil` if the words
    /// ask for help or have a fault: only the whole program's parser knows the usage.
    private static func parseDirectly(_ words: CommandLineWords) -> (any ParsableCommand)? {
        guard let name = words.ordered.first,
            let type = configuration.subcommands.first(where: { $0.configuration.commandName == name }),
            let command = try? type.parseAsRoot(Array(words.ordered.dropFirst())), Swift.type(of: command) == type
        else { return nil }
        return command
    }

    private static func refuse(_ fault: String, _ words: CommandLineWords) -> Never {
        let text = Invocation(words).completing(fault.printableLines())
        end(saying: "portreeve: \(text)", to: .error, ExitStatus.usage.rawValue)
    }

    private static func end(saying text: String, to stream: StandardStream, _ status: Int32) -> Never {
        if !text.isEmpty { stream.put((stream.columns.map(text.wrapped) ?? text) + "\n") }
        Glibc.exit(status)
    }
}

extension StandardStream {
    /// Writes all of `text`; ends the process with a failure if that is not possible, and with a message unless its reader has
    /// ended: a change is not made then, or its outcome is lost, so that a command that makes one reports that, too.
    ///
    /// `consequence` is added to the message.
    func put(_ text: String, reportsReader: Bool = false, consequence: String = "") {
        do throws(KernelError) { try write(text) } catch {
            // A reader such as head(1) has all that it wants; other failures lose a result.
            let isRead = self == .output && error.code == EPIPE && !reportsReader
            if self != .error, !isRead { try? StandardStream.error.write("portreeve: \(error)\(consequence)\n") }
            Glibc.exit(ExitStatus.failure.rawValue)
        }
    }
}
