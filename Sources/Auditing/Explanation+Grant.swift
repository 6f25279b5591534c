public import Policies

extension Explanation {
    /// The service that a grant would open to the source, and for how long; `nil` if a grant would not help, or if the policy
    /// allows none.
    ///
    /// A grant stands before the entries of a service, so that it helps where only the sources do not match.
    ///
    /// - Parameter span: the longest time to propose.
    /// - Returns: the service and the time.
    public func grant(atMost span: TimeSpan) -> (service: Service, span: TimeSpan)? {
        guard isLive, verdict == .refuse, !isBanned, !isDenied, !isForeign, !isLeftOut, !lacksTarget, !isExpired,
            redirection == nil, deviation == nil, let service
        else { return nil }
        guard isOutsideSources || service.listsEntries && decidingEntry == nil else { return nil }
        guard let limit = policy.defaults.grantLimit else { return (service, span) }
        return limit.longest.map { (service, $0.seconds < span.seconds ? $0 : span) }
    }
}
