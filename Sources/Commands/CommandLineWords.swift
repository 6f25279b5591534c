internal import Addressing
internal import ArgumentParser
internal import Policies

/// The words of a command line: options of every command may stand before the command, too.
struct CommandLineWords {
    /// Whether a value follows an option that every command has or shares with most; `nil` for other words.
    static func takesValue(_ option: Substring) -> Bool? {
        switch option {
        case "--netns", "--state-dir", "--format", "--color": true
        case "--quiet", "-q", "--allow-insecure-permissions": false
        default: nil
        }
    }

    /// The options of the program itself.
    static let questions: Set<String> = ["--help", "-h", "--version"]

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
        guard let first = ordered.first else { return nil }
        guard !first.hasPrefix("-") else { return questionFault(first) }
        let isHelp = first == "help"
        guard let word = isHelp ? ordered.dropFirst().first : first, !word.hasPrefix("-") else { return nil }
        let names = Portreeve.commandNames + ["help"]
        if names.contains(word) { return isHelp || asksHelp ? nil : listFault ?? optionFault }
        if let advice = ForeignWord.advice(word) { return "unknown command \"\(word)\": \(advice)\n\(Self.list)" }
        let repair = (Self.completion(of: word, among: names) ?? Spelling.nearest(to: word, among: names)).map {
            ": did you mean \"\($0)\"?"
        }
        return "unknown command \"\(word)\"\(repair ?? "")\n\(Self.list)"
    }

    /// The only command that begins with `word`, as `status` does with `stat`; `nil` if there are several, or none.
    private static func completion(of word: String, among names: [String]) -> String? {
        let candidates = names.filter { $0.hasPrefix(word) }
        return word.count > 1 && candidates.count == 1 ? candidates[0] : nil
    }

    private var asksHelp: Bool { ordered.contains { ["--help", "-h"].contains($0) } }

    /// The message about a mistyped question such as `--verison`; `nil` for other options.
    private func questionFault(_ word: String) -> String? {
        guard word.hasPrefix("--"), !Self.questions.contains(word),
            let repair = Spelling.nearest(to: word, among: Self.questions)
        else { return nil }
        return "unknown option \"\(word)\": did you mean \"\(repair)\"?"
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

extension Portreeve {
    /// The names of all commands, hidden ones included.
    static var commandNames: [String] { configuration.subcommands.compactMap { $0.configuration.commandName } }
}
