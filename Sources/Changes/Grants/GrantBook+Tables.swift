internal import Addressing
public import Compiler
internal import Kernel
public import Rulesets
internal import System

extension GrantBook {
    /// Within this many milliseconds before its end a grant may be live or not; half of its duration if that is less.
    private static let earliness: Int64 = 2_000

    /// The table with its grants: the live ones as they are, and the missing ones for the rest of
    /// their duration.
    ///
    /// - Parameters:
    ///   - table: a compiled policy, a saved table, or a result of this function.
    ///   - live: the live table; expired grants stay in it if nothing else is to change.
    /// - Returns: the table with the grants.
    public func target(_ table: Table?, onto live: Table?) -> Table? {
        guard let table else { return nil }
        let sources = self.sources(found: live, restoring: true)
        let banned = bans.sources(found: live, restoring: true)
        let kept = table.granting(sources, keepingSetsOf: live).banning(banned, keepingSetsOf: live)
        guard kept.hasGrantSets || kept.hasBanSets, kept != live else { return kept }
        return table.granting(sources).banning(banned)
    }

    /// The table that was loaded last, if the live table is that table with grants: it has no remains of grants.
    ///
    /// Otherwise the live table itself, so that a grant does not apply a policy.
    func base(of live: Table, loaded last: Table?) -> Table {
        last.flatMap { expectation($0, found: live) == live ? $0 : nil } ?? live
    }

    /// The table that `verify` expects: a grant that was ended early must not hide other differences.
    func expectation(_ table: Table, found live: Table?) -> Table {
        // A boot with a clock in the past has closed what had expired by the newest time in the state.
        let table = files.map { table.closingExpired(by: $0.newestTime, asIn: live) } ?? table
        return table.granting(sources(found: live, restoring: false), keepingSetsOf: live)
            .banning(bans.sources(found: live, restoring: false), keepingSetsOf: live)
    }

    /// The compiled policy that `verify` expects.
    public func expectation(_ compiled: CompiledPolicy, found live: Table?) -> CompiledPolicy {
        compiled.carrying(expectation(compiled.table, found: live))
    }

    /// The grants that should be live, and are not.
    public func missing(in live: Table?) -> [GrantRecord] {
        guard let live else { return active }
        let found = Set(live.grantedSources.map { Subject($0) })
        return active.filter { record in
            isDue(record) && live.keeps(record.source)
                && !found.contains(Subject(record.source))
        }
    }

    /// Whether a table is live with its grants.
    func isLive(_ table: Table?, in live: TableSnapshot) -> Bool {
        Transaction(from: live.table, to: target(table, onto: live.table), named: Names.table).isEmpty
    }

    /// The book for a commit: grants that must be sent to the kernel again get their remaining duration.
    ///
    /// The book is saved before the commit: a live grant that is not saved is drift. If saving fails, these grants end.
    func telling(onto live: Table?) -> GrantBook {
        var book = self
        let told = Dictionary(sources(found: live, restoring: true).map { (Subject($0), $0.seconds) }) { $1 }
        for index in book.records.indices {
            if let seconds = told[Subject(records[index].source)] { book.records[index].seconds = seconds }
        }
        book.bans.tell(onto: live)
        guard book.records != records || book.bans.records != bans.records, let files else { return book }
        do throws(KernelError) { try book.store(in: files) } catch {
            book.records = records.filter { live?.grants($0.source) == true }
            book.bans = bans
            book.bans.remove { $0.source.map { live?.bannedSources.contains($0) != true } ?? true }
        }
        return book
    }

    /// The book without the grants of services or families that a table does not have: a grant ends with its service.
    func ending(with table: Table?) -> GrantBook {
        var book = self
        book.records.removeAll { table?.keeps($0.source) != true }
        if table == nil { book.bans.remove { _ in true } }
        return book
    }

    /// The grants in force that end with a change to this table.
    func ended(by table: Table) -> [GrantRecord] {
        let kept = Set(ending(with: table).records)
        return active.filter { !kept.contains($0) }
    }

    private func sources(found live: Table?, restoring: Bool) -> [GrantedSource] {
        guard !isHidden else { return live?.grantedSources ?? [] }
        let found = Set(live?.grantedSources.map { Subject($0) } ?? [])
        return records.compactMap { record in
            let left = self.left(record)
            guard left > -Self.lateness else { return nil }
            if live?.grants(record.source) == true { return record.source }
            guard isDue(record) else { return nil }
            guard restoring else { return found.contains(Subject(record.source)) ? record.source : nil }
            return GrantedSource(
                service: record.service, address: record.address, seconds: max(1, (left + 500) / 1000))
        }
    }

    /// Whether the grant must be live now, unless it was ended early.
    private func isDue(_ record: GrantRecord) -> Bool {
        left(record) > min(Self.earliness, record.seconds * 500)
    }

    private struct Subject: Hashable {
        let service: String
        let address: IPAddress

        init(_ source: GrantedSource) { (service, address) = (source.service, source.address) }
    }
}
