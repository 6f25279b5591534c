public import ArgumentParser
internal import Auditing
internal import Changes
internal import Compiler
internal import Listeners
internal import Policies
internal import Printing
internal import Rulesets
internal import System

/// A command that works through a `Host`, so that tests can run it in their own process.
///
/// Each configuration sets `commandName`: deriving it from the type takes longer, at every start, than reading a
/// small policy.
public protocol Command: ParsableCommand {
    /// The output options.
    var output: OutputOptions { get }

    /// The formats that the command supports.
    static var formats: [OutputFormat] { get }

    /// Whether the command changes the host or a file, so that a lost result is reported even if its reader has ended.
    var makesChange: Bool { get }

    /// Does the work.
    func execute(on host: Host) throws -> ExitStatus

    /// Reports a failure, and returns its exit status.
    func fail(_ message: String, _ status: ExitStatus, on host: Host) -> ExitStatus
}

extension Command {
    /// Text and JSON.
    public static var formats: [OutputFormat] { [.text, .json] }

    /// Only reads.
    public var makesChange: Bool { false }

    /// Does the work; turns every error into a message and an exit status.
    public func run(on host: Host) -> ExitStatus {
        guard output.chosen.map(Self.formats.contains) ?? true else {
            let formats = Self.formats.map(\.rawValue).joined(separator: " or ")
            return fail(
                "\(Self._commandName) has no format \"\(output.format.rawValue)\"; write \(formats)", .usage, on: host)
        }
        var host = host
        host.invocation = Invocation(self, on: host)
        if output.quiet || output.format != .text { host.progress = { _ in } }
        do { return try execute(on: host) } catch { return report(error, on: host) }
    }

    /// Turns an error into a message and an exit status.
    func report(_ error: any Error, on host: Host) -> ExitStatus {
        do { throw error } catch let error as CommandError {
            return fail(error.message, error.status, on: host)
        } catch let error as ChangeError {
            return fail(error.message.printable, ExitStatus(error.reason), on: host)
        } catch let error as Lockout {
            return fail(error.text, .refused, on: host)
        } catch let error as InvalidPolicy {
            let console = Console(host, output)
            for error in error.diagnostics where error.severity == .error {
                console.quote(error, .error)
            }
            return fail("the lists and names make the policy invalid; nothing was changed", .invalidPolicy, on: host)
        } catch let error as UselessGrant {
            return fail(error.text, .refused, on: host)
        } catch let error as KernelError {
            return fail("\(error)".printable, error.isStale ? .changedUnderneath : .failure, on: host)
        } catch {
            return fail("\(error)".printable, .failure, on: host)
        }
    }

    /// Writes a message.
    public func fail(_ message: String, _ status: ExitStatus, on host: Host) -> ExitStatus {
        Console(host, output).note("portreeve: \(message)", .error)
        return status
    }

    /// Runs on the real host, and ends the process.
    public func run() throws {
        var host = Host.this
        if !makesChange { host.standardOutput = { StandardStream.output.put($0) } }
        let status = run(on: host)
        if status != .success { throw ExitCode(status.rawValue) }
    }
}

extension PolicyOptions {
    /// The options with which this host reads the policy.
    func readingOptions(on host: Host) -> ReadingOptions {
        var options = ReadingOptions()
        options.allowInsecurePermissions = allowInsecurePermissions
        options.checksOwnership = host.isRoot
        options.now = host.now
        options.findings = Finding.Identifier.verified.map(\.rawValue)
        return options
    }

    /// Reads the policy, as if it were at `destination` if that is given, and reports its diagnostics.
    ///
    /// With `appliesHere` the policy must be for this host, which must have the users of `outbound`, as with `requiresUsers`; with `isLinted` its names are compared with those of the host.
    /// Its lists are compared with the last ones, which replace unusable ones with `keepsLastLists`. The addresses of DNS names
    /// are those of the last lists, or of `names` if the lists are not compared; by default those that this namespace has.
    /// With `isSeen` the user has had the text in an editor.
    func read(
        on host: Host, as destination: String? = nil, appliesHere: Bool = false, isLinted: Bool = false,
        lists: LastLists? = nil, names: LastLists? = nil, keepsLastLists: Bool = false, requiresUsers: Bool = false,
        isSeen: Bool = false
    ) -> PolicyReading {
        let names =
            lists ?? names ?? LastLists { try RulesetState(existingAt: host.changes.location(), on: host.changes) }
        var options = readingOptions(on: host)
        if isLinted { options.interfaces = host.interfaces().map { InterfaceName($0.name, otherNames: $0.otherNames) } }
        options.destination = destination
        options.hostNames = appliesHere ? host.names() : nil
        options.requiresUsers = appliesHere || requiresUsers
        options.keepsLastLists = keepsLastLists
        let files = TrustedFiles(
            caller: host.caller, seen: isSeen ? policy : nil, lastList: { lists?.text($0) },
            addresses: names.addresses(ofName:))
        return PolicyReader.read(path: policy, options: options, files: files)
    }

