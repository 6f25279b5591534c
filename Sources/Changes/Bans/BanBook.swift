public import Addressing
internal import Compiler
internal import Kernel
public import Rulesets
internal import System

/// The saved bans of one ruleset: the mirror of the grants.
///
/// The kernel ends a ban by itself. The saved book distinguishes a ban from an element that another program added.
public struct BanBook {
    /// The bans that were made and not ended early.
    public private(set) var records: [BanRecord] = []
    /// Why the saved bans are not known; `nil` if they are.
    public private(set) var fault: String?
    /// The ruleset and boot of the bans.
    private var identity = RulesetIdentity(boot: "", namespace: 0)
    /// Milliseconds since boot: the clock of all deadlines.
    var now: Int64 = 0
    /// Whether the saved bans may not be read, so that any live element may be a ban.
    var isHidden = false
    /// Whether it differs from the saved one.
    private var isChanged = false

    private static let name = "bans"
    private static let documentKind = "bans"
    /// Within this many milliseconds before its end a ban may be live or not; half of its duration if that is less.
    private static let earliness: Int64 = 2_000

    init() {}

    /// Reads the book of a directory; bans of another boot or another network namespace have ended.
    init(_ files: StateFiles, _ identity: RulesetIdentity, now: Int64) throws(KernelError) {
        self.identity = identity
        self.now = now
        guard let bytes = try files.read(Self.name) else { return }
        do throws(StateDocument.Defect) {
            let document = try StateDocument(bytes, kind: Self.documentKind)
            guard let boot = document.text("boot"), let namespace: UInt64 = document.number("namespace") else {
                throw .corrupt
            }
            guard RulesetIdentity(boot: boot, namespace: namespace) == identity else { return }
            for field in document.fields where field.name == BanRecord.documentKind {
                guard let record = BanRecord(try StateDocument(field.bytes, kind: BanRecord.documentKind)) else {
                    throw .corrupt
                }
                records.append(record)
            }
        } catch {
            records = []
            fault = "\(files.directory)/\(Self.name) \(error)"
        }
    }

    /// Saves the bans that have not ended, if they were changed; a file that cannot be used is left to be looked at.
    func store(in files: StateFiles, always: Bool = false) throws(KernelError) {
        guard fault == nil, isChanged || always else { return }
        var document = StateDocument(kind: Self.documentKind)
        document.append("boot", identity.boot)
        document.append("namespace", "\(identity.namespace)")
        for record in records where left(record) > -GrantBook.lateness {
            document.append(BanRecord.documentKind, record.document.bytes)
        }
        try files.write(Self.name, document)
    }

    /// Milliseconds until a ban ends; negative after its end.
    public func left(_ record: BanRecord) -> Int64 { record.deadline - now }

    /// The bans that have not ended, ordered by their end.
    public var active: [BanRecord] { records.filter { left($0) > 0 }.sorted { $0.deadline < $1.deadline } }

    /// The ban that covers an address, unless it has ended.
    public func ban(of address: IPAddress) -> BanRecord? {
        active.first { AddressSet($0.addresses).contains(address) }
    }

    /// Adds a ban, made by the change of this number; it replaces the ban of the same addresses.
    mutating func add(_ record: BanRecord, of change: Int) {
        var record = record
        record.change = change
        remove { $0.addresses == record.addresses }
        records.append(record)
        isChanged = true
    }

    /// Removes bans.
    mutating func remove(where isMeant: (BanRecord) -> Bool) {
        let count = records.count
        records.removeAll(where: isMeant)
        isChanged = isChanged || records.count != count
    }

    /// The addresses whose bans are not in an earlier book, or were renewed since.
    func renewed(since before: BanBook) -> Set<AddressRange> {
        Set(Set(records).subtracting(before.records).map(\.addresses))
    }

    /// The elements that the kernel should have.
    ///
    /// If the saved bans are not known, it keeps the ones that it has: no ban is lifted.
    ///
    /// - Parameters:
    ///   - live: the live table.
    ///   - restoring: whether bans that are missing there are made for the rest of their time.
    /// - Returns: the elements.
    func sources(found live: Table?, restoring: Bool) -> [BannedSource] {
        guard !isHidden, fault == nil else { return live?.bannedSources ?? [] }
        guard !records.isEmpty else { return [] }
        let exact = Set(live?.bannedSources ?? [])
        let found = Set(exact.map(\.addresses))
        return records.compactMap { record in
            let left = self.left(record)
            guard left > -GrantBook.lateness, let source = record.source else { return nil }
            if exact.contains(source) { return source }
            guard isDue(record) else { return nil }
            guard restoring else { return found.contains(record.addresses) ? source : nil }
            return BannedSource(record.addresses, seconds: max(1, (left + 500) / 1000))
        }
    }

    /// The bans that should be live, and are not.
    public func missing(in live: Table?) -> [BanRecord] {
        guard !records.isEmpty else { return [] }
        guard let live else { return active }
        let found = Set(live.bannedSources.map(\.addresses))
        return active.filter { isDue($0) && !found.contains($0.addresses) }
    }

    /// Sets the timeouts of bans that must be sent to the kernel again.
    mutating func tell(onto live: Table?) {
        let told = Dictionary(
            sources(found: live, restoring: true).map { ($0.addresses, $0.seconds) }
        ) { $1 }
        for index in records.indices {
            guard let seconds = told[records[index].addresses], seconds != records[index].seconds else { continue }
            records[index].seconds = seconds
            isChanged = true
        }
    }

    /// The first ban that covers an address of `never-deny`.
    func conflict(with neverDeny: AddressSet) -> BanRecord? {
        active.first { !AddressSet($0.addresses).intersection(neverDeny).isEmpty }
    }

    /// Whether the ban must be live now, unless it was ended early.
    private func isDue(_ record: BanRecord) -> Bool {
        left(record) > min(Self.earliness, record.seconds * 500)
    }
}
