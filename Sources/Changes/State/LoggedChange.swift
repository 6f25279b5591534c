internal import Compiler
internal import Kernel
internal import Rulesets
internal import System

/// A change of the log, with what happened in it and to it since.
public struct LoggedChange {
    /// An entry of the policy that closed by its date while the change was in force.
    public struct Expiry: Hashable {
        /// The name of the service or of the entry of `trusted`.
        public let service: String
        /// When it closed, in seconds since 1970-01-01T00:00:00Z.
        public let time: Int64
    }

    /// The entry of the log.
    public let entry: ChangeLog.Entry
    /// The record; `nil` if it cannot be read.
    public let record: ChangeRecord?
    /// Why the record cannot be read.
    public let fault: String
    /// What happened; `nil` if that is not known.
    public internal(set) var reason: ChangeReason?
    /// Milliseconds until the change is undone, or until its grant or its ban ends; `nil` if nothing ends.
    public internal(set) var left: Int64?
    /// The change that ended the grant or the ban of this one; `nil` if none did.
    public internal(set) var ender: Int?
    /// The entries that closed, oldest first.
    public internal(set) var expiries: [Expiry] = []

    fileprivate init(_ entry: ChangeLog.Entry, in log: ChangeLog) throws {
        self.entry = entry
        do { (record, fault) = (try log.record(entry), "") } catch let error as ChangeError {
            (record, fault) = (nil, error.message)
        } catch let error as KernelError {
            (record, fault) = (nil, "\(error)")
        }
        reason = entry.outcome.undoing ?? record?.deed
    }
}

extension RulesetState {
    /// The changes of the log, newest first; `now` is in seconds since 1970-01-01T00:00:00Z.
    public func history(now: Int64) throws -> [LoggedChange] {
        var changes = try log.entries().map { try LoggedChange($0, in: log) }
        let ends = Dictionary(changes.flatMap(\.ends)) { first, _ in first }
        let (pending, book) = (try pending(), try grants())
        let left = Dictionary(
            book.active.map { ($0.change, book.left($0)) } + book.bans.active.map { ($0.change, book.bans.left($0)) }
        ) { first, _ in first }
        var end = now
        for index in changes.indices.reversed() {
            let number = changes[index].entry.number
            if pending?.number == number { changes[index].left = pending.map(remaining) }
            changes[index].end(left[number], ends[number], now: now)
            if changes[index].left == nil { changes[index].ender = ends[number]?.change }
            guard changes[index].entry.outcome.isInForce, let record = changes[index].record else { continue }
            changes[index].expiries = record.expiries(until: end)
            end = record.time
        }
        return changes.reversed()
    }
}

extension LoggedChange {
    /// The changes whose grants and bans this one ended, and how.
    fileprivate var ends: [(Int, (reason: ChangeReason, change: Int))] {
        guard let record, !entry.outcome.isUndone, entry.outcome != .prepared else { return [] }
        let how: ChangeReason =
            switch record.kind {
            case .revoke: .revoked
            case .unban: .unbanned
            case .grant, .ban: .replaced
            default: .ended
            }
        return record.ended.map { ($0, (how, entry.number)) }
    }

    /// Sets how the grant or the ban of the change ended, or how long it still is in force.
    fileprivate mutating func end(_ left: Int64?, _ end: (reason: ChangeReason, change: Int)?, now: Int64) {
        guard let record, reason == .granted || reason == .banned else { return }
        if let left { return self.left = left }
        guard let until = record.until else { return reason = end?.reason ?? reason }
        reason = end?.reason ?? (until <= now ? .expired : .ended)
    }
}

extension ChangeRecord {
    /// The entries that closed by their date after the change was made.
    fileprivate func expiries(until end: Int64) -> [LoggedChange.Expiry] {
        guard end > time, let table, table.hasExpiries else { return [] }
        let policy = DecompiledPolicy(table)
        let all = (policy.services + policy.trusted).flatMap { service in
            service.entries.compactMap { entry in
                entry.expires.map { LoggedChange.Expiry(service: service.name, time: $0) }
            }
        }
        let closed = Set(all).filter { $0.time > time && $0.time <= end }
        return closed.sorted { ($0.time, $0.service) < ($1.time, $1.service) }
    }
}

extension GrantBook {
    /// The changes whose grants and bans another book does not have any more.
    func ended(in after: GrantBook) -> [Int] {
        let grants = Set(after.records.map(\.change))
        let bans = Set(after.bans.records.map(\.change))
        return active.map(\.change).filter { !grants.contains($0) }
            + self.bans.active.map(\.change).filter { !bans.contains($0) }
    }

    /// The changes whose grants and bans end with a table that does not have their services.
    func ended(by table: Table?) -> [Int] { ended(in: ending(with: table)) }
}
