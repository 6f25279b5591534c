internal import ArgumentParser
internal import Policies

/// The words of a command line: options of every command may stand before the command, too.
struct CommandLineWords {
    /// The options that every command has or shares with most, and whether a value follows each.
    private static let shared = [
        "--netns": true, "--state-dir": true, "--format": true, "--color": true, "--quiet": false, "-q": false,
        "--allow-insecure-permissions": false,
    ]

    /// The words in the order that the parser expects: the command comes first.
    let ordered: [String]

    /// Puts the command before the options that precede it.
    init(_ words: [String]) {
        var command = 0
        while command < words.count, let hasValue = Self.shared[String(words[command].prefix { $0 != "=" })] {
            command += hasValue && !words[command].contains("=") ? 2 : 1
        }
        guard command < words.count, !words[command].hasPrefix("-") else {
            ordered = words
            return
        }
        ordered = [words[command]] + words[..<command] + words[(command + 1)...]
    }

    /// The message about a first word that is no command; `nil` if it is one, or an option.
    var fault: String? {
        guard let word = ordered.first, !word.hasPrefix("-") else { return nil }
        let names = Portreeve.configuration.commandNames
        guard word != "help", !names.contains(word) else { return nil }
        let repair = Spelling.nearest(to: word, among: names).map { ": did you mean \"\($0)\"?" } ?? ""
        return "unknown command \"\(word)\"\(repair)\n\"portreeve --help\" lists the commands"
    }
}

extension CommandLineWords {
    /// The message about an option that looks like a format of results, such as `--json`; `nil` if there is none.
    ///
    /// It is asked for where the parser has refused the command line.
    var formatFault: String? {
        let formats = OutputFormat.allCases.map(\.rawValue)
        for word in ordered where word.hasPrefix("--") && !word.contains("=") {
            guard let format = Spelling.nearest(to: String(word.dropFirst(2)), among: formats) else { continue }
            return "unknown option \"\(word)\": did you mean \"--format \(format)\"?"
        }
        return nil
    }
}

extension CommandConfiguration {
    /// The names of all commands, hidden ones included.
    fileprivate var commandNames: [String] {
        subcommands.compactMap { $0.configuration.commandName }
    }
}
