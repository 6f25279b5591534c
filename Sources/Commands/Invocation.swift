internal import ArgumentParser
internal import Auditing
internal import Changes
internal import Policies
internal import Printing

/// A command that reads a policy.
protocol PolicyCommand {
    /// The options of the policy.
    var policy: PolicyOptions { get }
    /// The policy that the words of the command line name, if another argument may be its path.
    var namedPolicy: PolicyOptions { get }
}

extension PolicyCommand {
    var namedPolicy: PolicyOptions { policy }
}

/// A command that works in a network namespace, with a directory of state.
protocol KernelCommand { var kernel: KernelOptions { get } }

/// The policy, the network namespace and the state directory that the user named, which the next command needs, too.
///
/// Messages name commands in quotes as they are on a host with the standard paths: `"portreeve apply"`. Most are made where
/// it is not known how the program was called, so the console adds to all of them what the user named.
struct Invocation {
    /// The path, or for a command that reads no policy the one that was applied last; `nil` if neither is known.
    private let policy: () -> String?
    /// The options of the kernel with their values.
    private let place: () -> String
    /// The last confirmed change; `nil` if none is known.
    let record: () -> AppliedRecord?

    /// The standard paths.
    init() { (policy, place, record) = ({ nil }, { "" }, { nil }) }

    init(policy: @autoclosure @escaping () -> String?, _ kernel: KernelOptions?) {
        self.policy = policy
        place = { Self.place(kernel) }
        record = { nil }
    }

    /// What the command line of a command named, looked up where a message names a command: most runs print none.
    init(_ command: any Command, on host: Host) {
        policy = {
            if let named = (command as? any PolicyCommand)?.namedPolicy.policy { return named }
            return (try? (command as? any KernelCommand)?.kernel.existingState(on: host))?.lastPolicy
        }
        place = { Self.place((command as? any KernelCommand)?.kernel) }
        record = {
            // A command without these options is about the host as it is.
            let location = (command as? any KernelCommand)?.kernel.stateLocation(on: host) ?? host.changes.location()
            return (try? RulesetState(existingAt: location, on: host.changes))?.lastApplied
        }
    }

    /// What a command line names that the parser refused.
    init(_ words: CommandLineWords) {
        policy = { nil }
        place = { Self.place(["--netns", "--state-dir"].map { ($0, words.value(of: $0)) }) }
        record = { nil }
    }

    private static func place(_ kernel: KernelOptions?) -> String {
        place([("--netns", kernel?.netns), ("--state-dir", kernel?.stateDir)])
    }

    private static func place(_ options: [(String, String?)]) -> String {
        options.compactMap { name, value in value.map { " \(name) \($0.shellWord)" } }.joined()
    }

    /// The text, in which each quoted command has what the user named.
    func completing(_ text: String) -> String {
        guard text.quotesCommand else { return text }
        let parts = text.split(separator: Self.start, omittingEmptySubsequences: false)
        let completed = parts.dropFirst().map { part in
            // A command that was broken into cells of a table is left alone.
            let end = part.firstIndex { $0 == "\"" || $0 == "\n" } ?? part.startIndex
            return self.completed(part[..<end]) + part[end...]
        }
        return ([String(parts[0])] + completed).joined(separator: Self.start)
    }

    /// The finding with such a message.
    func completing(_ finding: Finding) -> Finding {
        var finding = finding
        finding.message = completing(finding.message)
        return finding
    }

    fileprivate static let start = "\"portreeve "

    /// A command line with what the user named.
    func command(_ words: Substring) -> String { "portreeve \(completed(words))" }

    /// The words of a command after the name of the program, with what the user named.
    private func completed(_ command: Substring) -> String {
        // Before a redirection of the shell.
        if let redirection = command.firstRange(of: " > ") {
            return completed(command[..<redirection.lowerBound]) + command[redirection.lowerBound...]
        }
        let words = command.split(separator: " ").map(String.init)
        guard let name = words.first, let type = Portreeve.command(named: name) else { return String(command) }
        let path = type is any PolicyCommand.Type ? pathWord : ""
        let namesStandard = words.contains(PolicyOptions.standardPath)
        let lacksPath = !path.isEmpty && !namesStandard && Self.lacksPolicy(words.dropFirst(), of: type)
        let lacksPlace = type is any KernelCommand.Type && !words.contains("--netns") && !words.contains("--state-dir")
        return command + (lacksPath ? path : "") + (lacksPlace ? place() : "")
    }

    /// The path after a space; empty for the standard one, and for a saved plan, which no other command could read.
    private var pathWord: String {
        guard let path = policy(), path != PolicyOptions.standardPath, !ReviewedPlan.isSaved(at: path) else {
            return ""
        }
        return " \(path.shellWord)"
    }

    /// Whether these words of a command name no policy.
    private static func lacksPolicy(_ words: ArraySlice<String>, of type: any ParsableCommand.Type) -> Bool {
        let command = try? type.parseAsRoot(Array(words))
        return (command as? any PolicyCommand)?.namedPolicy.policy == PolicyOptions.standardPath
    }
}

extension JSON {
    /// The value, in whose texts each quoted command is complete.
    func completed(by invocation: Invocation) -> JSON {
        switch self {
        case .string(let text): .string(invocation.completing(text))
        case .array(let values): .array(values.map { $0.completed(by: invocation) })
        case .object(let members): .object(members.map { ($0, $1.completed(by: invocation)) })
        case .null, .bool, .number: self
        }
    }
}

extension String {
    /// Whether a command of portreeve is quoted in the text; bytes are compared, since thousands of findings are looked through.
    fileprivate var quotesCommand: Bool {
        var rest = utf8[...]
        while let quote = rest.firstIndex(of: UInt8(ascii: "\"")) {
            rest = rest[quote...]
            if rest.starts(with: Invocation.start.utf8) { return true }
            rest.removeFirst()
        }
        return false
    }
}

extension Portreeve {
    /// The command with this name.
    static func command(named name: String) -> (any ParsableCommand.Type)? {
        configuration.subcommands.first { $0.configuration.commandName == name }
    }
}

extension Apply: PolicyCommand, KernelCommand {}
extension Ban: KernelCommand {}
extension Check: PolicyCommand, KernelCommand {}
extension Confirm: KernelCommand {}
extension Diff: KernelCommand {}
extension Edit: PolicyCommand, KernelCommand {}
extension Explain: PolicyCommand, KernelCommand {}
extension Grant: PolicyCommand, KernelCommand {}
extension History: KernelCommand {}
extension Import: KernelCommand {}
extension Init: KernelCommand {}
extension Plan: PolicyCommand, KernelCommand {}
extension Probe: PolicyCommand {}
extension Refresh: KernelCommand {}
extension Refusals: PolicyCommand, KernelCommand {}
extension Remove: KernelCommand {}
extension Report: PolicyCommand, KernelCommand {}
extension Revoke: KernelCommand {}
extension Rollback: KernelCommand {}
extension Sessions: PolicyCommand, KernelCommand {}
extension Show: PolicyCommand {}
extension Status: PolicyCommand, KernelCommand {}
extension Unban: KernelCommand {}
extension Undo: KernelCommand {}
extension Verify: PolicyCommand, KernelCommand {}
