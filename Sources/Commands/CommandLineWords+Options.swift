internal import Addressing
internal import ArgumentParser
internal import Policies
internal import Printing

/// Guesses at a command line that the parser refuses: an option that is missing, too many, or called otherwise.
extension CommandLineWords {
    /// The message about such an option; `nil` if there is none.
    var optionFault: String? {
        shortFault ?? negativeFault ?? longFault ?? synonymFault ?? needlessFault ?? sourceFault ?? timeFault
            ?? missingFault ?? foreignFault ?? operandFault
    }

    /// The options of commands that are named by other words elsewhere.
    private static let synonyms = [
        "--reason": "--why", "--comment": "--why", "--because": "--why", "--description": "--why",
        "--duration": "--for", "--time": "--for", "--timeout": "--for", "--until": "--for",
    ]

    /// The message about `-v`, and about `-f policy.yaml`; `nil` for other words.
    private var shortFault: String? {
        guard let command = ordered.first.flatMap(Portreeve.command) else { return nil }
        let verbose = ordered.map { $0 == "-v" ? "--verbose" : $0 }
        if verbose != ordered, (try? Portreeve.parseAsRoot(verbose)) != nil {
            return "unknown option \"-v\": did you mean \"--verbose\"?"
        }
        // explain --policy is about the policy alone.
        guard command is any PolicyCommand.Type, command != Explain.self,
            let place = ordered.firstIndex(where: { ["-f", "--file", "--policy", "--config"].contains($0) })
        else { return nil }
        let path = ordered.dropFirst(place + 1).first { !$0.hasPrefix("-") } ?? "POLICY"
        let words = ordered[..<place] + [path.shellWord]
        return "the policy needs no option: \"portreeve \(words.joined(separator: " "))\""
    }

    /// The message about `--reason`; `nil` for commands without such an option.
    private var synonymFault: String? {
        guard let command = ordered.first, ["ban", "grant"].contains(command) else { return nil }
        for word in ordered {
            let option = String(word.prefix { $0 != "=" })
            guard let meant = Self.synonyms[option] else { continue }
            return "unknown option \"\(option)\": did you mean \"\(meant)\"?"
        }
        return nil
    }

    /// The message about `--for -2h`, which the parser takes for two options; `nil` for other words.
    private var negativeFault: String? {
        zip(ordered, ordered.dropFirst()).lazy.compactMap { option, word in
            option.hasPrefix("--") ? TimeSpan.negativeFault(word) : nil
        }.first
    }

    /// The message about `--for 400d`, which is meant for good; `nil` for other words.
    private var longFault: String? {
        guard let command = ordered.first, ["ban", "grant"].contains(command), let span = value(of: "--for"),
            TimeSpan.isTooLong(span)
        else { return nil }
        let key = command == "ban" ? "\"deny\"" : "\"from\" of the service"
        return "--for \(span) is too long, \(TimeSpan.longest.text) at most: "
            + "for good, add the address to \(key) with \"portreeve edit\""
    }

    /// The message about `ban --from 192.0.2.7`; `nil` for other words.
    private var needlessFault: String? {
        guard let command = ordered.first, ["ban", "unban"].contains(command),
            let place = ordered.firstIndex(where: { $0 == "--from" || $0.hasPrefix("--from=") })
        else { return nil }
        let inOne = ordered[place].split(separator: "=", maxSplits: 1).dropFirst().first.map(String.init)
        let next = ordered.dropFirst(place + 1).first { !$0.hasPrefix("-") }
        return "the address needs no option: \"portreeve \(command) \(inOne ?? next ?? "ADDRESS")\(rest(of: command))\""
    }

    /// The message about `grant ssh 192.0.2.7`, whose address lacks its option; `nil` for other words.
    private var sourceFault: String? {
        guard let command = ordered.first, ["grant", "revoke"].contains(command), !has("--from") else { return nil }
        let words = operands
        guard let address = words.first(where: { (try? AddressRange($0)) != nil }) else { return nil }
        let service = words.first { $0 != address } ?? "SERVICE"
        return "the address needs --from: \"portreeve \(command) \(service) --from \(address)\(rest(of: command))\""
    }

