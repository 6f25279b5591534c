public import Addressing
internal import Compiler
public import Listeners
public import Policies
internal import Reachability
public import Rulesets

/// Compares the sessions of a host with its policy.
public struct SessionAudit {
    let policy: Policy
    let table: Table
    let now: Int64
    let interface: (IPAddress) -> String?

    /// Creates an audit.
    ///
    /// - Parameters:
    ///   - policy: the policy.
    ///   - table: the compiled policy.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    ///   - interface: finds the interface of the route to an address, on which its packets are assumed to arrive; it is
    ///     called only if the interface matters.
    public init(
        policy: Policy, table: Table, now: Int64, interface: @escaping (IPAddress) -> String? = { _ in nil }
    ) {
        self.policy = policy
        self.table = table
        self.now = now
        self.interface = interface
    }

    /// The sessions that the policy would refuse today, by port and client.
    public func stale(_ sessions: [Session]) -> [Session] { refused(sessions, by: table).sorted { $0.precedes($1) } }

    /// Those of them with one service, of these clients or, if there are none, of any client.
    public func stale(_ sessions: [Session], of name: String, from clients: [IPAddress]) -> [Session] {
        guard let service = policy.services.first(where: { $0.name == name }) else { return [] }
        return stale(
            sessions.filter { session in
                service.decides(on: session) && (clients.isEmpty || clients.contains(session.client.address))
            })
    }

    /// The sessions that a ruleset would refuse today, in any order, each with its interface if that
    /// matters.
    ///
    /// Rate limits are ignored: they refuse by frequency, not by source.
    private func refused(_ sessions: [Session], by table: Table) -> [Session] {
        [false, true].flatMap { isForwarded -> [Session] in
            let group = sessions.filter { $0.isForwarded == isForwarded && $0.isDecided }
            guard !group.isEmpty else { return [] }
            let regions = AccessRegions(
                [table], in: Circumstances(now: now), path: isForwarded ? .published : .arriving)
            let targets = ForwardTargets(table)
            return group.compactMap { session in
                if session.isOfForward, !targets.lead(session) { return session }
                return refused(session, by: regions)
            }
        }
    }

    private func refused(_ session: Session, by regions: AccessRegions) -> Session? {
        var session = session
        func refusal() -> AccessRegions.Refusal {
            regions.refusal(
                session.transport, port: session.decidedPort, family: session.family,
                source: session.client.address.value,
                interface: session.interface, at: session.decidedAddress)
        }
        var result = refusal()
        if result == .somewhere {
            session.interface = interface(session.client.address)
            result = refusal()
        }
        return result == .everywhere ? session : nil
    }

    /// The sessions among `stale` that the live table allows.
    public func orphaned(_ stale: [Session], by live: Table?) -> [Session] {
        guard let live else { return stale }
        let refused = Set(refused(stale, by: live))
        return stale.filter { !refused.contains($0) }
    }

    /// One finding for all stale sessions of one client on one port.
    public func findings(about stale: [Session]) -> [Finding] {
        var groups: [[Session]] = []
        for session in stale {
            if let last = groups.last?.last, last.isAlike(session) {
                groups[groups.count - 1].append(session)
            } else {
                groups.append([session])
            }
        }
        return groups.map(finding)
    }

    private func finding(_ group: [Session]) -> Finding {
        let first = group[0]
        let port = first.decidedPort
        let place = AuditedPort(first.transport, port...port, at: first.client.address)
        let service = policy.services.first { $0.decides(on: first) }
        let reason = reason(first, service)
        let count = group.count == 1 ? "is connected" : "has \(group.count) connections"
        let facts = [way(of: first), holders(of: group), age(of: group)].compactMap { $0 }.joined(separator: ", ")
        if first.isUnheld { return unheldFinding(first, group.count, place, service) }
        return Finding(
            .staleSession, .warning,
            "\(first.client.address) \(count) to \(place.text)\(facts.isEmpty ? "" : " (\(facts))"), "
                + "\(reason.clause): \"portreeve apply --cut-sessions\" ends \(group.count == 1 ? "it" : "them")",
            service: service?.name, port: place, process: group.lazy.flatMap(\.processes).first,
            policy: reason == .denied ? policy.deny?.location : service?.location
        ).with(.init(aspect: "\(first.client.address)"))
    }

