internal import Compiler
internal import Kernel
internal import Rulesets
internal import System

/// The change whose table is in force, as far as the state knows: the pending one, or the last confirmed one.
public struct AppliedRecord {
    /// The number of the change.
    public let number: Int
    /// When it was made, in seconds since 1970-01-01T00:00:00Z.
    public let time: Int64
    private let document: StateDocument

    /// Keeps the record of a change; `nil` if it left no policy in force, or if its policy was not recorded.
    init?(_ number: Int, _ document: StateDocument) {
        guard document.text("kind").flatMap(ChangeRecord.Kind.init) != .remove, document["path"] != nil,
            document.archive != nil
        else { return nil }
        self.number = number
        time = document.number("time") ?? 0
        self.document = document
    }

    /// The table, decoded on every access; `nil` if it cannot be decoded.
    var table: Table? { document.archive.flatMap { TableArchive.table(Names.table, from: Array($0)) } }

    /// The files of the policy.
    func files(databases: [String]) -> RecordedFiles {
        let files = ChangeRecord.files(of: document)
        return RecordedFiles(paths: files.map(\.path), texts: files.map(\.text), databases: databases)
    }

    /// Whether these are the contents of the policy's files.
    func holds(_ texts: [[UInt8]]) -> Bool {
        let fields = document.fields.filter { $0.name == "text" }
        return fields.count == texts.count && zip(fields, texts).allSatisfy { $0.bytes == $1[...] }
    }
}

extension RulesetState {
    /// The change whose table is in force, as far as the state knows; `nil` if no policy was applied.
    ///
    /// After a boot that is the last confirmed change, which the boot loads.
    public func applied() throws -> AppliedRecord? {
        let pending = try waiting().map { try log.entry($0.pending.number) }
        guard let entry = try pending ?? log.lastConfirmed() else { return nil }
        return AppliedRecord(entry.number, try log.document(entry))
    }
}
