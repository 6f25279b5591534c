public import Auditing
internal import Kernel
public import Policies
internal import System

/// The use of each loaded service, followed from one reading of the counters to the next.
///
/// A boot, a flush and a change of a service's rules lose counters, so that only the saved readings show how long a service was
/// not used.
public struct UsageBook: Equatable {
    /// The services, by name.
    public internal(set) var services: [String: ServiceUsage] = [:]
    /// The boot and network namespace of the last reading.
    var identity = RulesetIdentity(boot: "", namespace: 0)
    /// The kernel's number of the table.
    var table: UInt64 = 0
    /// Milliseconds since boot at the last reading.
    var uptime: Int64 = 0
    /// Seconds since 1970-01-01T00:00:00Z at the last reading.
    var time: Int64 = 0

    /// The part of `unused-after` for which connections may be missed: a hundredth.
    private static let tolerance: Int64 = 100
    /// The time for which that is reckoned where the policy has none, in seconds.
    private static let usualSpan: Int64 = 90 * 86400

    /// A book without services.
    public init() {}

    /// The book after a reading of the counters; the same if the table is not loaded.
    ///
    /// - Parameters:
    ///   - ruleset: the rulesets.
    ///   - host: the host.
    ///   - span: `unused-after`.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    /// - Returns: the book.
    public func following(_ ruleset: WholeRuleset, on host: ChangeHost, _ span: TimeSpan?, now: Int64) -> UsageBook {
        guard ruleset.own.table != nil else { return self }
        var next = UsageBook()
        (next.identity, next.table) = (host.identity(), ruleset.own.handle ?? 0)
        (next.uptime, next.time) = (host.uptime(), now)
        let counters = ruleset.counters
        let isReset = services.contains { name, usage in counters[name].map(usage.hasFallen) ?? false }
        let isOfSameTable = next.isOfSameTable(as: self)
        let step = ServiceUsage.Step(
            isOfSameTable: isOfSameTable, isContinuous: isOfSameTable && !isReset,
            elapsed: next.elapsed(since: self), now: now,
            tolerance: (span?.seconds ?? Self.usualSpan) * 1000 / Self.tolerance)
        next.services = counters.reduce(into: [:]) { usages, service in
            usages[service.key] =
                services[service.key]?.following(service.value, step)
                ?? ServiceUsage(counters: service.value, since: now)
        }
        return next
    }

    private func isOfSameTable(as last: UsageBook) -> Bool {
        identity == last.identity && !identity.boot.isEmpty && table == last.table && table != 0
            && uptime >= last.uptime
    }

    /// Whether the last reading was less than a minute ago and counted the same, so that the next one may as well follow it.
    func repeats(_ last: UsageBook) -> Bool {
        isOfSameTable(as: last) && uptime - last.uptime < Self.pause
            && services.mapValues(\.counters) == last.services.mapValues(\.counters)
    }

    /// The milliseconds in which a reading that counted the same is not saved again.
    private static let pause: Int64 = 60_000

    /// Milliseconds since an earlier reading, by the clock that runs since boot, or by the calendar after a boot; `nil` if the clocks
    /// contradict each other.
    private func elapsed(since last: UsageBook) -> Int64? {
        if identity.boot == last.identity.boot { return uptime >= last.uptime ? uptime - last.uptime : nil }
        let passed = (time - last.time) * 1000
        return passed >= uptime ? passed : nil
    }
}
