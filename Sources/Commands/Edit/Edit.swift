public import ArgumentParser
internal import Changes
internal import Policies
internal import Printing

/// `portreeve edit`: the editor on a copy of the policy, then check, plan and question, as visudo does.
public struct Edit: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Edit a copy of the policy, check it, show the plan, and apply it if you agree.",
        discussion: """
            The editor is $SUDO_EDITOR, $VISUAL or $EDITOR, or else "editor". The policy is replaced only after its new \
            text was applied; until then the edit is beside it, in a file that ends with ".edit".
            """)

    @OptionGroup var safety: SafetyOptions

    /// Text alone: the editor needs the terminal.
    public static let formats: [OutputFormat] = [.text]

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var policy: PolicyOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// Always.
    public var makesChange: Bool { true }

    /// The file that the editor gets.
    private var copy: String { "\(policy.policy).edit" }

    /// Edits until the policy is valid, applies it, and replaces the file.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        guard let old = try host.files.read(policy.policy) else { throw CommandError(.failure, policy.absence) }
        if kernel.netns != nil, policy.policy == PolicyOptions.standardPath {
            console.note("portreeve: warning: \(policy.policy) is the policy of the host, too: name another file")
        }
        guard try host.files.lock(copy) else {
            throw CommandError(.failure, "another process is editing \(copy.printable): wait until it has ended")
        }
        if try !host.files.create(copy, old) { console.note("portreeve: continuing the edit in \(copy.printable)") }
        let last = kernel.lastLists(on: host)
        guard let (text, edited) = try edit(last, on: host, console) else {
            return .invalidPolicy
        }
        guard text != old else {
            try close(on: host)
            console.print("\(policy.policy.printable) was not changed")
            return .success
        }
        return try apply(edited, last.renewals, text, over: old, on: host, console)
    }

    /// The valid text and its policy; `nil` if the user stops with an invalid one.
    ///
    /// Names without a known address are looked up, for the plan.
    private func edit(_ last: LastLists, on host: Host, _ console: Console) throws -> (String, Policy)? {
        while true {
            try host.edit(copy)
            var options = policy
            options.policy = copy
            func read() -> PolicyReading {
                options.read(on: host, as: policy.policy, appliesHere: true, isLinted: true, lists: last)
            }
            var reading = read()
            if let edited = reading.policy, try kernel.lookUp(edited, in: last, on: host, console) { reading = read() }
            for diagnostic in reading.diagnostics {
                console.quote(diagnostic, .warning)
            }
            if let edited = reading.policy, let text = try host.files.read(copy) { return (text, edited) }
            let answer = host.ask(
                "the policy is invalid: (e)dit again, (d)iscard, or (q)uit and keep the edit? [E/d/q] "
            )
            guard let answer, !["d", "discard", "q", "quit"].contains(answer.lowercased()) else {
                let isDiscarded = answer?.lowercased().hasPrefix("d") == true
                if isDiscarded { try close(on: host) }
                let rest = isDiscarded ? "" : ": \"portreeve edit\" goes on in \(copy.printable)"
                console.note("portreeve: the policy is invalid; nothing was changed\(rest)", .error)
                return nil
            }
        }
    }

    /// Applies the policy, and writes its text to the file, which must still be the one that was edited.
    private func apply(
        _ edited: Policy, _ renewals: [NameRenewal], _ text: String, over old: String, on host: Host, _ console: Console
    ) throws -> ExitStatus {
        guard try host.files.read(policy.policy) == old else {
            let message = "\(policy.policy.printable) was changed while it was edited; nothing was changed"
            throw CommandError(.failure, "\(message): the edit is in \(copy.printable)")
        }
        let status: ExitStatus
        do { status = try Apply.now(edited, renewals, policy, kernel, safety, output, on: host) } catch {
            let hint = "\"portreeve edit\" goes on in \(copy.printable)"
            console.note("portreeve: \(policy.policy.printable) is unchanged; \(hint)")
            throw error
        }
        try host.files.rewrite(policy.policy, text)
        try close(on: host)
        return status
    }

    /// Deletes the copy, and the file that locks it.
    private func close(on host: Host) throws {
        try host.files.delete(copy)
        try host.files.delete("\(copy).lock")
    }
}
