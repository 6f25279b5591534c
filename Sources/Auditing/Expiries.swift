public import Policies

extension [Finding] {
    /// A service is reported this many seconds before it expires: a week.
    private static let warningTime: Int64 = 7 * 86400

    /// Services that have expired or expire within a week; `now` in seconds since 1970-01-01T00:00:00Z.
    public static func expiries(of policy: Policy, now: Int64) -> [Finding] {
        policy.services.flatMap { service in
            service.entries.compactMap { expiry(of: $0, of: service, now: now) }
        }
    }

    private static func expiry(of entry: AllowEntry, of service: Service, now: Int64) -> Finding? {
        guard let expires = entry.expires, now >= expires.end - warningTime else { return nil }
        let isOver = now >= expires.end
        let message =
            isOver
            ? "service \"\(service.name)\" expired (\(expires.written)) and is closed: renew it or delete it"
            : "service \"\(service.name)\" expires soon (\(expires.written)): renew it if it is still needed"
        return Finding(
            isOver ? .expired : .expiresSoon, isOver ? .warning : .notice, message, service: service.name,
            policy: entry.location)
    }
}
