internal import Auditing

/// The refusals that a watch has told, so that each retry of one client is no line of its own.
struct ToldRefusals {
    /// Seconds in which the same refusal is only counted.
    private static let pause: Int64 = 60
    /// At most this many are remembered: a flood from forged sources has any number.
    private static let most = 10_000

    private struct Told {
        var time: Int64
        /// The packets that were counted since.
        var held = 0
    }

    private var told: [String: Told] = [:]

    /// The refusal, with the packets that were only counted; `nil` if the same was told less than a minute ago.
    ///
    /// `now` is in seconds since 1970-01-01T00:00:00Z.
    mutating func next(_ refusal: Refusal, now: Int64) -> Refusal? {
        let subject = "\(refusal.peerText) \(refusal.portText) \(refusal.whyText)"
        let last = told[subject]
        if let last, now - last.time < Self.pause {
            told[subject]?.held += refusal.count.packets
            return nil
        }
        if told.count >= Self.most { told.removeAll() }
        told[subject] = Told(time: now)
        var refusal = refusal
        refusal.count.packets += last?.held ?? 0
        return refusal
    }
}
