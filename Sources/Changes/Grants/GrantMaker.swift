public import Addressing
public import Auditing
internal import Compiler
public import Kernel
public import Policies
internal import Reachability
internal import Rulesets
internal import System

/// Makes and ends grants, each in one transaction that is saved before and read back after.
public struct GrantMaker {
    /// A message for the user besides the outcome.
    public enum Note {
        /// The outcome of a change that another command left unfinished.
        case settlement(Settlement)
        /// The live rulesets, all tables together, still refuse the source.
        case refusedElsewhere(Explanation)
    }

    private let state: RulesetState
    private let store: any RulesetStore
    private let now: Int64
    private let note: (Note) -> Void

    /// Creates a maker of grants.
    ///
    /// - Parameters:
    ///   - state: the state of the ruleset.
    ///   - store: the ruleset.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    ///   - note: receives messages for the user.
    public init(_ state: RulesetState, in store: any RulesetStore, now: Int64, note: @escaping (Note) -> Void) {
        self.state = state
        self.store = store
        self.now = now
        self.note = note
    }

    /// Allows an address for a time; an existing grant of the address is replaced and restarts.
    ///
    /// - Throws: `UselessGrant` if the address would still be refused; any error that prevents the change.
    public func grant(_ request: GrantRequest, by policy: Policy) throws -> GrantOutcome {
        let lock = try open()
        defer { withExtendedLifetime(lock) {} }
        guard let (snapshot, live, base, before) = try look() else { throw try state.missingTable(in: store) }
        guard let service = DecompiledPolicy(live).services.first(where: { $0.name == request.service }) else {
            throw ChangeError(
                .failure,
                "service \"\(request.service)\" is not loaded: run \"portreeve apply\" first; nothing was changed")
        }
        if AddressSet.loopback.isSuperset(of: AddressSet(request.address)) {
            return GrantOutcome(deed: .loopback, service: request.service, addresses: [request.address])
        }
        if service.sources.isSuperset(of: AddressSet(request.address)) {
            try check(request, service, live, before.bans, policy)
            return GrantOutcome(deed: .needless, service: request.service, addresses: [request.address])
        }
        let record = request.record(now: now, uptime: before.now, on: state.host)
        let change = GrantChange(
            kind: .grant, summary: request.summary, snapshot: snapshot, before: before,
            after: { before.adding(record, of: $0) }, base: base)
        if let target = change.rulesetChange.target { try check(request, service, target, before.bans, policy) }
        return GrantOutcome(
            deed: .granted(until: record.end, for: request.span), service: request.service,
            addresses: [request.address], made: try state.make(change, in: store, now: now))
    }

    /// Ends the grants of a service, or the grant of one address.
    ///
    /// - Throws: `failure` if there is no such service; `Lockout` if that shuts out an admin session; any error that prevents the change.
    public func revoke(
        _ service: String, from address: IPAddress?, guardedBy lockoutGuard: LockoutGuard
    ) throws -> GrantOutcome {
        let lock = try open()
        defer { withExtendedLifetime(lock) {} }
        guard let (snapshot, live, base, before) = try look() else { return try nothing(of: service, address) }
        let addresses = before.addresses(of: service, address, orFoundIn: live)
        guard !addresses.isEmpty else {
            return try nothing(of: service, address, in: live, before)
        }
        let names = addresses.map(\.description).joined(separator: ", ")
        let change = GrantChange(
            kind: .revoke, summary: "\(service): grant of \(names) ended", snapshot: snapshot, before: before,
            after: { _ in before.removing(service, address) }, base: base)
        try lockoutGuard.allow(change.rulesetChange, in: store)
        let made = try state.make(change, in: store, now: now)
        return GrantOutcome(deed: .revoked, service: service, addresses: addresses, made: made)
    }

    /// The outcome where there is no grant to end; fails if the policy in force has no such service, which is mistyped then.
    private func nothing(
        of service: String, _ address: IPAddress?, in live: Table, _ grants: GrantBook
    ) throws -> GrantOutcome {
        let services = DecompiledPolicy(live).services.map(\.name)
        guard services.contains(service) else {
            let hint = Spelling.hint(for: service, among: services, "its services")
            throw ChangeError(.failure, "the policy in force has no service \"\(service)\"\(hint); nothing was changed")
        }
        let others = grants.active.map { "\($0.service) to \($0.address)" }
        return GrantOutcome(deed: .absent(others: others), service: service, addresses: address.map { [$0] } ?? [])
    }

