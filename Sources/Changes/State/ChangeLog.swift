internal import Kernel
internal import Rulesets
public import System

/// The log of changes: one file per change, numbered from 1, named after the number and outcome.
public struct ChangeLog {
    /// The outcome of a change; the raw value is the end of its file's name.
    public enum Outcome: String {
        /// Prepared: not yet made, or made and not yet confirmed.
        case prepared
        /// Confirmed: the last of these is loaded at boot.
        case confirmed
        /// Undone or never made: earlier versions did not record which.
        case undone
        /// Undone, since it was not confirmed in time.
        case timedOut = "timed-out"
        /// Undone by a command.
        case rolledBack = "rolled-back"
        /// Gone, since the host was rebooted before it was confirmed.
        case lost
        /// Never made.
        case notMade = "not-made"
        /// Made, but not repeated at boot: a grant, or the end of one.
        case recorded
        /// The same, but kept for a short time only: a ban, or the end of one, of which a program may make thousands.
        case noted
        /// Confirmed by a program that reads the lists again, and kept for a short time only.
        case renewed

        /// Whether a boot may load the table of the change.
        var isInForce: Bool { self == .confirmed || self == .renewed }

        /// Whether the change is undone, or was never made.
        public var isUndone: Bool { [.undone, .timedOut, .rolledBack, .lost, .notMade].contains(self) }

        /// The word for programs.
        public var word: String { isUndone ? Self.undone.rawValue : rawValue }

        /// At most this many changes are kept, beside those of other outcomes that have a number of their own.
        fileprivate var maximumCount: Int {
            switch self {
            case .noted: 20
            case .renewed: 3
            case .prepared, .confirmed, .undone, .timedOut, .rolledBack, .lost, .notMade, .recorded: 50
            }
        }

        /// The outcomes that share a number.
        fileprivate var shared: Outcome { [.noted, .renewed].contains(self) ? self : .confirmed }
    }

    /// An entry of the log.
    public struct Entry: Equatable {
        /// Its number.
        public let number: Int
        /// The outcome.
        public let outcome: Outcome

        fileprivate var name: String { "change-\(number).\(outcome.rawValue)" }

        fileprivate init(number: Int, outcome: Outcome) {
            self.number = number
            self.outcome = outcome
        }

        /// Parses a file name; `nil` for other files.
        fileprivate init?(_ name: String) {
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, let outcome = Outcome(rawValue: String(parts[1])), parts[0].hasPrefix("change-"),
                let number = Int(parts[0].dropFirst("change-".count)), numbers.contains(number)
            else { return nil }
            self.init(number: number, outcome: outcome)
        }
    }

    let files: StateFiles
    /// Warns of old changes that cannot be removed.
    let warn: (_ text: String) -> Void

    /// The numbers that a change can have.
    static let numbers = 1...Int(Int32.max)
    /// At most this many bytes are kept, besides the last confirmed change.
    private static let maximumSize = 512 << 20

    /// All changes, oldest first.
    public func entries() throws(KernelError) -> [Entry] {
        try files.names().compactMap(Entry.init)
            .sorted { $0.number < $1.number }
    }

    /// Reads the record of a change.
    public func record(_ entry: Entry) throws -> ChangeRecord {
        guard let record = ChangeRecord(try document(entry)) else { throw unusable(entry, .corrupt) }
        return record
    }

    /// Whether the change made this generation of this ruleset: then its saved table is the live one.
    func made(_ document: StateDocument, _ generation: UInt32, of identity: RulesetIdentity) -> Bool {
        document.text("boot") == identity.boot && document.number("namespace") == identity.namespace
            && document.number("generation") == generation
    }

    /// Whether the record of a change holds this table, whose encoding is `archive`.
    func keeps(_ table: Table?, _ archive: [UInt8]?, with document: StateDocument) -> Bool {
        // Equal bytes mean an equal table; an earlier version may have encoded the same table in other bytes.
        return document.archive == archive?[...] || ChangeRecord(document).map { $0.table == table } ?? false
    }

    /// The record of a change as it is in its file.
    func document(_ entry: Entry) throws -> StateDocument {
        let file = try files.read(entry.name)
        guard let bytes = file else { throw try gone(entry.number) }
        do throws(StateDocument.Defect) { return try StateDocument(bytes, kind: ChangeRecord.documentKind) } catch {
            throw unusable(entry, error)
        }
    }

    private func unusable(_ entry: Entry, _ defect: StateDocument.Defect) -> ChangeError {
        ChangeError(.failure, "\(files.directory)/\(entry.name) \(defect)")
    }

    /// The change of this number.
    public func entry(_ number: Int) throws -> Entry {
        guard let entry = try entries().last(where: { $0.number == number }) else {
            throw try gone(number)
        }
        return entry
    }

    /// The error for a change that is not in the log.
    ///
    /// Numbers are given in order, so that a lower one than the last was there once.
    public func gone(_ number: Int) throws(KernelError) -> ChangeError {
        let all = try entries()
        // A file that got another name meanwhile is still there.
        guard let first = all.first, let last = all.last, number < last.number,
            !all.contains(where: { $0.number == number })
        else { return Self.absence(number) }
        let way = number < first.number ? "the oldest is \(first.number)" : "run \"portreeve history\" for a list"
        return ChangeError(.failure, "change \(number) is no longer kept: \(way)")
    }

    /// The error for a number that no change has had.
    public static func absence(_ number: Int) -> ChangeError {
        ChangeError(.failure, "there is no change \(number): run \"portreeve history\" for a list")
    }

    /// The last confirmed change.
    public func lastConfirmed() throws(KernelError) -> Entry? { try entries().last { $0.outcome.isInForce } }

    private func nextNumber() throws(KernelError) -> Int { (try entries().last?.number ?? 0) + 1 }

    /// Saves a change before it is made.
    ///
    /// The name need not be on disk until the change is settled: a crash before that loses the kernel's change, too.
    func prepare(_ record: ChangeRecord) throws(KernelError) -> Entry {
        let entry = Entry(number: try nextNumber(), outcome: .prepared)
        try files.write(entry.name, record.document, .content)
        return entry
    }

    /// Saves a change that was prepared once more, since it is made from a later generation.
    func prepare(_ record: ChangeRecord, again entry: Entry) throws(KernelError) {
        try files.write(entry.name, record.document, .content)
    }

    /// Records who undid a change; a failure leaves that unknown, since an undo must work on a full disk, too.
    func note(_ undoer: Author, of entry: Entry) {
        guard var record = try? record(entry) else { return }
        record.undoer = undoer
        try? files.write(entry.name, record.document, .content)
    }

    /// Records the outcome of a change, and removes the oldest ones.
    ///
    /// - Throws: the error of the record; old changes that cannot be removed are a warning, since the outcome is recorded then.
    func settle(_ entry: Entry, as outcome: Outcome) throws(KernelError) {
        let name = Entry(number: entry.number, outcome: outcome).name
        try files.rename(entry.name, to: name)
        do throws(KernelError) { try prune() } catch { warn("old changes are not removed: \(error)") }
    }

    private func prune() throws(KernelError) {
        let entries = try entries()
        let last = entries.last { $0.outcome.isInForce }
        var (counts, size) = ([Outcome: Int](), 0)
        for entry in entries.reversed() {
            counts[entry.outcome.shared, default: 0] += 1
            size += files.size(of: entry.name)
            let isMany = counts[entry.outcome.shared, default: 0] > entry.outcome.maximumCount
            guard isMany || size > Self.maximumSize, entry != last, entry.outcome != .prepared else {
                continue
            }
            try files.remove(entry.name)
        }
    }
}
