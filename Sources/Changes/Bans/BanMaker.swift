public import Addressing
internal import Compiler
public import Kernel
public import Policies
internal import Rulesets
internal import System

/// Makes and ends bans, each in one transaction that is saved before and read back after.
///
/// A change that waits to be confirmed keeps no ban from being made: the bans in force are those of any table.
public struct BanMaker {
    private let state: RulesetState
    private let store: any RulesetStore
    private let now: Int64
    private let note: (Settlement) -> Void

    /// Creates a maker of bans.
    ///
    /// - Parameters:
    ///   - state: the state of the ruleset.
    ///   - store: the ruleset.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    ///   - note: receives the outcomes of changes that other commands left unfinished.
    public init(
        _ state: RulesetState, in store: any RulesetStore, now: Int64, note: @escaping (Settlement) -> Void
    ) {
        self.state = state
        self.store = store
        self.now = now
        self.note = note
    }

    /// Shuts out an address or a prefix for a time; an existing ban of the same addresses is replaced and restarts.
    ///
    /// - Parameters:
    ///   - request: the ban.
    ///   - isForced: whether a wide prefix, or a policy that cannot be read, is no reason to refuse.
    ///   - options: the options with which the applied policy is read, for `never-deny`.
    ///   - lockoutGuard: the guard of the admin sessions.
    /// - Returns: the outcome.
    /// - Throws: `Lockout` if that shuts out an admin session; any error that prevents the change.
    public func ban(
        _ request: BanRequest, isForced: Bool, reading options: ReadingOptions, guardedBy lockoutGuard: LockoutGuard
    ) throws -> BanOutcome {
        let lock = try open()
        defer { withExtendedLifetime(lock) {} }
        try check(request, isForced: isForced, options)
        guard let (snapshot, _, base, before) = try look() else { throw try state.missingTable(in: store) }
        let record = request.record(now: now, uptime: before.bans.now, on: state.host)
        let change = GrantChange(
            kind: .ban, summary: request.summary, snapshot: snapshot, before: before,
            after: { before.banning(record, of: $0) }, base: base)
        try lockoutGuard.allow(change.rulesetChange, in: store)
        return BanOutcome(
            deed: .banned(until: record.end, for: request.span), addresses: request.addresses,
            made: try state.make(change, in: store, now: now))
    }

    /// Ends the ban of an address or of a prefix.
    ///
    /// - Throws: `failure` if the addresses are banned as a part of others; any error that prevents the change.
    public func unban(_ addresses: AddressRange) throws -> BanOutcome {
        let lock = try open()
        defer { withExtendedLifetime(lock) {} }
        guard let (snapshot, live, base, before) = try look() else { return try nothing(of: addresses) }
        let banned = before.bans.active.map(\.addresses) + live.bannedSources.map(\.addresses)
        guard banned.contains(addresses) else {
            let cover = banned.first { AddressSet($0).isSuperset(of: AddressSet(addresses)) }
            guard let cover else {
                let others = Set(banned.map(\.description)).sorted()
                return BanOutcome(deed: .needless(others: others), addresses: addresses)
            }
            throw ChangeError(
                .failure,
                "\(addresses) has no ban of its own: it is in \(cover), which is banned; "
                    + "\"portreeve unban \(cover)\" ends that; nothing was changed")
        }
        let change = GrantChange(
            kind: .unban, summary: "ban of \(addresses) ended", snapshot: snapshot, before: before,
            after: { _ in before.unbanning(addresses) }, base: base)
        let cover = banned.first { $0 != addresses && AddressSet($0).isSuperset(of: AddressSet(addresses)) }
        return BanOutcome(
            deed: .unbanned(stillCoveredBy: cover), addresses: addresses,
            made: try state.make(change, in: store, now: now))
    }

    /// The outcome where no table is loaded; fails if the next table has bans again.
    private func nothing(of addresses: AddressRange) throws -> BanOutcome {
        guard try state.grants().bans.active.isEmpty else { throw try state.missingTable(in: store) }
        return .notLoaded(addresses)
    }

    /// The live table, the same without grants and bans, and both; `nil` if no table is loaded.
    private func look() throws -> (TableSnapshot, live: Table, base: Table, GrantBook)? {
        let last = try state.lastTable()
        let snapshot = try store.snapshot(of: Names.table, expecting: last.map { [$0] } ?? [])
        let book = try state.grants()
        if let fault = book.bans.fault ?? book.obstacle { throw ChangeError(.failure, "\(fault); nothing was changed") }
        guard let live = snapshot.table else { return nil }
        try state.requireRecord(of: live)
        return (snapshot, live, book.base(of: live, loaded: last), book)
    }

    /// Takes the lock, and settles what other commands left unfinished.
    private func open() throws -> FileLock {
        let lock = try state.lock()
        try state.settle(store).forEach(note)
        return lock
    }

    /// Refuses a ban of addresses that `never-deny` protects, or of too many.
    private func check(_ request: BanRequest, isForced: Bool, _ options: ReadingOptions) throws {
        let addresses = AddressSet(request.addresses)
        guard !AddressSet.loopback.isSuperset(of: addresses) else {
            throw ChangeError(
                .refused, "\(request.addresses) is a loopback address, which is always let in; nothing was changed")
        }
        if !isForced, PrefixLengths.usual.isExceeded(by: request.addresses) {
            throw ChangeError(
                .refused,
                "\(request.addresses) is wider than \(PrefixLengths.usual.text(request.addresses.family)): "
                    + "use --force to ban it; nothing was changed")
        }
        guard let record = try state.applied(in: store) else { return }
        guard let policy = record.policy(options) else {
            if isForced { return }
            throw ChangeError(
                .refused,
                "cannot read \"never-deny\" of the policy that was applied: --force bans without it; nothing was changed"
            )
        }
        guard let list = policy.neverDeny, let witness = list.addresses.intersection(addresses).witness else { return }
        throw ChangeError(
            .refused,
            "\"never-deny\" (\(list.location.file):\(list.location.line)) has \(witness)\(witness == request.addresses ? "" : ", which is in \(request.addresses)"); "
                + "nothing was changed")
    }
}