    /// The outcome where no table is loaded; fails if the next table has grants again.
    private func nothing(of service: String, _ address: IPAddress?) throws -> GrantOutcome {
        guard try state.grants().active.isEmpty else { throw try state.missingTable(in: store) }
        return .notLoaded(service, address)
    }

    /// The live table, the same without grants, and the grants; `nil` if no table is loaded.
    private func look() throws -> (TableSnapshot, live: Table, base: Table, GrantBook)? {
        let last = try state.lastTable()
        let snapshot = try store.snapshot(of: Names.table, expecting: last.map { [$0] } ?? [])
        guard let live = snapshot.table else { return nil }
        try state.requireRecord(of: live)
        let grants = try state.grants()
        if let fault = grants.obstacle { throw ChangeError(.failure, "\(fault); nothing was changed") }
        return (snapshot, live, grants.base(of: live, loaded: last), grants)
    }

    /// Takes the lock, unless a change waits to be confirmed.
    private func open() throws -> FileLock {
        let lock = try state.lock()
        try state.settle(store).forEach { note(.settlement($0)) }
        if let pending = try state.pending() { throw state.refusal(pending, in: store) }
        return lock
    }

    /// Refuses a grant that has no effect, and notes if another table refuses the address.
    private func check(
        _ request: GrantRequest, _ service: DecompiledService, _ target: Table, _ bans: BanBook, _ policy: Policy
    ) throws {
        let family = request.address.family
        guard policy.defaults.families.contains(family) else {
            throw ChangeError(
                .failure,
                "cannot grant \(request.address): \"defaults.families\" of the policy leaves out \(family); nothing was changed"
            )
        }
        guard let port = service.ports.first else { return }
        var question = Explanation.Question(
            source: request.address, transport: port.transport, port: port.range.lowerBound)
        let own = Explanation(question, policy: policy, tables: [target], isLive: true, now: now)
        if own.verdict == .refuse {
            let ban = bans.ban(of: request.address).map { ($0.addresses, bans.left($0)) }
            throw UselessGrant(address: request.address, explanation: own, ban: ban)
        }
        let tables = [target] + (try WholeRuleset.neighbours(store))
        question.setting = WholeRuleset.circumstances(store, now: now)
        let all = Explanation(question, policy: policy, tables: tables, isLive: true, now: now)
        if all.verdict == .refuse { note(.refusedElsewhere(all)) }
    }
}

/// A grant that would not allow its address; nothing was changed.
public struct UselessGrant: Error {
    /// The address.
    public let address: IPAddress
    /// The evaluation that refuses the address.
    public let explanation: Explanation
    /// The ban that covers the address, and the milliseconds until it ends; `nil` if none is known.
    public let ban: (addresses: AddressRange, left: Int64)?
}

/// The result of a grant or of its end.
public struct GrantOutcome {
    /// The kind of result.
    public enum Deed: Hashable, Sendable {
        /// The addresses are allowed until this time, in seconds since 1970-01-01T00:00:00Z.
        case granted(until: Int64, for: TimeSpan)
        /// The policy allows the addresses without a grant.
        case needless
        /// The address is this host's own, which is let in on the loopback interface.
        case loopback
        /// The addresses are no longer allowed.
        case revoked
        /// The addresses, or any if there are none, had no grant; others have one.
        case absent(others: [String])
        /// No table is loaded, and no grant is recorded.
        case notLoaded
    }

    /// The kind of result.
    public let deed: Deed
    /// The service.
    public let service: String
    /// The addresses.
    public let addresses: [IPAddress]
    /// The change; `nil` if there was nothing to do.
    public var made: RulesetState.Made?

    /// The outcome where no table is loaded, and no grant is recorded.
    public static func notLoaded(_ service: String, _ address: IPAddress?) -> Self {
        Self(deed: .notLoaded, service: service, addresses: address.map { [$0] } ?? [])
    }
}
