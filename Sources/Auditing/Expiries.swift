public import Policies

extension [Finding] {
    /// A service is reported this many seconds before it expires: a week.
    private static let warningTime: Int64 = 7 * 86400

    /// Services, entries of `trusted` and lines of `outbound` that have expired or expire within a week; `now` in seconds since 1970-01-01T00:00:00Z.
    public static func expiries(of policy: Policy, now: Int64) -> [Finding] {
        policy.trusted.compactMap { trusted in
            expiry(trusted.entry.expires, "\"trusted\" \"\(trusted.name)\"", trusted.location, now: now)?
                .with(.init(source: trusted.name))
        }
            + policy.outbound.compactMap { line in
                expiry(line.expires, line.title, line.location, now: now)?.of(line)
            }
            + policy.services.flatMap { service in
                service.entries.compactMap { entry in
                    let name = "service \"\(service.name)\""
                    let subject = service.listsEntries ? "\(entry.title) of \(name)" : name
                    let source = service.listsEntries ? entry.sources.entries.joined(separator: ", ") : nil
                    var finding = expiry(entry.expires, subject, entry.location, now: now)
                    finding?.service = service.name
                    return finding?.with(.init(source: source))
                }
            }
    }

    private static func expiry(
        _ expires: Expiry?, _ subject: String, _ location: SourceLocation, now: Int64
    ) -> Finding? {
        guard let expires, now >= expires.end - warningTime else { return nil }
        let isOver = now >= expires.end
        let message =
            isOver
            ? "\(subject) expired (\(expires.written)) and is closed: renew it or delete it"
            : "\(subject) expires soon (\(expires.written)): renew it if it is still needed"
        return Finding(
            isOver ? .expired : .expiresSoon, isOver ? .warning : .notice, message, policy: location)
    }
}

extension AllowEntry {
    /// The entry in a sentence: its line, reason, owner and ticket.
    public var title: String {
        let facts = [why, owner, ticket].compactMap { $0 }.joined(separator: "; ")
        return "the entry at line \(location.line)" + (facts.isEmpty ? "" : " (\(facts))")
    }
}
