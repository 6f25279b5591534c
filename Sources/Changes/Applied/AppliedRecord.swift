internal import Compiler
public import Kernel
public import Policies
internal import Printing
internal import Rulesets
internal import System

/// The change whose table is in force, as far as the state knows: the pending one, or the last confirmed one.
public struct AppliedRecord {
    /// The number of the change.
    public let number: Int
    /// When it was made, in seconds since 1970-01-01T00:00:00Z.
    public let time: Int64
    /// The pending change; `nil` if there is none.
    var waiting: WaitingChange?
    private let document: StateDocument

    /// Keeps the record of a change; `nil` if it left no policy in force, or if its policy was not recorded.
    init?(_ number: Int, _ document: StateDocument) {
        guard document.text("kind").flatMap(ChangeRecord.Kind.init) != .remove, document["path"] != nil,
            document.archive != nil
        else { return nil }
        self.number = number
        time = document.time("time") ?? 0
        self.document = document
    }

    /// The table, decoded on every access; `nil` if it cannot be decoded.
    var table: Table? { document.archive.flatMap { TableArchive.table(Names.table, from: Array($0)) } }

    /// The policy; `nil` if this version of portreeve cannot read it.
    public func policy(_ options: ReadingOptions) -> Policy? {
        RecordedFiles(ChangeRecord.files(of: document)).policy(options)
    }

    /// The files of the policy, beside the databases of this host.
    func recordedFiles(_ options: ReadingOptions) -> RecordedFiles {
        RecordedFiles(
            ChangeRecord.files(of: document), databases: [options.servicesDatabase, options.protocolsDatabase])
    }

    /// The path of the policy.
    public var path: String? { document.text("path") }

    /// The generation of the ruleset that the change made; `nil` if it is not known.
    public var generation: UInt32? { document.number("generation") }

    /// The change whose table this one restored; `nil` if it loaded a policy.
    var origin: Int? { document.number("origin") }

    /// The change whose record has the policy that was applied: this one, or the one whose table it restored.
    public var source: Int { origin ?? number }

    /// The command that loads its table again, as it was; `nil` for a change without a table of its own, or one that is pending.
    var restoration: String? {
        guard waiting == nil, let kind = document.text("kind").flatMap(ChangeRecord.Kind.init), !kind.keepsTable else {
            return nil
        }
        return "\"portreeve rollback \(number)\""
    }

    /// Whether the policy was at this path.
    public func isOf(_ path: String) -> Bool { FileSystem.absolutePath(path) == self.path }

    /// What brings back the file at `path`, if that was this policy, or where this one is.
    public func restoring(_ path: String) -> String {
        guard let own = self.path, !isOf(path) else {
            return "\"portreeve history --show \(source) > \(path.shellWord)\" restores it"
        }
        return "\(text) is of \(own): name that file, or copy it to \(path), which portreeve-verify.timer reads"
    }

    /// Whether the policy has DNS names.
    var hasNames: Bool { ChangeRecord.files(of: document).contains { NamedSource.isPath($0.path) } }

    /// Whether these are the contents of the policy's files.
    func holds(_ texts: [[UInt8]]) -> Bool {
        let fields = document.fields.filter { $0.name == "text" }
        return fields.count == texts.count && zip(fields, texts).allSatisfy { $0.bytes == $1[...] }
    }
}

extension RulesetState {
    /// The last confirmed change, which a boot loads; `nil` if none is known, or if it left no policy in force.
    public var lastApplied: AppliedRecord? { (try? log.lastConfirmed()).flatMap { try? record($0) } }

    /// The change whose table is in force, as far as the state knows; `nil` if no policy was applied.
    ///
    /// That is the pending change, or the last confirmed one, which a boot loads. If a command was killed before it recorded
    /// the outcome of its change, the live table shows whether the change was made.
    public func applied(in store: any RulesetStore) throws -> AppliedRecord? {
        let last = try log.lastConfirmed()
        let open = try log.entries().filter { $0.outcome == .prepared }
        guard !open.isEmpty else { return try last.flatMap(record) }
        let waiting = try waiting(in: store)
        let pending = try waiting.map { try log.entry($0.pending.number) }
        let candidates = try (open.reversed() + [last].compactMap(\.self)).compactMap(record)
        let tables = candidates.map(\.table)
        let live = try store.snapshot(of: Names.table, expecting: tables.compactMap(\.self)).table
        let grants = try self.grants()
        let index = tables.firstIndex { $0 != nil && grants.target($0, onto: live) == live }
        var applied = try index.map { candidates[$0] } ?? (pending ?? last).flatMap(record)
        applied?.waiting = waiting
        return applied
    }

    private func record(_ entry: ChangeLog.Entry) throws -> AppliedRecord? {
        AppliedRecord(entry.number, try log.document(entry))
    }
}
