internal import Auditing
internal import Changes
internal import Kernel
internal import Listeners
internal import Policies
internal import System

extension Verify {
    /// Verifies the host whenever something has changed, and prints the news, until a signal or `q` ends the command.
    ///
    /// The kernel tells of commits to nf_tables by itself; the listeners are looked at twice a second; what neither shows is
    /// found by a verification every minute.
    func follow(in store: any RulesetStore, on host: Host, _ console: Console) throws -> ExitStatus {
        var host = host
        host.progress = { _ in }
        host.holdSignals()
        store.toleratesChanges = true
        // Subscribed before the first verification, so that no commit is missed.
        let notices = try host.rulesetNotices()
        var state = WatchState(record: try recorded(on: host), glance: try host.glance())
        var pace = WatchPace(at: host.changes.uptime())
        try update(&state, &pace, in: store, on: host, console, isFirst: true)
        let keys = console.columns == nil ? nil : host.takeKeys()
        if !console.isJSON && !console.isQuiet { console.print("verify: watching\(keys == nil ? "" : "; q ends it")") }
        while true {
            guard wait(for: notices, keys, pace, on: host) != .stop, keys?.hasQuit() != true else { return .success }
            if try notices.take() { pace.noteChange(at: host.changes.uptime()) }
            try look(&state, &pace, on: host)
            guard pace.isVerificationDue(at: host.changes.uptime()) else { continue }
            do { try update(&state, &pace, in: store, on: host, console) } catch {
                pace.noteFailure(at: host.changes.uptime())
                state.tell(fault: "\(error)", console)
            }
        }
    }

    /// The most milliseconds between two looks for notices while a change waits to be verified.
    private static let pause: Int64 = 50

    /// Waits until something is due, or until notices come; a thousand a second wake it no more often than a few.
    private func wait(
        for notices: any ChangeNotices, _ keys: TerminalKeys?, _ pace: WatchPace, on host: Host
    ) -> Wakening {
        let rest = pace.rest(at: host.changes.uptime())
        guard pace.hasChange else {
            return host.wait([notices.descriptor] + (keys?.descriptors ?? []), Int32(clamping: rest))
        }
        return host.wait([], Int32(clamping: min(rest, Self.pause)))
    }

    /// Looks at the listeners if it is time to.
    private func look(_ state: inout WatchState, _ pace: inout WatchPace, on host: Host) throws {
        let start = host.changes.uptime()
        guard pace.isGlanceDue(at: start) else { return }
        // A reading that fails is told of by the verification.
        let glance = try? host.glance()
        let end = host.changes.uptime()
        if glance != state.glance { pace.noteChange(at: end) }
        state.glance = glance
        pace.noteGlance(from: start, to: end)
    }

    /// Verifies the host, and prints the news; programs get a first line even if there are none.
    private func update(
        _ state: inout WatchState, _ pace: inout WatchPace, in store: any RulesetStore, on host: Host,
        _ console: Console, isFirst: Bool = false
    ) throws {
        var host = host
        host.now = host.clock()
        let start = host.changes.uptime()
        let report = try report(in: store, on: host, console, &state.usage)
        let news = state.record.news(in: report.findings)
        state.fault = nil
        pace.noteVerification(from: start, to: host.changes.uptime())
        if !news.isEmpty || isFirst && console.isJSON {
            let lines = console.isJSON ? [news.json.line] : newsLines(news, report, console, at: host.now)
            try write(lines, on: host, console)
            state.record = FindingRecord(report.findings)
            state.isSaved = self.news == nil
        }
        do { try save(&state, on: host) } catch {
            // A file that can never be written is noticed at the start.
            guard !isFirst else { throw error }
            state.tell(loss: "\(error)", console)
        }
    }

    /// Writes the findings that were told to the file of `--news`, unless it has them.
    private func save(_ state: inout WatchState, on host: Host) throws {
        guard let news, !state.isSaved else { return }
        try host.files.replace(news, state.record.file)
        (state.isSaved, state.loss) = (true, nil)
    }

    /// The news as text, each new finding with what to do about it.
    func newsLines(
        _ news: FindingRecord.News, _ report: VerificationReport, _ console: Console, at time: Int64? = nil
    ) -> [String] {
        news.lines(console, at: time) { finding in
            let advice = report.driftAdvice([finding]).map { "\n\($0)" }.joined()
            return advice + (verbose ? finding.advice : "")
        }
    }

    /// The findings in the file of `--news`; none without it.
    private func recorded(on host: Host) throws -> FindingRecord {
        try news.map { try record($0, on: host) } ?? FindingRecord([])
    }
}

/// What a watch remembers from one verification to the next.
private struct WatchState {
    /// The findings that were told.
    var record: FindingRecord
    /// The listeners at the last look; `nil` if they could not be read.
    var glance: ListenerGlance?
    /// The use of the services.
    var usage = UsageFollowing()
    /// Why the last verification failed; `nil` if it did not.
    var fault: String?
    /// Whether the file of `--news` has the findings that were told.
    var isSaved = true
    /// Why it has not; `nil` if it has.
    var loss: String?

    /// Tells why a verification failed, unless that is known.
    mutating func tell(fault: String, _ console: Console) {
        guard self.fault != fault else { return }
        self.fault = fault
        console.note("portreeve: the host was not verified: \(fault)", .error)
    }

    /// Tells why findings that were told could not be saved, unless that is known.
    mutating func tell(loss: String, _ console: Console) {
        guard self.loss != loss else { return }
        self.loss = loss
        console.note(
            "portreeve: the news was printed, but not saved for the next watch: \(loss); the next verification tries again",
            .error)
    }
}

/// The use of the services, which is saved at most every five minutes.
struct UsageFollowing {
    private static let pause: Int64 = 300
    private var reading: (book: UsageBook, findings: [Finding], time: Int64)?

    /// Gives the verification the use of the services; returns a notice if what was saved cannot be used.
    mutating func follow(
        _ verification: inout Verification, _ kernel: KernelOptions, on host: Host
    ) -> [Finding] {
        if let reading, host.now - reading.time < Self.pause {
            verification.usage = reading.book
            return reading.findings
        }
        let findings = kernel.followUsage(of: &verification, on: host)
        reading = (verification.usage, findings, host.now)
        return findings
    }
}
