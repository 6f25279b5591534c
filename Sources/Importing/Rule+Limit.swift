internal import Rulesets

extension Rule {
    /// The limit of the rule as a policy writes it; `nil` if a policy cannot say it.
    ///
    /// A limit of nf_tables is that of all sources together. The match `recent` of iptables counts the packets of one source in
    /// a window (`struct xt_recent_mtinfo` of `linux/netfilter/xt_recent.h`): the same number at once, and the same rate.
    var limitText: String? {
        let texts = expressions.compactMap { expression -> String? in
            switch expression {
            case .limit(let limit) where !limit.countsBytes: limit.text
            case .dynamicSet(let set):
                set.expressions.compactMap {
                    if case .limit(let limit) = $0, !limit.countsBytes { limit.rateText } else { nil }
                }.first
            case .xtables(let match): match.recent?.text ?? match.counting?.text
            default: nil
            }
        }
        return texts.count == 1 ? texts[0] : nil
    }
}

extension Rule {
    /// What a policy's limit does otherwise than the match `recent`, which counts anew from each packet with `--update`.
    var limitRemark: String? {
        guard let recent = expressions.lazy.compactMap(\.recent).first else { return nil }
        return recent.isUpdate
            ? "weaker here: a client that goes on trying is let in again at the rate below"
            : "other here: a rate, and no window of \(recent.seconds) seconds"
    }

    /// Matches of iptables that count packets.
    private static let countingMatches: Set<String> = ["limit", "hashlimit", "recent", "connlimit", "quota"]

    /// Whether the packets that it has met so far decide on the next one.
    var hasLimit: Bool {
        expressions.contains { expression in
            switch expression {
            case .limit, .connectionCount, .dynamicSet: true
            case .xtables(let match): Self.countingMatches.contains(match.name)
            case .opaque(let name, _): ["limit", "connlimit", "quota", "objref"].contains(name)
            default: false
            }
        }
    }

    /// The rate of its only limit, if that counts the packets of all sources together; `nil` for a limit of each source.
    var commonRateText: String? { limitText?.hasSuffix("per: all}") == true ? rateText : nil }

    /// The rate of its only limit as a policy writes it; `nil` for none.
    var rateText: String? {
        let limits = expressions.compactMap {
            if case .limit(let limit) = $0, !limit.countsBytes { limit } else { nil }
        }
        return limits.count == 1 ? limits[0].rateOnly : nil
    }
}

extension RateLimit {
    /// The rate; `nil` for a unit that a policy has not.
    fileprivate var rateOnly: String? {
        let units: [UInt64: String] = [1: "second", 60: "minute", 3600: "hour", 86_400: "day"]
        return rate > 0 ? units[unit].map { "\(rate)/\($0)" } : nil
    }

    /// For one source.
    fileprivate var rateText: String? { keys.map { "{\($0)}" } }

    /// For all sources together.
    fileprivate var text: String? { keys.map { "{\($0), per: all}" } }

    /// The rate and the burst.
    private var keys: String? {
        rateOnly.map { "rate: \($0), burst: \(max(1, burst))" }
    }
}

extension Expression {
    /// The match `recent` of iptables; `nil` for another expression.
    var recent: RecentMatch? { if case .xtables(let part) = self { part.recent } else { nil } }
}

extension CountingMatch {
    /// The limit as a policy writes it; `nil` if it counts no packets of one source or of all.
    fileprivate var text: String? {
        guard case .packets(let rate, let isOfSource) = subject else { return nil }
        return isOfSource ? rate.rateText : rate.text
    }
}

extension RecentMatch {
    /// The limit as a policy writes it; `nil` if it counts no packets in a time, or in more than an hour.
    fileprivate var text: String? {
        let (seconds, hits) = (UInt64(seconds), UInt64(hits))
        // The packet that reaches the number is refused.
        guard seconds > 0, hits > 1, seconds <= 3600 else { return nil }
        let (unit, length): (String, UInt64) = hits * 60 >= seconds ? ("minute", 60) : ("hour", 3600)
        return "{rate: \(max(1, hits * length / seconds))/\(unit), burst: \(hits - 1)}"
    }
}
