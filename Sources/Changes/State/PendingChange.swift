internal import Compiler
public import Kernel
internal import Rulesets
internal import System

/// A change that is undone unless it is confirmed.
public struct PendingChange: Equatable {
    /// The number of the change.
    public var number: Int
    /// The deadline, in milliseconds since boot.
    public var deadline: Int64
    /// The changed ruleset.
    public var identity: RulesetIdentity
    /// The deadline in seconds since 1970-01-01T00:00:00Z, by the clock when it was set; `nil` if an older version set it.
    public var moment: Int64?

    /// The deadlines that can be: beyond any time that a host can be up, and far from an overflow.
    static let deadlines: ClosedRange<Int64> = 0...(1 << 53)

    private static let documentKind = "pending"
    private static let name = "pending"
    private static let previousName = "previous"
    private static let tableKind = "table"

    /// Reads the pending change of a directory; `nil` if there is none.
    static func load(from files: StateFiles) throws -> Self? {
        guard let bytes = try files.read(name) else { return nil }
        let document = try document(bytes, documentKind, files, name)
        guard let number = document.number("number", in: ChangeLog.numbers),
            let deadline = document.number("deadline", in: Self.deadlines), let boot = document.text("boot"),
            let namespace: UInt64 = document.number("namespace")
        else { throw unusable(files, name, .corrupt) }
        return Self(
            number: number, deadline: deadline, identity: RulesetIdentity(boot: boot, namespace: namespace),
            moment: document.time("moment"))
    }

    /// Saves the pending change, after the table to restore.
    func store(in files: StateFiles, previous: Table?) throws(KernelError) {
        var document = StateDocument(kind: Self.tableKind)
        if let previous { document.append("table", TableArchive.bytes(of: previous)) }
        try files.write(Self.previousName, document)
        try store(in: files)
    }

    /// Saves a new deadline.
    func store(in files: StateFiles) throws(KernelError) {
        var document = StateDocument(kind: Self.documentKind)
        document.append("number", "\(number)")
        document.append("deadline", "\(deadline)")
        document.append("boot", identity.boot)
        document.append("namespace", "\(identity.namespace)")
        if let moment { document.append("moment", "\(moment)") }
        try files.write(Self.name, document)
    }

    /// The table to restore; `nil` for none.
    static func previous(in files: StateFiles) throws -> Table? {
        guard let file = try files.read(previousName) else {
            throw ChangeError(.failure, "\(files.directory)/\(previousName) is missing")
        }
        let document = try document(file, tableKind, files, previousName)
        guard let bytes = document["table"] else { return nil }
        guard let table = TableArchive.table(Names.table, from: bytes) else {
            throw ChangeError(.failure, "\(files.directory)/\(previousName) holds no table of portreeve")
        }
        return table
    }

    /// Reads a file of the directory.
    private static func document(
        _ bytes: [UInt8], _ kind: String, _ files: StateFiles, _ name: String
    ) throws -> StateDocument {
        do throws(StateDocument.Defect) { return try StateDocument(bytes, kind: kind) } catch {
            throw unusable(files, name, error)
        }
    }

    private static func unusable(
        _ files: StateFiles, _ name: String, _ defect: StateDocument.Defect
    ) -> ChangeError {
        let advice = defect == .corrupt ? "delete it, then run \"portreeve rollback\"" : "upgrade portreeve"
        return ChangeError(.failure, "\(files.directory)/\(name) \(defect): \(advice)")
    }

    /// Removes the pending change.
    static func clear(_ files: StateFiles) throws(KernelError) {
        try files.remove(name)
        try files.remove(previousName)
    }
}
