internal import Addressing
public import Listeners
public import Policies

extension [Finding] {
    /// Lines of `outbound` by which nothing went out, and services with ports to which no client has connected for the time of `unused-after`.
    ///
    /// Nothing is said of a service that was not followed for so long, is closed, or has a protocol without ports: its flows
    /// may go on for years without a new connection.
    ///
    /// - Parameters:
    ///   - policy: the policy.
    ///   - usages: the services whose counters were followed, by name.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    ///   - sessions: reads the open connections; `nil` if they are not known. It may be slow.
    /// - Returns: a notice for each.
    public static func unused(
        of policy: Policy, _ usages: [String: ServiceUsage], now: Int64, sessions: () -> [Session]?
    ) -> [Finding] {
        guard let span = policy.defaults.unusedAfter else { return [] }
        let lines = policy.outbound.filter { line in
            guard let usage = usages[ServiceUsage.key(ofLine: line.name)], !line.isExpired(at: now) else {
                return false
            }
            return !line.client.isOptional && usage.quiet >= span.seconds * 1000
                && line.ports.allSatisfy(\.transport.hasPorts)
        }.map { finding($0, usages[ServiceUsage.key(ofLine: $0.name)]?.unseen ?? 0, span) }
        let quiet = policy.services.filter { service in
            guard let usage = usages[service.name], usage.quiet >= span.seconds * 1000 else { return false }
            return service.isOpen(at: now) && service.ports.allSatisfy(\.transport.hasPorts)
        }
        guard !quiet.isEmpty, let sessions = sessions() else { return lines }
        return lines
            + quiet.filter { service in !sessions.contains { service.serves($0) } }
            .map { finding($0, usages[$0.name]?.unseen ?? 0, span, policy) }
    }

    private static func finding(_ line: OutboundLine, _ unseen: Int64, _ span: TimeSpan) -> Finding {
        let gap = unseen == 0 ? "" : ", but for \(TimeSpan(seconds: unseen / 1000 + 1).text) that were not counted"
        return Finding(
            .unusedService, .notice,
            "\(line.title) has let nothing out for more than \(span.text)\(gap): delete it if it is no longer needed"
        ).of(line)
    }

    private static func finding(
        _ service: Service, _ unseen: Int64, _ span: TimeSpan, _ policy: Policy
    ) -> Finding {
        let gap = unseen == 0 ? "" : ", but for \(TimeSpan(seconds: unseen / 1000 + 1).text) that were not counted"
        let rest = policy.trusted.isEmpty ? "" : "; clients that \"trusted\" lets in are not counted"
        return Finding(
            .unusedService, .notice,
            "no client has connected to \(service.kind) \"\(service.name)\" for more than \(span.text)\(gap)\(rest): "
                + "delete it if it is no longer needed",
            service: service.name, policy: service.location)
    }
}

extension Service {
    /// Whether it lets in any source now.
    fileprivate func isOpen(at now: Int64) -> Bool {
        entries.contains { !$0.isExpired(at: now) && !$0.addresses.isEmpty }
    }

    /// Whether a connection is one to it.
    fileprivate func serves(_ session: Session) -> Bool {
        isReached(at: session.decidedAddress)
            && ports.contains { $0.transport == session.transport && $0.range.contains(session.decidedPort) }
    }
}
