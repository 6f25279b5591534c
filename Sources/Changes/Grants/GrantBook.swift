public import Addressing
internal import Compiler
public import Kernel
internal import Rulesets
internal import System

/// The saved grants and bans of one ruleset, and their effect on a table.
///
/// The kernel ends a grant by itself. The saved book distinguishes a grant from an element that another program added;
/// it never opens a port for longer than was granted.
public struct GrantBook {
    /// The grants that were made and not ended early.
    public internal(set) var records: [GrantRecord] = []
    /// The bans.
    public internal(set) var bans = BanBook()
    /// Why the saved grants are not known; `nil` if they are.
    public private(set) var fault: String?
    /// Why no grant or ban can be made: a later version of portreeve wrote the saved grants; `nil` if one can.
    private(set) var obstacle: String?
    /// Whether the saved grants may not be read, so that any live element may be a grant.
    private(set) var isHidden = false
    /// The ruleset and boot of the grants.
    private var identity = RulesetIdentity(boot: "", namespace: 0)
    private var uptime: () -> Int64 = { 0 }
    /// The clock of all deadlines, so that the kernel and the saved book get the same times.
    private(set) var now: Int64 = 0
    /// The directory; `nil` for a book that is not saved.
    private(set) var files: StateFiles?

    /// For this many milliseconds after its end a grant may still be live: the kernel counts from the commit, which is
    /// seconds later for a big batch.
    static let lateness: Int64 = 10_000

    private static let name = "grants"
    private static let documentKind = "grants"

    /// An empty book.
    public init() {}

    /// Reads the book of a directory; grants of another boot or another network namespace have ended.
    init(_ files: StateFiles, on host: ChangeHost) throws(KernelError) {
        identity = host.identity()
        uptime = host.uptime
        now = host.uptime()
        self.files = files
        bans = try BanBook(files, identity, now: now)
        let file = try files.read(Self.name)
        guard let bytes = file else { return }
        do throws(StateDocument.Defect) {
            let document = try StateDocument(bytes, kind: Self.documentKind)
            guard let boot = document.text("boot"), let namespace: UInt64 = document.number("namespace") else {
                throw .corrupt
            }
            let records = try Self.records(of: document)
            if RulesetIdentity(boot: boot, namespace: namespace) == identity { self.records = records }
        } catch {
            fault = "\(files.directory)/\(Self.name) \(error)"
            if case .newer = error { obstacle = fault }
        }
    }

    /// Reads the book for a command that only reads, which must not fail because of it.
    public init(existingAt location: StateLocation, on host: ChangeHost) {
        do throws(KernelError) {
            guard let state = try RulesetState(existingAt: location, on: host) else { return }
            self = try GrantBook(state.files, on: host)
        } catch {
            fault = "the grants are not known: \(error)"
            isHidden = true
            bans.isHidden = true
        }
    }

    private static func records(of document: StateDocument) throws(StateDocument.Defect) -> [GrantRecord] {
        var records: [GrantRecord] = []
        for field in document.fields where field.name == GrantRecord.documentKind {
            let kept = try StateDocument(field.bytes, kind: GrantRecord.documentKind)
            guard let record = GrantRecord(kept) else { throw .corrupt }
            records.append(record)
        }
        return records
    }

    /// What a change does with saved grants and bans that are not known: a grant is never longer than was allowed, and a ban is not
    /// lifted.
    var warnings: [String] {
        [fault.map { "\($0): the grants in it end" }, bans.fault.map { "\($0): the live bans stay" }].compactMap(
            \.self)
    }

    /// Saves the grants that have not ended.
    func store(in files: StateFiles) throws(KernelError) {
        var document = StateDocument(kind: Self.documentKind)
        document.append("boot", identity.boot)
        document.append("namespace", "\(identity.namespace)")
        for record in records where left(record) > -Self.lateness {
            document.append(GrantRecord.documentKind, record.document.bytes)
        }
        try files.write(Self.name, document)
        try bans.store(in: files)
    }

    /// Milliseconds until a grant ends; negative after its end.
    public func left(_ record: GrantRecord) -> Int64 { record.deadline - now }

    /// The same grants at this moment.
    var current: GrantBook {
        var book = self
        book.now = uptime()
        book.bans.now = book.now
        return book
    }

    /// The grants that have not ended, ordered by their end.
    public var active: [GrantRecord] { records.filter { left($0) > 0 }.sorted { $0.deadline < $1.deadline } }

    /// The book with one more grant, made by the change of this number; it replaces the grant of the same address.
    func adding(_ record: GrantRecord, of change: Int) -> GrantBook {
        var (book, record) = (removing(record.service, record.address), record)
        record.change = change
        book.records.append(record)
        return book
    }

    /// The book with one more ban, made by the change of this number.
    func banning(_ record: BanRecord, of change: Int) -> GrantBook {
        var book = self
        book.bans.add(record, of: change)
        return book
    }

    /// The book without the ban of these addresses.
    func unbanning(_ addresses: AddressRange) -> GrantBook {
        var book = self
        book.bans.remove { $0.addresses == addresses }
        return book
    }

    /// The book without the grants of a service, or without the grant of one address.
    func removing(_ service: String, _ address: IPAddress?) -> GrantBook {
        var book = self
        book.records.removeAll { $0.service == service && (address == nil || $0.address == address) }
        return book
    }

    /// The addresses with a grant of a service, or the given one, including elements that another program added.
    func addresses(of service: String, _ address: IPAddress?, orFoundIn live: Table) -> [IPAddress] {
        (active.map(\.source) + live.grantedSources).reduce(into: []) { list, source in
            let isMeant = source.service == service && (address == nil || source.address == address)
            if isMeant && !list.contains(source.address) { list.append(source.address) }
        }
    }

    /// The grant of a service for an address, unless it has ended.
    public func grant(of service: String, to address: IPAddress) -> GrantRecord? {
        active.first { $0.service == service && $0.address == address }
    }
}