    /// The message about `ban 192.0.2.7 1h`, whose time lacks its option; `nil` for other words.
    private var timeFault: String? {
        guard let command = ordered.first, ["ban", "grant"].contains(command), !has("--for"),
            operands.count > 1, operands.contains(where: { TimeSpan($0) != nil })
        else { return nil }
        let subject = command == "ban" ? operands[0] : "\(operands[0]) --from \(value(of: "--from") ?? "ADDRESS")"
        return "the time needs --for: \"portreeve \(command) \(subject)\(rest(of: command))\""
    }

    /// The message that names every missing word of `ban` and `grant`, where the parser names one, or where the missing one of
    /// their opposites is listed; `nil` for other words.
    private var missingFault: String? {
        switch ordered.first {
        case "revoke" where operands.isEmpty: return "revoke lacks the service: \"portreeve status\" lists the grants"
        case "unban" where operands.isEmpty: return "unban lacks the address: \"portreeve status\" lists the bans"
        default: break
        }
        guard let command = ordered.first, ["ban", "grant"].contains(command) else { return nil }
        let (subject, word) = command == "ban" ? ("the address", "ADDRESS") : ("the service", "SERVICE")
        let options =
            (command == "ban" ? [] : [("--from", "ADDRESS", "ADDRESS")])
            + [("--for", "TIME", "1h"), ("--why", "TEXT", "TEXT")]
        let missing = (operands.isEmpty ? [subject] : []) + options.filter { !has($0.0) }.map { "\($0.0) \($0.1)" }
        guard !missing.isEmpty else { return nil }
        let line =
            (operands.isEmpty ? [word] : operands.map(\.shellWord))
            + options.map { "\($0.0) \(value(of: $0.0)?.shellWord ?? $0.2)" }
        return
            "\(command) lacks \(missing.joined(conjunction: "and")): \"portreeve \(command) \(line.joined(separator: " "))\""
    }

    /// The message about an option that another command has, as in `plan --yes`; `nil` for other words.
    private var foreignFault: String? {
        switch ordered.first {
        case "plan" where has("--dry-run") || has("-n"):
            "plan changes nothing, and has no --dry-run: \"portreeve plan\""
        case "plan" where has("--yes") || has("-y") || has("--confirm"):
            "plan changes nothing: \"portreeve apply --confirm 2m\" makes the change"
        case "apply" where has("--out"): "apply saves no plan: \"portreeve plan --out FILE\" does"
        default: nil
        }
    }

    /// The message about `history 3` and `rollback --to 3`, and about a word for a command that takes none; `nil` for other words.
    private var operandFault: String? {
        guard let command = ordered.first, let word = operands.first else { return nil }
        let isNumber = word.allSatisfy(\.isNumber)
        switch command {
        case "history" where isNumber && !has("--show"):
            return "the number needs --show: \"portreeve history --show \(word)\""
        case "rollback" where isNumber && has("--to"):
            return "the number needs no option: \"portreeve rollback \(word)\""
        case "confirm" where isNumber: return "confirm takes no number: at most one change is pending"
        case "refresh" where MissingPolicy.isPath(word):
            return "refresh takes no policy: it reads the lists of the policy that was applied"
        default: return nil
        }
    }

    /// The options that a proposed command needs, too, with the time that was given as a word of its own.
    private func rest(of command: String) -> String {
        guard ["ban", "grant"].contains(command) else { return "" }
        let time = value(of: "--for") ?? operands.first { TimeSpan($0) != nil } ?? "1h"
        return " --for \(time) --why TEXT"
    }

    private func has(_ option: String) -> Bool { ordered.contains { $0 == option || $0.hasPrefix("\(option)=") } }

    func value(of option: String) -> String? {
        if let word = ordered.first(where: { $0.hasPrefix("\(option)=") }) {
            return String(word.dropFirst(option.count + 1))
        }
        return ordered.firstIndex(of: option).flatMap { ordered.dropFirst($0 + 1).first }.flatMap {
            $0.hasPrefix("-") ? nil : $0
        }
    }

    /// The words after the command that are neither options nor their values.
    private var operands: [String] {
        var (words, isValue) = ([String](), false)
        for word in ordered.dropFirst() {
            if word.hasPrefix("-") {
                isValue = ["--for", "--why", "--from"].contains(word) || Self.takesValue(word[...]) == true
            } else if isValue {
                isValue = false
            } else {
                words.append(word)
            }
        }
        return words
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
