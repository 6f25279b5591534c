internal import Addressing
internal import ArgumentParser
internal import Policies

/// The words of a command line: options of every command may stand before the command, too.
struct CommandLineWords {
    /// Whether a value follows an option that every command has or shares with most; `nil` for other words.
    private static func takesValue(_ option: Substring) -> Bool? {
        switch option {
        case "--netns", "--state-dir", "--format", "--color": true
        case "--quiet", "-q", "--allow-insecure-permissions": false
        default: nil
        }
    }

    /// The options of the program itself.
    private static let questions: Set<String> = ["--help", "-h", "--version"]

    /// The words in the order that the parser expects: the command comes first.
    let ordered: [String]
    /// The options before the place where a command is missing; `nil` if it is not.
    private let optionsAlone: [String]?

    /// Puts the command before the options that precede it.
    init(_ words: [String]) {
        var command = 0
        while command < words.count, let hasValue = Self.takesValue(words[command].prefix { $0 != "=" }) {
            command += hasValue && !words[command].contains("=") ? 2 : 1
        }
        guard command < words.count, !words[command].hasPrefix("-") else {
            let rest = words.dropFirst(command)
            let isQuestion = rest.first.map(Self.questions.contains) ?? false
            ordered = isQuestion ? Array(rest) : words
            optionsAlone = command == 0 || isQuestion ? nil : Array(words.prefix(command))
            return
        }
        optionsAlone = nil
        ordered = [words[command]] + words[..<command] + words[(command + 1)...]
    }

    /// The message about a first word that is no command; `nil` if it is one, or an option.
    var fault: String? {
        if let optionsAlone {
            return "a command is missing after \"\(optionsAlone.joined(separator: " "))\"\n\(Self.list)"
        }
        guard let first = ordered.first, !first.hasPrefix("-") else { return nil }
        let isHelp = first == "help"
        guard let word = isHelp ? ordered.dropFirst().first : first, !word.hasPrefix("-") else { return nil }
        let names = Portreeve.commandNames + ["help"]
        if names.contains(word) { return isHelp ? nil : listFault ?? sourceFault }
        if let advice = ForeignWord.advice(word) { return "unknown command \"\(word)\": \(advice)\n\(Self.list)" }
        let repair = Spelling.nearest(to: word, among: names).map { ": did you mean \"\($0)\"?" } ?? ""
        return "unknown command \"\(word)\"\(repair)\n\(Self.list)"
    }

    private static let list = "\"portreeve --help\" lists the commands"

    /// The message about `ban --list` and its like; `nil` for other words.
    private var listFault: String? {
        guard let command = ordered.first, ordered.contains("--list"),
            ["ban", "unban", "grant", "revoke"].contains(command)
        else { return nil }
        return "\(command) has no --list: \"portreeve status\" lists the grants and the bans"
    }
}

extension CommandLineWords {
    /// The message about `grant ssh 192.0.2.7`, whose address lacks its option; `nil` for other words.
    private var sourceFault: String? {
        guard let command = ordered.first, ["grant", "revoke"].contains(command),
            !ordered.contains(where: { $0 == "--from" || $0.hasPrefix("--from=") })
        else { return nil }
        let words = ordered.dropFirst().filter { !$0.hasPrefix("-") }
        guard let address = words.first(where: { (try? AddressRange($0)) != nil }) else { return nil }
        let service = words.first { $0 != address } ?? "SERVICE"
        let rest = command == "grant" ? " --for 1h --why TEXT" : ""
        return "the address needs --from: \"portreeve \(command) \(service) --from \(address)\(rest)\""
    }

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

extension Portreeve {
    /// The names of all commands, hidden ones included.
    static var commandNames: [String] { configuration.subcommands.compactMap { $0.configuration.commandName } }
}
