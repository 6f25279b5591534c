public import ArgumentParser
internal import Changes
internal import Compiler
internal import Kernel
internal import Policies
internal import Rulesets

/// Options of the commands that change the ruleset.
public struct SafetyOptions: ParsableArguments, Sendable {
    @Flag(name: .shortAndLong, help: "Make the change without asking.")
    var yes = false

    @Option(
        help: ArgumentHelp(
            "Undo the change after this time, such as 2m, unless \"portreeve confirm\" keeps it.", valueName: "time"),
        transform: TimeSpan.argument)
    var confirm: TimeSpan?

    @Flag(
        help:
            "Continue even if the change locks out admins who are connected over SSH, or ends grants and bans without a record."
    )
    var force = false

    /// The options with their defaults.
    public init() {}
}

extension SafetyOptions {
    /// `--confirm` as it was given, after a space, for a command that a message proposes; empty without it.
    var confirmWords: String { confirm.map { " --confirm \($0.text)" } ?? "" }
}

/// The steps of every change: show, ask, save, commit, report.
struct ChangeMaker {
    private let host: Host
    private let kernel: KernelOptions
    private let safety: SafetyOptions
    private let console: Console
    /// The removal, which the report for programs describes.
    var removal: Removal?
    /// Ends the sessions that the ruleset refuses once it is in force; does nothing unless set.
    var cut: (() -> SessionCut)?

    init(_ host: Host, _ kernel: KernelOptions, _ safety: SafetyOptions, _ console: Console) {
        self.host = host
        self.kernel = kernel
        self.safety = safety
        self.console = console
    }

    /// Shows the change, asks, and makes it.
    ///
    /// - Parameters:
    ///   - change: the change.
    ///   - store: the ruleset.
    ///   - question: the question to ask.
    ///   - done: the message after the change; by default "applied", with both generations.
    ///   - plan: the text to show before the question; with `true` the text of a plan that is made anew, since another
    ///     program has changed the ruleset.
    /// - Returns: success, unless sessions could not be ended.
    /// - Throws: any error that prevented the change.
    func make(
        _ change: RulesetChange, in store: any RulesetStore, question: Question, done: String? = nil,
        _ plan: @escaping (_ isAnew: Bool) throws -> String?
    ) throws -> ExitStatus {
        console.requireOutput()
        try requireRecord(of: change)
        // An answer that is not yes leaves no directory behind: its path may be mistyped.
        let earlier = try kernel.stateBeforeChange(on: host)
        var change = change
        change.grants = try earlier?.grants() ?? kernel.grants(on: host)
        try earlier?.requireNoneWaiting(in: store)
        host.progress("computing who can connect…")
        let warnings = try warnings(of: change, in: store)
        warnings.forEach { console.note($0) }
        var shown: String??
        if !console.isQuiet || !safety.yes {
            shown = try plan(false)
            if let text = shown ?? nil { propose(text) }
        }
        let original = change
        change.replan = {
            try snapshot(afterOvertaking: original, in: store, expecting: warnings) {
                try shown ?? plan(false) == plan(true)
            }
        }
        if !console.isQuiet { host.flushes().forEach { console.note($0.text(console), $0.priority) } }
        if !safety.yes { try Confirmation(host).require(question, confirmedWithin: safety.confirm) }
        let state = try kernel.state(on: host)
        if earlier == nil { change.grants = try state.grants() }
        host.progress("loading the table…")
        let made = try state.make(change, in: store, confirmedWithin: safety.confirm, now: host.now) {
            console.note("portreeve: \($0.text)")
        }
        return report(
            done ?? "applied and read back: generation \(made.generation &- 1) -> \(made.generation)",
            made.number,
            made.generation)
    }

    /// Warns if the state has no record of the loaded table; refuses to end its grants and bans where no question is asked.
    private func requireRecord(of change: RulesetChange) throws {
        guard let unrecorded = kernel.unrecorded(change.snapshot.table, on: host) else { return }
        if safety.yes, !safety.force {
            try unrecorded.requireNoGrants(or: "use --force, or run without --yes and answer the question")
        }
        console.note("portreeve: warning: \(unrecorded.textOfChange)")
    }

