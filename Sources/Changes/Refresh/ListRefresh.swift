public import Addressing
public import Auditing
internal import Compiler
public import Kernel
public import Listeners
public import Policies
internal import Rulesets
public import System

/// The renewal of the lists of the policy that was applied.
public struct ListRefresh {
    private let state: RulesetState
    private let store: any RulesetStore
    private let now: Int64

    /// The policy.
    public let refreshed: RefreshedPolicy
    private let record: AppliedRecord

    /// Reads the lists.
    ///
    /// - Parameters:
    ///   - state: the state of the ruleset.
    ///   - store: the ruleset.
    ///   - options: the options with which the policy and its lists are read.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    ///   - answers: looks up DNS names.
    /// - Throws: `refused` if a change waits to be confirmed; `failure` if nothing was applied, or no table is loaded.
    public init(
        _ state: RulesetState, in store: any RulesetStore, reading options: ReadingOptions, now: Int64,
        _ answers: (_ names: [String]) -> [NameAnswer] = { _ in [] }
    ) throws {
        try state.requireNoneWaiting(in: store)
        var record = try Self.record(state, store)
        var all: [NameAnswer] = []
        if record.hasNames, let names = record.policy(options)?.names, !names.isEmpty {
            all = answers(names.map(\.name))
            // Look-ups take their time, in which another policy may have been applied.
            try state.requireNoneWaiting(in: store)
            record = try Self.record(state, store)
        }
        (self.state, self.store, self.now, self.record) = (state, store, now, record)
        let (book, own, since) = (try state.names, store.addresses() ?? AddressSet(), record.time)
        refreshed = try RefreshedPolicy(record, options) { names in
            names.compactMap { source in
                let answers = all.filter { $0.name == source.name }
                guard !answers.isEmpty else { return nil }
                return NameRenewal(
                    source, known: book.entries[source.name], answers: answers, own: own, since: since, now: now)
            }
        }
    }

    private static func record(_ state: RulesetState, _ store: any RulesetStore) throws -> AppliedRecord {
        if let record = try state.applied(in: store) {
            guard try store.tableNames().contains(Names.table) else { throw try state.missingTable(in: store) }
            return record
        }
        if let last = try state.log.lastConfirmed(), try state.hasNoTable(last) {
            throw ChangeError(.failure, "the table was removed by change \(last.number): nothing to refresh")
        }
        throw absence
    }

    /// The error where nothing was ever applied.
    public static var absence: ChangeError {
        ChangeError(.failure, "no policy was applied: run \"portreeve apply\" first; nothing was changed")
    }

    /// Saves when the addresses of names were seen.
    public func noteNames() throws { try state.note(refreshed.renewals, of: refreshed.policy) }

    /// Loads the lists, and saves them as the policy that is in force.
    ///
    /// - Parameters:
    ///   - lockoutGuard: makes a guard of these admin sessions.
    ///   - note: receives the outcomes of changes that other commands left unfinished.
    /// - Returns: the change; `nil` if nothing is to change.
    /// - Throws: `Lockout` if that shuts out an admin; any error that prevents the change.
    public func make(
        guardedBy lockoutGuard: ((_ extra: [AdminSession]) -> LockoutGuard), note: (Settlement) -> Void
    ) throws -> RulesetState.Made? {
        guard !refreshed.isEmpty else {
            // The last one may have been killed after its commit: then a boot would load what was applied before it.
            try state.settleInterrupted(in: store).forEach(note)
            return nil
        }
        let change = try change()
        guard !change.transaction.isEmpty else {
            // The lists mean the same: only their texts are saved.
            _ = try state.keep(change, in: store, confirmedWithin: nil, now: now, note: note)
            return nil
        }
        try lockoutGuard(state.lastAdmins()).allow(change, in: store)
        return try state.make(change, in: store, confirmedWithin: nil, now: now, note: note)
    }

    /// The change of the live table: of nothing but the objects that the lists make differ.
    private func change() throws -> RulesetChange {
        guard let saved = record.table else {
            throw ChangeError(
                .failure, "cannot read the table that was applied: run \"portreeve apply\"; nothing was changed")
        }
        let difference = TableDifference(from: compile(refreshed.applied).table, to: compile(refreshed.policy).table)
        guard difference.fits(saved) else {
            throw ChangeError(
                .failure,
                "this version of portreeve compiles the policy to another table: run \"portreeve apply\" first; nothing was changed"
            )
        }
        let snapshot = try store.snapshot(of: Names.table, expecting: [saved])
        guard let live = snapshot.table else {
            throw ChangeError(
                .failure, "table \(Names.table) is not loaded: run \"portreeve apply\"; nothing was changed")
        }
        let grants = try state.grants()
        let base = grants.base(of: live, loaded: saved)
        var change = RulesetChange(
            snapshot: snapshot, table: difference.applied(to: base), kind: .refresh, summary: refreshed.summary,
            policy: refreshed.policy, grants: grants)
        change.recorded = difference.applied(to: saved)
        // A burst of bans by another program is over soon, and no person waits for an answer.
        change.replans = 100
        let planned = change
        change.replan = { [store] in
            let live = try store.snapshot(of: Names.table, expecting: planned.target.map { [$0] } ?? [])
            return live.table == planned.snapshot.table ? live : nil
        }
        return change
    }

    /// The addresses of the host, its gateways and its resolvers that `deny` covers only since the lists changed.
    public func newDenials(resolvers: () -> [IPAddress]) -> [Finding] {
        let network = store.network()
        func denied(_ policy: Policy) -> [Finding] {
            .deniedHost(
                of: policy, addresses: store.addresses(), gateways: network?.gateways ?? [], resolvers: resolvers())
        }
        let before = Set(denied(refreshed.applied).map(\.details.source))
        return denied(refreshed.policy).filter { !before.contains($0.details.source) }
    }

    /// The news about refused lists, each told once: lists that are refused now for the first time, and lists that are good
    /// again.
    public func tellRefusals() throws -> (new: [ListRefusal], over: [String]) {
        let known = RefusalRecord(state.files)
        let (new, over) = known.news(in: refreshed.refusals)
        if !new.isEmpty || !over.isEmpty { try RefusalRecord(refreshed.refusals).store(in: state.files) }
        return (new, over)
    }
}
