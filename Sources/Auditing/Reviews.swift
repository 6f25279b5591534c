public import Policies

extension [Finding] {
    /// A review is announced this many seconds before it is due: a week.
    private static let noticeTime: Int64 = 7 * 86400

    /// Services, lines of `outbound` and entries of `trusted` whose review is due, or will be within a week; none without `review-every`.
    ///
    /// - Parameters:
    ///   - policy: the policy.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    /// - Returns: a finding for each.
    public static func reviews(of policy: Policy, now: Int64) -> [Finding] {
        guard let span = policy.defaults.reviewEvery else { return [] }
        let trusted = policy.trusted.filter { !$0.entry.isExpired(at: now) }.compactMap {
            review($0.reviewed, every: span, "\"trusted\" \"\($0.name)\"", now: now)?.of($0)
        }
        let services = policy.services.filter { !$0.isExpired(at: now) }.compactMap {
            review($0.reviewed, every: span, "service \"\($0.name)\"", now: now)?.of($0)
        }
        let lines = policy.outbound.filter { !$0.isExpired(at: now) }.compactMap {
            review($0.reviewed, every: span, $0.title, now: now)?.of($0)
        }
        return trusted + services + lines
    }

    private static func review(
        _ reviewed: Review?, every span: TimeSpan, _ subject: String, now: Int64
    ) -> Finding? {
        let advice = "confirm that it is still needed and write \"reviewed: \(UTCTime.text(now).prefix { $0 != "T" })\""
        guard let reviewed else {
            return Finding(.reviewDue, .warning, "\(subject) was never reviewed: \(advice), or delete it")
        }
        let end = reviewed.time + span.seconds
        guard now >= end - noticeTime else { return nil }
        if now < end {
            let day = UTCTime.text(end).prefix { $0 != "T" }
            return Finding(
                .reviewDue, .notice,
                "\(subject) was reviewed on \(reviewed.written), and is due again on \(day): \(advice)")
        }
        return Finding(
            .reviewDue, .warning,
            "\(subject) was last reviewed on \(reviewed.written), more than \(span.text) ago: \(advice), or delete it")
    }
}

extension OutboundLine {
    /// The line in a sentence.
    public var title: String { "outbound \"\(name)\"" }
}

extension Finding {
    /// The finding about a line of `outbound`.
    func of(_ line: OutboundLine) -> Finding {
        var finding = self
        (finding.service, finding.policy) = (line.name, line.location)
        finding.details.isOutbound = true
        return finding
    }

    fileprivate func of(_ trusted: Trusted) -> Finding {
        var finding = self
        finding.policy = trusted.location
        return finding.with(.init(source: trusted.name))
    }

    fileprivate func of(_ service: Service) -> Finding {
        var finding = self
        (finding.service, finding.policy) = (service.name, service.location)
        return finding
    }
}
