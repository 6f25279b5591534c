public import Policies

extension [Finding] {
    /// A service is reported this many seconds before it expires: a week.
    private static let warningTime: Int64 = 7 * 86400

    /// Services that have expired or expire within a week; `now` in seconds since 1970-01-01T00:00:00Z.
    public static func expiries(of policy: Policy, now: Int64) -> [Finding] {
        policy.trusted.compactMap { expiry(of: $0.entry, "\"trusted\" \"\($0.name)\"", nil, $0.name, now: now) }
            + policy.services.flatMap { service in
                service.entries.compactMap { entry in
                    let name = "service \"\(service.name)\""
                    let subject = service.listsEntries ? "\(entry.title) of \(name)" : name
                    let source = service.listsEntries ? entry.sources.entries.joined(separator: ", ") : nil
                    return expiry(of: entry, subject, service.name, source, now: now)
                }
            }
    }

    private static func expiry(
        of entry: AllowEntry, _ subject: String, _ service: String?, _ source: String?, now: Int64
    ) -> Finding? {
        guard let expires = entry.expires, now >= expires.end - warningTime else { return nil }
        let isOver = now >= expires.end
        let message =
            isOver
            ? "\(subject) expired (\(expires.written)) and is closed: renew it or delete it"
            : "\(subject) expires soon (\(expires.written)): renew it if it is still needed"
        return Finding(
            isOver ? .expired : .expiresSoon, isOver ? .warning : .notice, message, service: service,
            policy: entry.location
        ).with(.init(source: source))
    }
}

extension AllowEntry {
    /// The entry in a sentence: its line, reason, owner and ticket.
    public var title: String {
        let facts = [why, owner, ticket].compactMap { $0 }.joined(separator: "; ")
        return "the entry at line \(location.line)" + (facts.isEmpty ? "" : " (\(facts))")
    }
}
