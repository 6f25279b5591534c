internal import Kernel
internal import Rulesets
public import System

/// The changes that were made, numbered from 1, each in a file whose name says what became of it.
public struct ChangeLog {
    /// What became of a change; the raw value is the word in every output.
    public enum Outcome: String {
        /// It is about to be made, or it was and nobody has confirmed it yet.
        case prepared
        /// It was made and is to stay: a boot loads the last of these.
        case confirmed
        /// It was undone, or never made.
        case undone
        /// It was made, and a boot is not to repeat it: somebody was let in for a time, or not any longer.
        case recorded
    }

    /// A change that was made.
    public struct Entry: Equatable {
        /// Its number.
        public let number: Int
        /// What became of it.
        public let outcome: Outcome

        fileprivate var name: String { "change-\(number).\(outcome.rawValue)" }

        fileprivate init(number: Int, outcome: Outcome) {
            self.number = number
            self.outcome = outcome
        }

        /// The entry whose file has this name; `nil` for other files.
        fileprivate init?(_ name: String) {
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, let outcome = Outcome(rawValue: String(parts[1])), parts[0].hasPrefix("change-"),
                let number = Int(parts[0].dropFirst("change-".count)), number > 0
            else { return nil }
            self.init(number: number, outcome: outcome)
        }
    }

    let files: StateFiles

    /// More changes than this are not kept.
    private static let maximumCount = 50
    /// More octets than this are not kept either, but for the last change that was confirmed.
    private static let maximumSize = 512 << 20

    /// All changes, the oldest first.
    public func entries() throws(KernelError) -> [Entry] {
        try files.names().compactMap(Entry.init)
            .sorted { $0.number < $1.number }
    }

    /// What is kept of a change.
    public func record(_ entry: Entry) throws -> ChangeRecord {
        guard let record = ChangeRecord(try document(entry)) else { throw unusable(entry, .corrupt) }
        return record
    }

    /// Whether a change made this generation of this ruleset: then what is live is what is kept.
    func made(_ entry: Entry, _ generation: UInt32, of identity: RulesetIdentity) -> Bool {
        guard let document = try? document(entry) else { return false }
        return document.text("boot") == identity.boot && document.number("namespace") == identity.namespace
            && document.number("generation") == generation
    }

    /// Whether a table, which `archive` holds, is kept with a change.
    func keeps(_ table: Table?, _ archive: [UInt8]?, with entry: Entry) -> Bool {
        guard let document = try? document(entry) else { return false }
        // Equal bytes spare reading the table; an earlier version wrote the same table in other bytes.
        return document.archive == archive?[...] || ChangeRecord(document).map { $0.table == table } ?? false
    }

    private func document(_ entry: Entry) throws -> StateDocument {
        let file = try files.read(entry.name)
        guard let bytes = file else { throw Self.gone(entry.number) }
        do throws(StateDocument.Defect) { return try StateDocument(bytes, kind: ChangeRecord.documentKind) } catch {
            throw unusable(entry, error)
        }
    }

    private func unusable(_ entry: Entry, _ defect: StateDocument.Defect) -> ChangeError {
        ChangeError(.failure, "\(files.directory)/\(entry.name) \(defect)")
    }

    /// The change of this number.
    public func entry(_ number: Int) throws -> Entry {
        guard let entry = try entries().last(where: { $0.number == number }) else { throw Self.gone(number) }
        return entry
    }

    /// Says that a change is not kept.
    public static func gone(_ number: Int) -> ChangeError {
        ChangeError(.failure, "there is no change \(number): \"portreeve history\" lists those there are")
    }

    /// The last change that is to stay.
    public func lastConfirmed() throws(KernelError) -> Entry? { try entries().last { $0.outcome == .confirmed } }

    /// Keeps a change that is about to be made.
    ///
    /// Its name may come to the disk when it is settled: with the host would go the change, too.
    func prepare(_ record: ChangeRecord) throws(KernelError) -> Entry {
        let entry = Entry(number: (try entries().last?.number ?? 0) + 1, outcome: .prepared)
        try files.write(entry.name, record.document, .content)
        return entry
    }

    /// Says what became of a change, and forgets the oldest ones.
    func settle(_ entry: Entry, as outcome: Outcome) throws(KernelError) {
        let name = Entry(number: entry.number, outcome: outcome).name
        try files.rename(entry.name, to: name)
        try prune()
    }

    private func prune() throws(KernelError) {
        let entries = try entries()
        let last = entries.last { $0.outcome == .confirmed }
        var (count, size) = (0, 0)
        for entry in entries.reversed() {
            count += 1
            size += files.size(of: entry.name)
            guard count > Self.maximumCount || size > Self.maximumSize, entry != last, entry.outcome != .prepared else {
                continue
            }
            try files.remove(entry.name)
        }
    }
}
