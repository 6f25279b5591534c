internal import Addressing
internal import Compiler
internal import Kernel
internal import Rulesets

/// The grants of one ruleset as they are kept between runs, and what they make of a table.
///
/// The kernel ends a grant by itself. What is kept tells a grant from an element that somebody slipped in, and is never a
/// reason to open anything for longer than was granted.
struct GrantBook {
    /// The grants that were made and not ended early.
    var records: [GrantRecord] = []
    /// Why what is kept is not known; `nil` where it is.
    private(set) var fault: String?
    /// Whether what is kept may not be read, and everything that is found may be right.
    private(set) var isHidden = false
    /// The ruleset and the run of the kernel that the grants are of.
    private var identity = RulesetIdentity(boot: "", namespace: 0)
    private var uptime: () -> Int64 = { 0 }
    /// The time that all is reckoned by, so that what is told the kernel is what is kept.
    private var now: Int64 = 0
    private var files: StateFiles?

    /// Within this many milliseconds before its end a grant may be gone or not; half of its time where that is less.
    private static let earliness: Int64 = 2_000
    /// And this long after it: the kernel counts from when it takes the batch, which for a big one is seconds later.
    private static let lateness: Int64 = 10_000

    private static let name = "grants"
    private static let documentKind = "grants"

    /// A book without grants.
    init() {}

    /// The book in a directory; grants of another boot or another network namespace are over.
    init(_ files: StateFiles, on host: ChangeHost) throws(StoreError) {
        (identity, uptime, now, self.files) = (host.identity(), host.uptime, host.uptime(), files)
        let file = try StoreError.of { () throws(KernelError) in try files.read(Self.name) }
        guard let bytes = file else { return }
        guard let document = StateDocument(bytes, kind: Self.documentKind), let boot = document.text("boot"),
            let namespace: UInt64 = document.number("namespace"), let records = Self.records(of: document)
        else {
            fault = "\(files.directory)/\(Self.name) is torn or was changed, and is not used"
            return
        }
        if RulesetIdentity(boot: boot, namespace: namespace) == identity { self.records = records }
    }

    /// The book for those who only look, whom nothing keeps from looking at the rest.
    init(existing options: KernelOptions, on host: Host) {
        do throws(StoreError) {
            guard let state = try RulesetState(existing: options, on: host) else { return }
            self = try GrantBook(state.files, on: host.changes)
        } catch {
            (fault, isHidden) = ("what was granted is not known: \(error.message)", true)
        }
    }

    private static func records(of document: StateDocument) -> [GrantRecord]? {
        let kept = document.fields.filter { $0.name == GrantRecord.documentKind }
        let records = kept.compactMap { field in
            StateDocument(field.bytes, kind: GrantRecord.documentKind).flatMap(GrantRecord.init)
        }
        return records.count == kept.count ? records : nil
    }

    /// Keeps the grants that are not over.
    func store(in files: StateFiles) throws(StoreError) {
        var document = StateDocument(kind: Self.documentKind)
        document.append("boot", identity.boot)
        document.append("namespace", "\(identity.namespace)")
        for record in records where left(record) > -Self.lateness {
            document.append(GrantRecord.documentKind, record.document.bytes)
        }
        try StoreError.of { () throws(KernelError) in try files.write(Self.name, document.bytes) }
    }

    /// Milliseconds until a grant ends; negative when it is over.
    func left(_ record: GrantRecord) -> Int64 { record.deadline - now }

    /// The same grants at this moment.
    var current: GrantBook {
        var book = self
        book.now = uptime()
        return book
    }

    /// The grants that are not over, the first to end first.
    var active: [GrantRecord] { records.filter { left($0) > 0 }.sorted { $0.deadline < $1.deadline } }

    /// The grant of a service for an address that is not over.
    func grant(of service: String, to address: AddressRange) -> GrantRecord? {
        active.first { $0.service == service && $0.address == address }
    }
}

extension GrantBook {
    /// The table as it is to be: with the grants as they are found live, and those that are missing for what is left of
    /// their time.
    ///
    /// - Parameters:
    ///   - table: what a policy compiles to, or was kept of it, or was made of that by this function.
    ///   - live: what is live; what grants left behind there stays if nothing else is to change.
    /// - Returns: the table with the grants.
    func target(_ table: Table?, onto live: Table?) -> Table? {
        guard let table else { return nil }
        let sources = self.sources(found: live, restoring: true)
        let kept = table.granting(sources, keepingPlacesOf: live)
        return !kept.hasPlacesForGrants || kept == live ? kept : table.granting(sources)
    }

    /// The table as it should be found: a grant that somebody ended early is no reason to mistrust the rest.
    func expectation(_ table: Table, found live: Table?) -> Table {
        table.granting(sources(found: live, restoring: false), keepingPlacesOf: live)
    }

    /// What a policy compiles to, as it should be found.
    func expectation(_ compiled: CompiledPolicy, found live: Table?) -> CompiledPolicy {
        compiled.carrying(expectation(compiled.table, found: live))
    }

    /// The grants that should be live, and are not.
    func missing(in live: Table?) -> [GrantRecord] {
        guard let live else { return [] }
        let found = Set(live.grantedSources.map { Subject($0) })
        return active.filter { record in
            isDue(record) && live.chain(Names.service(record.service)) != nil
                && !found.contains(Subject(record.source))
        }
    }

    /// Whether a table is live, with its grants.
    func isLive(_ table: Table?, in live: StoredTable) -> Bool {
        Transaction(from: live.table, to: target(table, onto: live.table), named: Names.table).isEmpty
    }

    /// The book to commit with: grants that the kernel must be told of again have the time that is left.
    ///
    /// That is kept first, for otherwise they would be no grants once they are live; where it cannot be, they end.
    func telling(onto live: Table?) -> GrantBook {
        var book = self
        let told = Dictionary(sources(found: live, restoring: true).map { (Subject($0), $0.seconds) }) { $1 }
        for index in book.records.indices {
            if let seconds = told[Subject(records[index].source)] { book.records[index].seconds = seconds }
        }
        guard book.records != records, let files else { return book }
        do throws(StoreError) { try book.store(in: files) } catch {
            book.records = records.filter { live?.grants($0.source) == true }
        }
        return book
    }

    /// The book without the grants of services that a table does not have: they end with their service.
    func ending(with table: Table?) -> GrantBook {
        var book = self
        book.records.removeAll { table?.chain(Names.service($0.service)) == nil }
        return book
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

    /// Whether the grant must be live now, if nobody ended it.
    private func isDue(_ record: GrantRecord) -> Bool {
        left(record) > min(Self.earliness, record.seconds * 500)
    }

    private struct Subject: Hashable {
        let service: String
        let address: AddressRange

        init(_ source: GrantedSource) { (service, address) = (source.service, source.address) }
    }
}
