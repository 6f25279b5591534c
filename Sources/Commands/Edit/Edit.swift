public import ArgumentParser
internal import Changes
internal import Compiler
internal import Kernel
internal import Policies
internal import Printing
internal import System

/// `portreeve edit`: the editor on a copy of the policy, then check, plan and question, as visudo does.
public struct Edit: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "edit", _superCommandName: Portreeve.name,
        abstract: "Edit a copy of the policy, check it, show the plan, and apply it if you agree.",
        usage: "portreeve edit [<policy>] [options]",
        discussion: """
            The editor is $SUDO_EDITOR, $VISUAL or $EDITOR, or else "editor". The policy is replaced only after its new \
            text was applied. An edit that was not applied is kept in the state directory, and the next "portreeve edit" goes \
            on with it.
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

    /// Edits until the policy is valid, applies it, and replaces the file; keeps an edit that was not applied.
    public func execute(on host: Host) throws -> ExitStatus {
        let console = Console(host, output)
        guard policy.policy != "-" else {
            throw CommandError(.usage, "edit needs a file: standard input cannot be written back")
        }
        guard let old = try host.files.read(policy.policy) else {
            throw CommandError(.failure, policy.absence(on: host))
        }
        if let netns = kernel.netns { try host.enter(netns) }
        if kernel.netns != nil, policy.policy == PolicyOptions.standardPath {
            console.note("portreeve: warning: \(policy.policy) is also the policy of the host: name another file")
        }
        try requireNoneWaiting(on: host)
        try requireOwnDirectory(on: host)
        let made = StateFiles.missingDirectories(kernel.stateLocation(on: host).directory)
        let copy = try copy(of: old, on: host)
        if copy.isContinued {
            console.note("portreeve: continuing the edit in \(copy.path.printable); delete that file to start anew")
        }
        if copy.isOlder(than: policy.policy) {
            console.note("portreeve: warning: \(policy.policy.printable) was changed since that edit began")
        }
        let status: ExitStatus
        do { status = try edit(copy, over: old, on: host, console) } catch { status = report(error, on: host) }
        // What went wrong comes first.
        if copy.isKept(over: [old, try? host.files.read(policy.policy)]) {
            let path = copy.path.printable
            console.note(
                "portreeve: the edit is kept: \"portreeve edit\" resumes it from \(path); delete that file to discard it"
            )
        } else {
            copy.withdraw(made)
        }
        return status
    }

    /// Refuses to start the editor while a change waits: `apply` would refuse the edit afterwards.
    private func requireNoneWaiting(on host: Host) throws {
        guard let state = try kernel.stateBeforeChange(on: host), try state.pending() != nil,
            let waiting = try state.waiting(in: kernel.openStore(on: host)), !waiting.isOverdue
        else { return }
        throw CommandError(
            .refused, "\(waiting.fact()): your edit cannot be applied before \(waiting.firstStep)")
    }

    /// Refuses a directory of the command line that does not exist where a table is loaded: its path is likely to be mistyped, and
    /// an edit that is kept there would not be found again.
    private func requireOwnDirectory(on host: Host) throws {
        guard let directory = kernel.stateDir, !StateFiles.exists(directory) else { return }
        let live = try kernel.openStore(on: host).snapshot(of: Names.table, expecting: []).table
        if let unrecorded = kernel.unrecorded(live, on: host) { throw unrecorded.refusal }
    }

    /// The copy that the editor gets.
    private func copy(of text: String, on host: Host) throws -> EditedCopy {
        let files = try kernel.state(on: host).files
        do { return try EditedCopy(of: policy.policy, with: text, in: files, host.files) } catch let error
            as KernelError
        {
            throw CommandError(.failure, "\(error); nothing was changed".printable)
        }
    }

    private func edit(
        _ copy: EditedCopy, over old: String, on host: Host, _ console: Console
    ) throws -> ExitStatus {
        let last = kernel.lastLists(on: host)
        while true {
            do { try host.edit(copy.path) } catch {
                throw CommandError(.failure, "\(error); nothing was changed".printable)
            }
            // From here on a key that interrupts is an answer, so that the command can say where the edit is.
            host.holdSignals()
            let reading = try reading(of: copy, last, on: host, console)
            if let edited = reading.policy, let text = try copy.text() {
                guard text != old else {
                    console.print("\(policy.policy.printable) was not changed")
                    return .success
                }
                return try apply(edited, last.renewals, text, over: old, on: host, console)
            }
            let way = way(on: host, console)
            if way == .again { continue }
            if way == .discard { try copy.delete() }
            let end = way == .discard ? "the edit is discarded" : "the edit is invalid"
            console.note("portreeve: \(end); nothing was changed", .error)
            return .invalidPolicy
        }
    }

    /// The way on from an invalid policy, with the answers that choose it.
    private enum Way: CaseIterable {
        case again, discard, quit

        var answers: Set<String> {
            switch self {
            case .again: ["", "e", "edit"]
            case .discard: ["d", "discard"]
            case .quit: ["q", "quit"]
            }
        }
    }

    /// Asks until the answer is one of those offered; without a terminal the edit is kept.
    private func way(on host: Host, _ console: Console) -> Way {
        let question = "the edit is invalid: (e)dit again, (d)iscard, or (q)uit and keep the edit? [E/d/q] "
        while let answer = host.ask(question)?.lowercased() {
            if let way = Way.allCases.first(where: { $0.answers.contains(answer) }) { return way }
            console.note("answer e, d or q")
        }
        return .quit
    }

    /// Reads the copy as if it were the policy, and shows what is wrong with it; looks up names without a known address, for
    /// the plan.
    private func reading(
        of copy: EditedCopy, _ last: LastLists, on host: Host, _ console: Console
    ) throws -> PolicyReading {
        var options = policy
        options.policy = copy.path
        func read() -> PolicyReading {
            options.read(
                on: host, as: policy.policy, appliesHere: true, isLinted: true, lists: last, isSeen: true)
        }
        var reading = read()
        if let edited = reading.policy, try kernel.lookUp(edited, in: last, on: host, console) { reading = read() }
        console.quote(reading.diagnostics, isWhole: false)
        return reading
    }

    /// Applies the policy, and writes its text to the file, which must still be the one that was edited.
    private func apply(
        _ edited: Policy, _ renewals: [NameRenewal], _ text: String, over old: String, on host: Host, _ console: Console
    ) throws -> ExitStatus {
        guard try host.files.read(policy.policy) == old else {
            throw CommandError(
                .failure, "\(policy.policy.printable) was changed while it was edited; nothing was changed")
        }
        let status = try Apply.now(edited, renewals, policy, kernel, safety, output, on: host)
        do { try host.files.rewrite(policy.policy, text) } catch {
            throw CommandError(
                .failure, "\(error.description.printable); the change is applied but not in the policy file")
        }
        return status
    }
}
