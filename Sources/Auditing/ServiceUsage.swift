internal import Policies

/// When clients last connected to a service, as far as the counters of its rules were followed.
///
/// Times that decide are sums of the clock that runs since boot, so that setting the clock makes no service look unused.
public struct ServiceUsage: Equatable, Sendable {
    /// The packets in the counters of its rules that accept, by the handle of the rule.
    public var counters: [UInt64: UInt64]
    /// When the counters were first seen, in seconds since 1970-01-01T00:00:00Z.
    public var since: Int64
    /// When they were last seen to have risen, in seconds since 1970-01-01T00:00:00Z; `nil` if never.
    public var lastRise: Int64?
    /// For how many milliseconds they were followed since they last rose.
    public var quiet: Int64
    /// For how many milliseconds of that time connections could have been missed, beside `quiet`: the counters were lost.
    public var unseen: Int64
    /// The connections that were made, by the day on which their counters were read, counted from 1970-01-01 in UTC; the last
    /// `longestDays`.
    public var days: [Int64: UInt64] = [:]

    /// For how many days connections are kept.
    public static let longestDays: Int64 = 90

    /// A usage of these parts.
    public init(
        counters: [UInt64: UInt64], since: Int64, lastRise: Int64? = nil, quiet: Int64 = 0, unseen: Int64 = 0
    ) {
        self.counters = counters
        self.since = since
        self.lastRise = lastRise
        self.quiet = quiet
        self.unseen = unseen
    }
}

extension ServiceUsage {
    /// The key of a line of `outbound` among those of services, which have no dots.
    public static func key(ofLine name: String) -> String { "outbound.\(name)" }

    /// The packets in all counters together.
    public var hits: UInt64 { counters.values.reduce(0, &+) }

    /// How the counters of a reading follow those of the reading before it.
    public struct Step: Sendable {
        /// Whether the rules are of the same table in the same boot, so that handles and counters can be compared.
        public var isOfSameTable: Bool
        /// Whether no counter of that table fell, either: nothing was missed.
        public var isContinuous: Bool
        /// The milliseconds between the readings; `nil` if they are not known.
        public var elapsed: Int64?
        /// The time of the later reading, in seconds since 1970-01-01T00:00:00Z.
        public var now: Int64
        /// For how many milliseconds connections may be missed before the service is followed anew.
        public var tolerance: Int64

        /// The day of the later reading, counted from 1970-01-01 in UTC.
        var day: Int64 { UTCTime.dayNumber(of: now) }

        /// A step of these parts.
        public init(isOfSameTable: Bool, isContinuous: Bool, elapsed: Int64?, now: Int64, tolerance: Int64) {
            self.isOfSameTable = isOfSameTable
            self.isContinuous = isContinuous
            self.elapsed = elapsed
            self.now = now
            self.tolerance = tolerance
        }
    }

    /// The usage after a later reading of the counters.
    public func following(_ counters: [UInt64: UInt64], _ step: Step) -> Self {
        var next = self
        next.counters = counters
        // A counter that fell began again at zero; the others of the table did not.
        let before = step.isOfSameTable ? self.counters.filter { counters[$0.key] ?? .max >= $0.value } : [:]
        next.count(counters.reduce(0) { $0 &+ ($1.value &- (before[$1.key] ?? 0)) }, on: step.day)
        if counters.contains(where: { $1 > before[$0] ?? 0 }) {
            (next.lastRise, next.quiet, next.unseen) = (step.now, 0, 0)
        } else if let elapsed = step.elapsed, step.isContinuous, before.allSatisfy({ counters[$0.key] == $0.value }) {
            next.quiet += elapsed
        } else if let elapsed = step.elapsed, unseen + elapsed <= step.tolerance {
            next.unseen += elapsed
        } else {
            (next.since, next.quiet, next.unseen) = (step.now, 0, 0)
        }
        return next
    }

    private mutating func count(_ connections: UInt64, on day: Int64) {
        guard connections > 0 else { return }
        days[day, default: 0] &+= connections
        days = days.filter { $0.key > day - Self.longestDays }
    }

    /// Whether a counter has fallen, though its rule is still there.
    public func hasFallen(in counters: [UInt64: UInt64]) -> Bool {
        self.counters.contains { handle, packets in counters[handle].map { $0 < packets } ?? false }
    }
}
