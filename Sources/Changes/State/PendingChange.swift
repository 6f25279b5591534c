internal import Compiler
public import Kernel
internal import Rulesets
internal import System

/// A change that undoes itself unless somebody confirms it.
public struct PendingChange: Equatable {
    /// The number of the change.
    public var number: Int
    /// When it undoes itself, in milliseconds since the host was started.
    public var deadline: Int64
    /// The ruleset that was changed.
    public var identity: RulesetIdentity

    private static let documentKind = "pending"
    private static let name = "pending"
    private static let previousName = "previous"
    private static let tableKind = "table"

    /// What is pending in a directory; `nil` for nothing.
    static func load(from files: StateFiles) throws -> Self? {
        guard let bytes = try files.read(name) else { return nil }
        let document = try document(bytes, documentKind, files, name)
        guard let number: Int = document.number("number"),
            let deadline: Int64 = document.number("deadline"), let boot = document.text("boot"),
            let namespace: UInt64 = document.number("namespace")
        else { throw unusable(files, name, .corrupt) }
        return Self(number: number, deadline: deadline, identity: RulesetIdentity(boot: boot, namespace: namespace))
    }

    /// Keeps what is to be undone, and first the table to which it is undone.
    func store(in files: StateFiles, previous: Table?) throws(KernelError) {
        var document = StateDocument(kind: Self.tableKind)
        if let previous { document.append("table", TableArchive.bytes(of: previous)) }
        try files.write(Self.previousName, document)
        try store(in: files)
    }

    /// Keeps a new deadline of what is to be undone.
    func store(in files: StateFiles) throws(KernelError) {
        var document = StateDocument(kind: Self.documentKind)
        document.append("number", "\(number)")
        document.append("deadline", "\(deadline)")
        document.append("boot", identity.boot)
        document.append("namespace", "\(identity.namespace)")
        try files.write(Self.name, document)
    }

    /// The table to which it is undone; `nil` for none.
    static func previous(in files: StateFiles) throws -> Table? {
        guard let file = try files.read(previousName) else {
            throw ChangeError(.failure, "\(files.directory)/\(previousName) is missing")
        }
        let document = try document(file, tableKind, files, previousName)
        guard let bytes = document["table"] else { return nil }
        guard let table = TableArchive.table(Names.table, from: bytes) else {
            throw ChangeError(.failure, "\(files.directory)/\(previousName) holds no table of portreeve's")
        }
        return table
    }

    /// The document that a file of the directory holds.
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
        let advice = defect == .corrupt ? "delete it, then \"portreeve rollback\" goes back" : "upgrade portreeve"
        return ChangeError(.failure, "\(files.directory)/\(name) \(defect): \(advice)")
    }

    /// Forgets what is pending.
    static func clear(_ files: StateFiles) throws(KernelError) {
        try files.remove(name)
        try files.remove(previousName)
    }
}
