public import Addressing
internal import Compiler
public import Kernel
internal import Rulesets
internal import System

/// The grants of one ruleset as they are kept between runs, and what they make of a table.
///
/// The kernel ends a grant by itself. What is kept tells a grant from an element that somebody slipped in, and is never a
/// reason to open anything for longer than was granted.
public struct GrantBook {
    /// The grants that were made and not ended early.
    public internal(set) var records: [GrantRecord] = []
    /// Why what is kept is not known; `nil` where it is.
    public private(set) var fault: String?
    /// Whether what is kept may not be read, and everything that is found may be right.
    private(set) var isHidden = false
    /// The ruleset and the run of the kernel that the grants are of.
    private var identity = RulesetIdentity(boot: "", namespace: 0)
    private var uptime: () -> Int64 = { 0 }
    /// The time that all is reckoned by, so that what is told the kernel is what is kept.
    private var now: Int64 = 0
    /// Where it is kept; `nil` for a book that is not.
    private(set) var files: StateFiles?

    /// For this many milliseconds after its end a grant may still be there: the kernel counts from when it takes the batch,
    /// which for a big one is seconds later.
    static let lateness: Int64 = 10_000

    private static let name = "grants"
    private static let documentKind = "grants"

    /// A book without grants.
    public init() {}

    /// The book in a directory; grants of another boot or another network namespace are over.
    init(_ files: StateFiles, on host: ChangeHost) throws(KernelError) {
        identity = host.identity()
        uptime = host.uptime
        now = host.uptime()
        self.files = files
        let file = try files.read(Self.name)
        guard let bytes = file else { return }
        do throws(StateDocument.Defect) {
            let document = try StateDocument(bytes, kind: Self.documentKind)
            guard let boot = document.text("boot"), let namespace: UInt64 = document.number("namespace") else {
                throw .corrupt
            }
            let records = try Self.records(of: document)
            if RulesetIdentity(boot: boot, namespace: namespace) == identity { self.records = records }
        } catch { fault = "\(files.directory)/\(Self.name) \(error)" }
    }

    /// The book for those who only look, whom nothing keeps from looking at the rest.
    public init(existingAt location: StateLocation, on host: ChangeHost) {
        do throws(KernelError) {
            guard let state = try RulesetState(existingAt: location, on: host) else { return }
            self = try GrantBook(state.files, on: host)
        } catch {
            fault = "what was granted is not known: \(error)"
            isHidden = true
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

    /// Keeps the grants that are not over.
    func store(in files: StateFiles) throws(KernelError) {
        var document = StateDocument(kind: Self.documentKind)
        document.append("boot", identity.boot)
        document.append("namespace", "\(identity.namespace)")
        for record in records where left(record) > -Self.lateness {
            document.append(GrantRecord.documentKind, record.document.bytes)
        }
        try files.write(Self.name, document)
    }

    /// Milliseconds until a grant ends; negative when it is over.
    public func left(_ record: GrantRecord) -> Int64 { record.deadline - now }

    /// The same grants at this moment.
    var current: GrantBook {
        var book = self
        book.now = uptime()
        return book
    }

    /// The grants that are not over, the first to end first.
    public var active: [GrantRecord] { records.filter { left($0) > 0 }.sorted { $0.deadline < $1.deadline } }

    /// The book with one more grant, which a change of this number makes, in the place of the one that it follows.
    func adding(_ record: GrantRecord, of change: Int) -> GrantBook {
        var (book, record) = (removing(record.service, record.address), record)
        record.change = change
        book.records.append(record)
        return book
    }

    /// The book without the grants of a service, or without the one of an address.
    func removing(_ service: String, _ address: IPAddress?) -> GrantBook {
        var book = self
        book.records.removeAll { $0.service == service && (address == nil || $0.address == address) }
        return book
    }

    /// The addresses that a service has grants for, or the one that is asked for, and what somebody slipped in.
    func addresses(of service: String, _ address: IPAddress?, orFoundIn live: Table) -> [IPAddress] {
        (active.map(\.source) + live.grantedSources).reduce(into: []) { list, source in
            let isMeant = source.service == service && (address == nil || source.address == address)
            if isMeant && !list.contains(source.address) { list.append(source.address) }
        }
    }

    /// The grant of a service for an address that is not over.
    public func grant(of service: String, to address: IPAddress) -> GrantRecord? {
        active.first { $0.service == service && $0.address == address }
    }
}
