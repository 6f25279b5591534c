public import ArgumentParser
internal import Auditing
internal import Changes
internal import Kernel
internal import Policies
internal import Printing
internal import System

/// `portreeve refusals`: who was refused, and why.
public struct Refusals: Command {
    /// The help.
    public static let configuration = CommandConfiguration(
        commandName: "refusals", _superCommandName: Portreeve.name,
        abstract: "Show who was refused, at which ports, how often, why, and the line that would let them in.",
        usage: "portreeve refusals [<policy>] [options]")

    @Option(
        help: ArgumentHelp("How far back to look, such as 2h or 7d.", valueName: "time"),
        transform: TimeSpan.argument)
    var since: TimeSpan?

    @Flag(help: "Keep watching until q is pressed; in a pipe, print a line for each refusal as it is logged.")
    var watch = false

    /// The output options.
    @OptionGroup public var output: OutputOptions
    @OptionGroup var policy: PolicyOptions
    @OptionGroup var kernel: KernelOptions

    /// Creates a command for the parser.
    public init() {}

    /// Rejects options that contradict each other.
    public func validate() throws {
        if watch && output.quiet { throw ValidationError("--watch and --quiet cannot be used together") }
    }

    /// Reads the log, and prints the refusals.
    public func execute(on host: Host) throws -> ExitStatus {
        let store = try kernel.openStore(on: host)
        let console = Console(host, output)
        func read(now: Int64) throws -> RefusalJudge {
            try RefusalJudge(
                policy.loadVerified(on: host, kernel, in: store, console), kernel.grants(on: host), in: store, now: now)
        }
        let judge = try read(now: host.now)
        let rate = try rate(judge, on: host)
        let isPiped = watch && (host.outputColumns == nil || console.isJSON)
        if isPiped { host.holdSignals() }
        let start = since.map { LogStart.time(host.now - $0.seconds) } ?? (isPiped ? .now : .oldest)
        let log = try host.packetLog(judge.policy.defaults.logDestination, start)
        var watcher = RefusalWatch(judge, log, since: since, reading: read, generation: store.generation)
        guard watch else {
            try watcher.read(now: host.now)
            report(try watcher.judged(now: host.now), watcher, rate).print(to: console, now: host.now)
            return .success
        }
        if isPiped { try follow(&watcher, on: host, console) } else { try paint(watcher, rate, on: host) }
        return .success
    }

    /// The rate of the log in the policy that was applied.
    private func rate(_ judge: RefusalJudge, on host: Host) throws(CommandError) -> Rate {
        // Without a file at that path, the one that was applied is the one to edit.
        let last = StateFiles.exists(policy.policy) ? nil : host.invocation.record()?.path
        let path = (last ?? policy.policy).printable
        let advice = LogAdvice(path, isKernelLogReadable: host.isKernelLogReadable())
        guard judge.isLoaded else {
            throw CommandError(
                .failure,
                "portreeve's table is not loaded, so it refuses nothing: \(advice.toLoad(judge.policy))")
        }
        guard let rate = judge.policy.defaults.log, advice.isReadable(judge.policy) else {
            if let edited = judge.edited, edited.defaults.log != nil, advice.isReadable(edited) {
                throw CommandError(
                    .failure,
                    "refused packets are logged as soon as the edited policy is applied: \(advice.toLoad(edited))")
            }
            throw CommandError(.failure, advice.toLog(judge.policy, edited: judge.edited))
        }
        if let group = judge.policy.defaults.logDestination.group, !watch {
            throw CommandError(
                .failure,
                "refused packets go to the netlink group \(group), which keeps none: \"portreeve refusals --watch\" shows them as they come"
            )
        }
        return rate
    }

    private func report(_ refusals: [Refusal], _ watcher: RefusalWatch, _ rate: Rate) -> RefusalReport {
        RefusalReport(
            refusals: refusals, packets: watcher.tally.packets, forgotten: watcher.tally.forgotten, rate: rate,
            doubts: watcher.doubts)
    }

    /// Repaints the terminal until its user leaves.
    private func paint(_ watcher: RefusalWatch, _ rate: Rate, on host: Host) throws {
        var watcher = watcher
        try host.repaint { size in
            var host = host
            (host.now, host.outputColumns) = (host.clock(), size.columns)
            try watcher.read(now: host.now)
            return report(try watcher.judged(now: host.now), watcher, rate).frame(
                size, now: host.now, Console(host, output))
        }
    }

    /// Milliseconds in which packets are counted together, so that a flood costs no line for each.
    private static let pause: Int32 = 200

    /// Prints a line for each refusal until a signal ends the command.
    private func follow(_ watcher: inout RefusalWatch, on host: Host, _ console: Console) throws {
        var told: Set<String> = []
        var lines = ToldRefusals()
        var proposed: Set<Refusal.Place> = []
        repeat {
            let now = host.clock()
            try watcher.read(now: now)
            for refusal in try watcher.judged(now: now).reversed() {
                guard !console.isJSON else {
                    host.standardOutput(refusal.json.line + "\n")
                    continue
                }
                guard let refusal = lines.next(refusal, now: now) else { continue }
                console.print(refusal.line)
                guard let change = refusal.change, proposed.insert(refusal.place).inserted else { continue }
                console.print("  to \(refusal.aim): \(change)")
            }
            for doubt in watcher.doubts where told.insert(doubt).inserted { console.note("portreeve: \(doubt)") }
            watcher.forget()
            if host.wait([], Self.pause) == .stop { return }
        } while host.wait([watcher.descriptor], -1) != .stop
    }
}
