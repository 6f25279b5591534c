internal import Addressing
internal import ArgumentParser
internal import Auditing
internal import Changes
internal import Compiler
internal import Kernel
internal import Listeners
internal import Policies
internal import Reachability
internal import Rulesets
internal import System

/// What a report says of a host.
struct ReportDocument {
    /// The word that marks a report among JSON files.
    static let kind = "host"
    /// At most this many changes are listed, the latest ones.
    private static let shownChanges = 50

    private let verified: VerifiedPolicy
    private let ruleset: WholeRuleset
    private let host: Host
    private let grants: GrantBook
    private let names: NameBook
    private let usage: UsageBook
    private let findings: [Finding]
    private let states: [HostState]
    private let rows: [PortStatus]
    private let waiting: WaitingChange?
    private let history: [LoggedChange]?

    /// Reads the rulesets, the sockets, the sessions and the history.
    init(
        verified: VerifiedPolicy, _ kernel: KernelOptions, _ store: any RulesetStore, on host: Host
    ) throws {
        host.progress("reading the ruleset…")
        self.host = host
        grants = kernel.grants(on: host)
        names = kernel.names(on: host)
        var verification = try Verification(
            verified, Set(Verification.Area.allCases), in: store, grants: grants, isFull: false, now: host.now)
        guard let ruleset = verification.rulesets else { throw CommandError(.failure, "cannot read the ruleset") }
        self.ruleset = ruleset
        verification.startFindings()
        let doubts = kernel.followUsage(of: &verification, on: host)
        verification.names = names
        self.verified = verification.verified
        usage = verification.usage
        host.progress("comparing the listeners and the connections with the policy…")
        let found = try verification.findings(host.surroundings) + doubts
        findings = found.accepting(verified.acceptances, now: host.now)
        let state = try kernel.existingState(on: host)
        waiting = try state?.waiting(in: store)
        history = try state?.history(now: host.now)
        states = HostState.all(
            isLoaded: ruleset.own.table != nil, findings, waiting: waiting,
            edit: HostState.Edit(verification.verified))
        let live = LiveRuleset(
            own: ruleset.own.table, others: ruleset.neighbours, declared: verification.compiled.table,
            in: ruleset.circumstances(now: host.now), now: host.now)
        rows = PortStatus.all(
            verified.policy, verification.compiled, loaded: ruleset.own.table, in: live,
            sockets: try host.readSockets(), usages: usage.services)
    }

    private var policy: Policy { verified.policy }

    /// The report for programs, from which every other form is made.
    var json: JSON {
        let live = ruleset.own.table
        return .object([
            ("format_version", 1), ("report", .string(Self.kind)), ("host", .string(host.ownName)),
            ("time", .string(UTCTime.text(host.now))), ("portreeve", .string(Portreeve.configuration.version)),
            ("policy", ["file": JSON(policy.files.first), "sha256": .string(policy.hash)]),
            ("state", states.json), ("state_text", .string(states.sentence(now: host.now))),
            ("generation", .number(Int(ruleset.generation))),
            ("pending", waiting?.json ?? .null),
            ("directions", .array(directions)), ("controls", .array(controls.map(\.json))),
            ("findings", .array(findings.map { $0.json.adding([("summary", .string($0.identifier.summary))]) })),
            ("ports", .array(rows.map(port))), ("sources", .array(policy.groups.map(\.json))),
            ("grants", grants.json(in: live)), ("bans", grants.bans.json(in: live)), ("names", names.json(of: policy)),
            ("reviewed", JSON(lastReview.map { UTCTime.text($0) })), ("changes", .array(changes)),
            ("not_examined", .array(unexamined.map(JSON.string))),
        ])
    }

    /// A row of `status`, with the review of its service and the use of the last weeks.
    private func port(_ row: PortStatus) -> JSON {
        let reviewed = row.service?.reviewed ?? row.trusted?.reviewed
        let due = reviewed.flatMap { review in policy.defaults.reviewEvery.map { review.time + $0.seconds } }
        let days = (row.usage?.days ?? [:]).sorted { $0.key < $1.key }
        return row.json.adding([
            ("reviewed", JSON(reviewed?.written)), ("review_due", JSON(due.map { UTCTime.text($0) })),
            (
                "use",
                .array(
                    days.map {
                        ["day": .string(UTCTime.date(ofDay: $0.key)), "connections": .number(Int(clamping: $0.value))]
                    })
            ),
        ])
    }

