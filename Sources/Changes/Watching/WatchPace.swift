/// When a host that is watched is looked at, and when it is verified; times are in milliseconds of one clock.
///
/// A change is verified at once, unless changes come so fast that verification would take much of the machine.
public struct WatchPace: Sendable {
    /// The longest time between two looks at the sockets.
    private static let glance: Int64 = 500
    /// A program that loads rules in several commits has this time from one to the next.
    private static let settling: Int64 = 100
    /// It has no more than this time for all of them.
    private static let longestSettling: Int64 = 400
    /// What gives no notice is found by a verification every minute.
    private static let round: Int64 = 60_000
    /// A verification that failed is repeated after so long.
    private static let failureRest: Int64 = 5_000
    /// Verifications may take so long together at once, and in the long run one part in so many of the time.
    private static let (mostCredit, share): (Int64, Int64) = (5_000, 10)
    /// After a look, so many times its length is left to other work.
    private static let glanceRest: Int64 = 100

    /// The first and the last change that is not verified; `nil` for none.
    private var changes: (first: Int64, last: Int64)?
    private var nextGlance: Int64
    private var nextRound: Int64
    /// No verification begins before.
    private var earliest: Int64
    /// The time that verifications may still take, as of a time.
    private var credit: (left: Int64, time: Int64)

    /// A pace whose first look is due now, after a verification.
    public init(at now: Int64) {
        nextGlance = now
        (nextRound, earliest) = (now + Self.round, now)
        credit = (Self.mostCredit, now)
    }

    /// Something was changed.
    public mutating func noteChange(at now: Int64) { changes = (changes?.first ?? now, now) }

    /// The sockets were looked at.
    public mutating func noteGlance(from start: Int64, to end: Int64) {
        nextGlance = end + max(Self.glance, (end - start) * Self.glanceRest)
    }

    /// The host was verified; changes that came meanwhile are not known to be seen.
    public mutating func noteVerification(from start: Int64, to end: Int64) {
        changes = nil
        let left = min(Self.mostCredit, credit.left + (start - credit.time) / Self.share) - (end - start)
        credit = (left, end)
        (nextRound, earliest) = (start + Self.round, end + max(0, -left) * Self.share)
    }

    /// The host could not be verified, and is to be verified again.
    public mutating func noteFailure(at now: Int64) {
        changes = (now, now)
        earliest = max(earliest, now + Self.failureRest)
    }

    /// The time of the next verification.
    private var nextVerification: Int64 {
        let change = changes.map { min($0.last + Self.settling, $0.first + Self.longestSettling) }
        return max(earliest, min(change ?? nextRound, nextRound))
    }

    /// Whether the host is to be verified.
    public func isVerificationDue(at now: Int64) -> Bool { now >= nextVerification }

    /// Whether the sockets are to be looked at; not while a verification waits that sees them, too.
    public func isGlanceDue(at now: Int64) -> Bool { changes == nil && now >= nextGlance }

    /// Whether a change waits to be verified.
    public var hasChange: Bool { changes != nil }

    /// The time until something is due.
    public func rest(at now: Int64) -> Int64 {
        max(0, min(nextVerification, changes == nil ? nextGlance : .max) - now)
    }
}