    private func unheldFinding(
        _ session: Session, _ count: Int, _ place: AuditedPort, _ service: Service?
    ) -> Finding {
        let (entries, they, have, them) =
            count == 1
            ? ("an open connection", "its", "has", "it")
            : ("\(count) open connections", "their", "have", "them")
        return Finding(
            .staleSession, .warning,
            "conntrack has \(entries) from \(session.client.address) to \(place.text) that the policy refuses and that \(have) "
                + "no socket on this host: forged or forgotten; \(they) packets pass as established; "
                + "\"portreeve apply --cut-sessions\" ends \(them)",
            service: service?.name, port: place, policy: service?.location
        ).with(.init(aspect: "\(session.client.address) without socket"))
    }

    private func way(of session: Session) -> String? {
        session.isForwarded || session.isOfForward
            ? "forwarded to \(session.server)" : session.interface.map { "on \($0)" }
    }

    private func holders(of group: [Session]) -> String? {
        let processes = group.flatMap(\.processes)
        guard let first = processes.first else { return nil }
        let others = Set(processes.map(\.pid)).count - 1
        return first.text + (others > 0 ? " and \(others) more" : "")
    }

    private func age(of group: [Session]) -> String? {
        group.compactMap(\.tracked?.start).min().map { "for \(Self.span(max(0, now - $0)))" }
    }

    /// A duration in its largest unit: `3 h`.
    private static func span(_ seconds: Int64) -> String {
        let units: [(Int64, String)] = [(86400, "d"), (3600, "h"), (60, "min")]
        let unit = units.first { seconds >= $0.0 } ?? (1, "s")
        return "\(seconds / unit.0) \(unit.1)"
    }
}

extension Service {
    /// Whether the port and the address that the client dialled are the service's.
    fileprivate func decides(on session: Session) -> Bool {
        isReached(at: session.decidedAddress)
            && ports.contains { $0.transport == session.transport && $0.range.contains(session.decidedPort) }
    }
}

extension Session {
    /// Whether the policy decides on it: what is forwarded only where it was dialled at an address of this host, which the
    /// label keeps.
    var isDecided: Bool {
        !isForwarded || isDialledHere || ConntrackLabel.labels(tracked?.labels ?? []).contains(Label.ownAddress)
    }

    /// The address of this host on which the policy decides.
    var decidedAddress: IPAddress { (isForwarded || isOfForward ? dialled : server).address }

    /// The port on which the policy decides: of a forward to another port of this host the one that was dialled.
    var decidedPort: UInt16 { isOfForward ? dialled.port : port }

    /// Whether both sessions have the same client and port.
    fileprivate func isAlike(_ other: Session) -> Bool {
        transport == other.transport && decidedPort == other.decidedPort && client.address == other.client.address
            && isForwarded == other.isForwarded && isUnheld == other.isUnheld
    }

    /// The order: protocol, port, family, client.
    fileprivate func precedes(_ other: Session) -> Bool {
        (order, client.address.value, client.port) < (other.order, other.client.address.value, other.client.port)
    }

    private var order: UInt64 {
        let flags: UInt64 = (isUnheld ? 4 : 0) + (isForwarded ? 2 : 0) + (family == .ipv6 ? 1 : 0)
        return UInt64(transport.rawValue) << 32 | UInt64(decidedPort) << 8 | flags
    }

    fileprivate var processes: [SocketProcess] {
        guard case .processes(let processes) = owners else { return [] }
        return processes
    }
}