    /// What happens to new connections without a line of the policy.
    private var directions: [JSON] {
        let isLoaded = ruleset.own.table != nil
        return ["ipv4", "ipv6"].map { family in
            [
                "direction": "in", "family": .string(family),
                "verdict": .string(isLoaded ? policy.defaults.inbound.rawValue : "accept"),
            ]
        } + [
            [
                "direction": "out", "family": "both",
                "verdict": .string(isLoaded ? policy.defaults.outbound.rawValue : "accept"),
            ]
        ]
    }

    // The history

    private var reviews: [Int64] {
        (policy.services.map(\.reviewed) + policy.trusted.map(\.reviewed)).compactMap { $0?.time }
    }

    private var lastReview: Int64? { reviews.max().map { min($0, host.now) } }

    /// The changes since the last review, newest first, with the access that each one gave and took.
    private var changes: [JSON] {
        let all = history ?? []
        let since = lastReview ?? 0
        let recent = all.prefix { ($0.record?.time ?? host.now) >= since }.prefix(Self.shownChanges)
        return recent.enumerated().map { index, change in
            let earlier = all[(index + 1)...].first { $0.hasTable && !$0.entry.outcome.isUndone }
            return change.json(isWhole: false).adding(change.access(after: earlier))
        }
    }

    // What was not examined

    private var unexamined: [String] {
        var list = ["outgoing connections: the policy does not limit them"]
        if history == nil { list.append("the history: there is no saved state, or it cannot be read") }
        if !host.isRoot { list.append("processes of other users: the report was not made by root") }
        if host.isLoadedAtBoot() == nil { list.append("whether systemd loads the table at boot") }
        let young = policy.services.filter { usage.services[$0.name].map(isYoung) ?? true }.count
        if young > 0 { list.append("the use of \(counted(young, "service")): not observed long enough") }
        let doubts = findings.filter { $0.identifier == .unknown }.map(\.message)
        return list + doubts
    }

    /// Whether the counters were followed for a shorter time than after which a service counts as unused.
    private func isYoung(_ usage: ServiceUsage) -> Bool {
        guard usage.lastRise == nil, let span = policy.defaults.unusedAfter else { return false }
        return host.now - usage.since < span.seconds
    }
}

extension ReportDocument {
    /// The controls of standards, and whether they hold.
    var controls: [Control] {
        Control.all(
            Control.Facts(
                isLoaded: ruleset.own.table != nil, policy: policy, findings: findings,
                isLoadedAtBoot: host.isLoadedAtBoot(), now: host.now))
    }
}

extension LoggedChange {
    /// Whether it left a table, or none, for the policy.
    fileprivate var hasTable: Bool { record.map { !$0.kind.keepsTable } ?? false }

    /// The access that the change gave and took, by portreeve's table alone; nothing if it was undone, or if what was there
    /// before it is not known.
    fileprivate func access(after earlier: LoggedChange?) -> [(String, JSON)] {
        guard !entry.outcome.isUndone, let record else { return [] }
        if let temporary = record.temporaryAccess { return temporary }
        guard let before = earlier?.record else { return [] }
        func tables(_ table: Table?) -> [Table] { table.map { [$0] } ?? [] }
        let report = AccessReport(
            from: tables(before.table), DecompiledPolicy(before.table), to: tables(record.table),
            DecompiledPolicy(record.table), in: Circumstances(now: record.time))
        let texts = report.groupedTexts
        return [("gained", .array(texts.gained.map(JSON.string))), ("lost", .array(texts.lost.map(JSON.string)))]
    }
}

extension ChangeRecord {
    /// The access that a grant, a ban or the end of one gave and took, as the history says it; `nil` for other changes.
    fileprivate var temporaryAccess: [(String, JSON)]? {
        let request = JSON.string(summary.firstRange(of: ": ").map { String(summary[..<$0.lowerBound]) } ?? summary)
        let (gained, lost): ([JSON], [JSON])
        switch kind {
        case .grant: (gained, lost) = ([request], [])
        case .ban: (gained, lost) = ([], [request])
        case .revoke: (gained, lost) = ([], [.string(summary)])
        case .unban: (gained, lost) = ([.string(summary)], [])
        case .apply, .rollback, .remove, .refresh: return nil
        }
        return [("gained", .array(gained)), ("lost", .array(lost))]
    }
}

extension SourceGroup {
    /// The group for programs.
    fileprivate var json: JSON {
        [
            "name": .string(name), "ranges": .number(addresses.count),
            "sources": .array(addresses.texts(atMost: AccessReport.Row.listedSources).map(JSON.string)),
            "names": .array(names.map(JSON.string)), "policy": location.json,
        ]
    }
}