    /// Reads the policy for a command that needs a valid one; prints its errors.
    ///
    /// With `appliesHere` the policy must be for this host; the last lists are used as by `read`. With `lookUp`, the policy is
    /// read again if that learns an address of a name that has none.
    func load(
        on host: Host, _ console: Console, appliesHere: Bool = false, lists: LastLists? = nil,
        keepsLastLists: Bool = false, changing isChange: Bool = false,
        lookingUp lookUp: ((Policy) throws -> Bool)? = nil
    ) throws -> Policy {
        func read() -> PolicyReading {
            self.read(on: host, appliesHere: appliesHere, lists: lists, keepsLastLists: keepsLastLists)
        }
        var reading = read()
        if let policy = reading.policy, let lookUp, try lookUp(policy) { reading = read() }
        guard let policy = reading.policy else { throw failure(reading, on: host, console, changing: isChange) }
        for refusal in reading.refusedLists { console.note(refusal.warning) }
        return policy
    }

    /// The error about a policy that cannot be used; prints the errors in it.
    ///
    /// A command that would have changed the host says that it did not.
    func failure(
        _ reading: PolicyReading, on host: Host, _ console: Console, changing isChange: Bool = false
    ) -> CommandError {
        if reading.fault == .absent { return CommandError(.failure, absence(on: host)) }
        let end = isChange ? "; nothing was changed" : ""
        if let mistake { return CommandError(mistake.status, mistake.message + end) }
        let errors = reading.diagnostics.filter { $0.severity == .error }
        for error in errors { console.quote(error, .error) }
        if reading.fault != nil { return CommandError(.failure, "the policy cannot be read\(end)") }
        if reading.refusedLists.isEmpty, isForOtherHost(errors, on: host) {
            return CommandError(.invalidPolicy, "the policy is for another host\(end)")
        }
        let count = errors.count == 1 ? "1 error" : "\(errors.count) errors"
        let hint = reading.refusedLists.isEmpty ? "" : ": --keep-lists uses the lists as they were applied"
        return CommandError(.invalidPolicy, "the policy is invalid (\(count))\(end)\(hint)")
    }

    /// Whether the only error is that the policy is for another host.
    private func isForOtherHost(_ errors: [Diagnostic], on host: Host) -> Bool {
        // Standard input cannot be read again.
        errors.count == 1 && policy != "-" && read(on: host).policy != nil
    }

    /// What was taken for a policy; `nil` for a policy or a file of another program.
    var mistake: CommandError? {
        let path = policy.printable
        if policy.isEmpty { return CommandError(.usage, "the path of the policy is empty: a variable may be unset") }
        if FileSystem.isDirectory(policy) {
            return CommandError(.failure, "\(path) is a directory, not a policy: write the path of a file in it")
        }
        guard ReviewedPlan.isSaved(at: policy) else { return nil }
        return CommandError(
            .invalidPolicy,
            "\(path) is a saved plan, not a policy: \"portreeve apply \(path.shellWord)\" makes its change")
    }

    /// A sentence about a policy that does not exist: what brings it back, if it was applied.
    func absence(on host: Host) -> String {
        guard let record = host.invocation.record(), record.isOf(policy) || policy == Self.standardPath else {
            return MissingPolicy(path: policy).text
        }
        return "there is no policy \(policy.printable): \(record.restoring(policy).printable)"
    }
}

extension ListRefusal {
    /// A warning that the list as it was applied is used; the reason of a name says it all.
    var warning: String {
        "portreeve: warning: \(reason)" + (isName ? "" : ": the list as it was applied stays in force")
    }

    /// Whether it is about a DNS name.
    var isName: Bool { NamedSource.isPath(path) }
}
