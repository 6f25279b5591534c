internal import Addressing
internal import Compiler
internal import Kernel
internal import Policies
internal import Reachability
internal import Rulesets
internal import System

/// Makes grants and ends them, each in one transaction that is kept first and read back.
struct GrantMaker {
    private let host: Host
    private let console: Console
    private let state: RulesetState
    private var store: any RulesetStore

    init(_ host: Host, _ kernel: KernelOptions, _ console: Console, _ store: any RulesetStore) throws(KernelError) {
        self.host = host
        self.console = console
        self.store = store
        self.store.cacheSets(in: kernel.stateDirectory(on: host))
        state = try RulesetState(kernel, on: host)
    }

    /// Lets an address in; one that has a grant has the new one in its place, from now on.
    consuming func grant(_ request: GrantRequest, by policy: Policy) throws -> GrantReport {
        let lock = try open()
        defer { withExtendedLifetime(lock) {} }
        let (snapshot, live, base, before) = try look()
        guard let service = LoadedPolicy(live).services.first(where: { $0.name == request.service }) else {
            throw CommandError(
                .failure, "service \"\(request.service)\" is not loaded: run portreeve apply first; nothing was changed"
            )
        }
        if service.sources.isSuperset(of: AddressSet(request.address)) { return request.needless }
        let record = request.record(on: host)
        let change = GrantChange(
            kind: .grant, summary: request.summary, snapshot: snapshot, before: before,
            after: { before.adding(record, of: $0) }, base: base)
        try check(request, service, change, policy)
        return request.report(end: record.end, try state.make(change, in: store, on: host))
    }

    /// Ends the grants of a service, or the one of an address.
    consuming func revoke(_ service: String, from address: AddressRange?, force: Bool) throws -> GrantReport {
        let lock = try open()
        defer { withExtendedLifetime(lock) {} }
        let (snapshot, live, base, before) = try look()
        let addresses = before.addresses(of: service, address, orFoundIn: live)
        guard !addresses.isEmpty else {
            let whom = address.map { " for \($0)" } ?? ""
            throw CommandError(.failure, "service \"\(service)\" has no grant\(whom): nothing was changed")
        }
        let names = addresses.map(\.description).joined(separator: ", ")
        let change = GrantChange(
            kind: .revoke, summary: "\(service) to \(names) no longer", snapshot: snapshot, before: before,
            after: { _ in before.removing(service, address) }, base: base)
        try LockoutGuard(host, console, force: force).allow(change.rulesetChange, in: store)
        let made = try state.make(change, in: store, on: host)
        return GrantReport(
            text: "\(service) is not open to \(names) any longer", service: service, addresses: addresses, made: made)
    }

    /// What is live, what of it lies below the grants, and those.
    private mutating func look() throws -> (TableSnapshot, live: Table, base: Table, GrantBook) {
        let last = try state.lastTable()
        let snapshot = try store.snapshot(of: Names.table, expecting: last.map { [$0] } ?? [])
        guard let live = snapshot.table else {
            throw CommandError(.failure, "table \(Names.table) is not loaded: nothing was changed")
        }
        let grants = try state.grants()
        return (snapshot, live, grants.base(of: live, loaded: last), grants)
    }

    /// The lock, when nothing waits to be confirmed.
    private func open() throws -> StateLock {
        let lock = try state.lock()
        try state.settle(store).forEach { console.note("portreeve: \($0)") }
        if let pending = try state.pending() { throw state.refusal(pending) }
        return lock
    }

    /// Refuses a grant that would let nobody in, and says where it does not suffice.
    private func check(
        _ request: GrantRequest, _ service: LoadedService, _ change: GrantChange, _ policy: Policy
    ) throws {
        guard let port = service.ports.first, let target = change.rulesetChange.target else { return }
        let question = Explanation.Question(
            source: request.address, transport: port.transport, port: port.range.lowerBound, interface: nil)
        let own = Explanation(
            question, policy: policy, tables: [target], isLive: true, listeners: nil, now: host.now)
        if own.verdict == "refuse" {
            throw CommandError(
                .refused, "a grant would not let \(request.address) in: \(own.obstacle); nothing was changed")
        }
        let tables = [target] + (try WholeRuleset.others(store))
        let all = Explanation(question, policy: policy, tables: tables, isLive: true, listeners: nil, now: host.now)
        if all.verdict == "refuse" { console.note("portreeve: warning: it is refused all the same: \(all.obstacle)") }
    }
}

extension GrantChange {
    /// The change as others look at one before it is made.
    var rulesetChange: RulesetChange {
        var change = RulesetChange(snapshot: snapshot, table: base, kind: kind, summary: summary)
        change.grants = after(0)
        return change
    }
}