    /// The warnings of the lockout guard; fails if it refuses.
    private func warnings(of change: RulesetChange, in store: any RulesetStore) throws -> [String] {
        var warnings: [String] = []
        let lockoutGuard = LockoutGuard(host.admins, force: safety.force, now: host.now) {
            warnings.append("portreeve: warning: \($0.text)")
        }
        do { try lockoutGuard.allow(change, in: store) } catch {
            warnings.forEach { console.note($0) }
            throw error
        }
        return warnings
    }

    /// The live table after another program's commit, if the change and what was said about it are still the same.
    private func snapshot(
        afterOvertaking change: RulesetChange, in store: any RulesetStore, expecting warnings: [String],
        hasSamePlan: () throws -> Bool
    ) throws -> TableSnapshot? {
        let live = try store.snapshot(of: Names.table, expecting: change.target.map { [$0] } ?? [])
        guard live.table == change.snapshot.table else { return nil }
        let isSame = try self.warnings(of: change.moved(onto: live), in: store) == warnings && hasSamePlan()
        return isSame ? live : nil
    }

    /// Reports that there is nothing to change, and makes sure that the live table is saved for the next boot.
    ///
    /// - Parameters:
    ///   - change: the change.
    ///   - store: the ruleset.
    ///   - done: what is said where the state has a record of the live table.
    ///   - recorded: what is said where a record is made, by the number of the change; `nil` for `done`.
    /// - Returns: success, unless sessions could not be ended.
    /// - Throws: any error that prevented the record.
    func keep(
        _ change: RulesetChange, in store: any RulesetStore, done: String = "in sync: nothing to do",
        recorded: ((Int) -> String)? = nil
    ) throws -> ExitStatus {
        let unrecorded = kernel.unrecorded(change.snapshot.table, on: host)
        if let unrecorded {
            console.note("portreeve: warning: \(unrecorded.textOfChange)")
            if !safety.yes { try Confirmation(host).require(Question(deed: "record the loaded table there")) }
        }
        let generation = change.snapshot.generation
        let kept = try kernel.state(on: host).keep(
            change, in: store, confirmedWithin: safety.confirm, now: host.now
        ) { console.note("portreeve: \($0.text)") }
        switch kept {
        case .extended(let number):
            return report(extensionText(number) ?? done, number, generation, isChange: false)
        case .recorded(let number) where unrecorded != nil:
            return report(
                "\(done); the loaded table is recorded as change \(number)", nil, generation, isChange: false)
        case .recorded(let number):
            return report(recorded?(number) ?? done, nil, generation, isChange: false)
        case nil:
            return report(done, nil, generation, isChange: false)
        }
    }

    /// Lists the sessions that will be ended where no rule changes, and asks.
    func confirmCut(of refused: @autoclosure () -> OrphanedSessions) throws {
        guard !safety.yes else { return }
        let refused = refused()
        guard !refused.sessions.isEmpty else { return }
        let text = "no rule changes" + refused.text(isCut: true, sparingOwn: !safety.force)
        propose(text)
        try Confirmation(host).require(Question(deed: "end \(refused.sessions.count == 1 ? "it" : "them")"))
    }

    /// Shows what is to be done; to a program on standard error, since the result is no text.
    private func propose(_ text: String) {
        if console.isJSON { console.note(text) } else { console.propose(text, isAsked: !safety.yes) }
    }

    /// That the time to confirm a change begins anew.
    private func extensionText(_ change: Int) -> String? {
        safety.confirm.map { "in sync: you now have \($0.text) to confirm change \(change)" }
    }

    /// Ends the refused sessions, and reports.
    private func report(
        _ text: String, _ number: Int?, _ generation: UInt32, isChange: Bool = true
    ) -> ExitStatus {
        let cut = cut?()
        let console = isChange ? console.forOutcome : console
        if console.isJSON {
            var members: [(String, JSON)] = [
                ("format_version", 1), ("changed", .bool(isChange)), ("generation", .number(Int(generation))),
            ]
            if let number { members.append(("change", .number(number))) }
            if let span = safety.confirm, number != nil {
                members.append(("confirm_within", .number(Int(span.seconds))))
            }
            if let cut { members.append(("sessions", cut.json)) }
            members += removal?.members ?? []
            console.print(.object(members))
        } else if !console.isQuiet {
            console.print(text)
        }
        cut?.report(to: console)
        guard let span = safety.confirm, let number, !console.isJSON else { return cut?.status ?? .success }
        console.note(
            "change \(number) will be undone in \(span.text): check that you can log in, then run \"portreeve confirm\""
        )
        return cut?.status ?? .success
    }
}
