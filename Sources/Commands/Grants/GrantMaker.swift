internal import Addressing
internal import Compiler
internal import Kernel
internal import Policies
internal import Reachability
internal import Rulesets

/// What is asked for.
struct GrantRequest {
    /// The name of the service.
    let service: String
    /// The address that is to be let in.
    let address: AddressRange
    /// For how long.
    let span: TimeSpan
    /// What it is for.
    let why: String
}

/// Makes grants and ends them, each in one transaction that is kept first and read back.
struct GrantMaker {
    private let host: Host
    private let console: Console
    private let state: RulesetState
    private var store: any RulesetStore

    init(_ host: Host, _ kernel: KernelOptions, _ console: Console, _ store: any RulesetStore) throws(StoreError) {
        self.host = host
        self.console = console
        self.store = store
        state = try RulesetState(kernel, on: host)
    }

    /// Lets an address in; one that has a grant has the new one in its place, from now on.
    consuming func grant(_ request: GrantRequest, by policy: Policy) throws -> GrantReport {
        let lock = try open()
        defer { withExtendedLifetime(lock) {} }
        let (snapshot, before) = (try store.snapshot(of: Names.table), try state.grants())
        let live = try table(snapshot)
        guard let service = LoadedPolicy(live).services.first(where: { $0.name == request.service }) else {
            throw CommandError(
                .failure, "service \"\(request.service)\" is not loaded: run portreeve apply first; nothing was changed"
            )
        }
        if service.sources.isSuperset(of: AddressSet(request.address)) {
            let text = "the policy lets \(request.address) in to \(request.service): nothing to do"
            return GrantReport(text: text, service: request.service, addresses: [request.address])
        }
        let (span, time) = (request.span, request.span.seconds)
        let deadline = host.changes.uptime() + time * 1000
        func after(_ change: Int) -> GrantBook {
            var book = before
            book.records.removeAll { $0.service == request.service && $0.address == request.address }
            book.records.append(
                GrantRecord(
                    service: request.service, address: request.address, seconds: time, end: host.now + time,
                    deadline: deadline, why: request.why, author: host.changes.author(), change: change))
            return book
        }
        let change = GrantChange(
            kind: .grant, summary: "\(request.service) to \(request.address) for \(span.text): \(request.why)",
            snapshot: snapshot, before: before, after: after, base: try state.base(of: live, before))
        try check(request, service, change, policy)
        let made = try state.make(change, in: store, on: host)
        let text =
            "\(request.service) is open to \(request.address) until \(UTCTime.text(host.now + time)) (\(span.text))"
        return GrantReport(
            text: text, service: request.service, addresses: [request.address], end: host.now + time, made: made)
    }

    /// Ends the grants of a service, or the one of an address.
    consuming func revoke(_ service: String, from address: AddressRange?, force: Bool) throws -> GrantReport {
        let lock = try open()
        defer { withExtendedLifetime(lock) {} }
        let (snapshot, before) = (try store.snapshot(of: Names.table), try state.grants())
        let live = try table(snapshot)
        // What somebody slipped in ends with the rest.
        let all = before.active.map(\.source) + live.grantedSources
        let ended = all.filter { $0.service == service && (address == nil || $0.address == address) }.map(\.address)
        let addresses = ended.enumerated().filter { !ended[..<$0.offset].contains($0.element) }.map(\.element)
        guard !addresses.isEmpty else {
            let whom = address.map { " for \($0)" } ?? ""
            throw CommandError(.failure, "service \"\(service)\" has no grant\(whom): nothing was changed")
        }
        let names = addresses.map(\.description).joined(separator: ", ")
        let change = GrantChange(
            kind: .revoke, summary: "\(service) to \(names) no longer", snapshot: snapshot, before: before,
            after: { _ in
                var book = before
                book.records.removeAll { $0.service == service && (address == nil || $0.address == address) }
                return book
            }, base: try state.base(of: live, before))
        try LockoutGuard(host, console, force: force).allow(change.rulesetChange, in: store)
        let made = try state.make(change, in: store, on: host)
        return GrantReport(
            text: "\(service) is not open to \(names) any longer", service: service, addresses: addresses, made: made)
    }

    /// The lock, when nothing waits to be confirmed.
    private func open() throws -> StateLock {
        let lock = try state.lock()
        try state.settle(store).forEach { console.note("portreeve: \($0)") }
        if let pending = try state.pending() { throw state.refusal(pending) }
        return lock
    }

    private func table(_ snapshot: StoredTable) throws(CommandError) -> Table {
        guard let table = snapshot.table else {
            throw CommandError(.failure, "table \(Names.table) is not loaded: nothing was changed")
        }
        return table
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
        var reader = store
        let tables = [target] + (try WholeRuleset.others(&reader))
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

extension AddressSet {
    /// One address.
    fileprivate init(_ address: AddressRange) {
        switch address {
        case .ipv4(let range): self.init(ipv4: [range], ipv6: [])
        case .ipv6(let range): self.init(ipv4: [], ipv6: [range])
        }
    }
}
