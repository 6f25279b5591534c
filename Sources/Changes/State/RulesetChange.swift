internal import Compiler
public import Kernel
public import Policies
public import Rulesets
internal import System

/// A prepared change of the ruleset.
public struct RulesetChange {
    /// The live table.
    public private(set) var snapshot: TableSnapshot
    /// The new table, without grants.
    public let table: Table?
    /// The table to save, if that is another one: the live table may differ from the policy in other places.
    var recorded: Table?
    /// The kind of change.
    let kind: ChangeRecord.Kind
    /// A summary in one line.
    let summary: String
    /// The change whose table is restored.
    let origin: Int?
    /// The policy from which the table was compiled, if it is known.
    let policy: Policy?
    /// The policy, its includes and its lists, if they are saved with an earlier change.
    let files: [ChangeRecord.File]
    /// The planned table, and the steps to it.
    public var planned: (target: Table, transaction: Transaction)?
    /// The grants.
    public var grants: GrantBook { didSet { target = grants.target(table, onto: snapshot.table) } }

    /// The new table, with grants.
    public private(set) var target: Table?

    /// A change from the live table to another.
    public init(
        snapshot: TableSnapshot, table: Table?, kind: ChangeRecord.Kind, summary: String, origin: Int? = nil,
        policy: Policy? = nil, files: [ChangeRecord.File] = [], grants: GrantBook = GrantBook()
    ) {
        self.snapshot = snapshot
        self.table = table
        self.kind = kind
        self.summary = summary
        self.origin = origin
        self.policy = policy
        self.files = files
        self.grants = grants
        target = grants.target(table, onto: snapshot.table)
    }

    /// Plans the change again after another program has changed the ruleset: the live table as it is now, or `nil` if
    /// portreeve's own table or the answer is another.
    public var replan: (() throws -> TableSnapshot?)?
    /// How often the change is planned again because another program changed the ruleset before the commit.
    public var replans = 5

    /// The same change from a later snapshot of the same table.
    public func moved(onto snapshot: TableSnapshot) -> RulesetChange {
        precondition(
            snapshot.table == self.snapshot.table, "a change is moved only onto the table that it was made for")
        var change = self
        change.snapshot = snapshot
        return change
    }

    /// The steps from one table to the other: those of the plan if the tables are the same, or computed.
    public var transaction: Transaction {
        if let planned, planned.target == target { return planned.transaction }
        return Transaction(from: snapshot.table, to: target, named: Names.table)
    }
}

extension RulesetChange {
    /// The encoded table to save.
    var archive: [UInt8]? { (recorded ?? table).map(TableArchive.bytes) }

    /// The `never-deny` of the policy, or of the files of an earlier change.
    var neverDeny: SourceList? {
        if policy != nil || files.isEmpty { return policy?.neverDeny }
        return RecordedFiles(files).policy(ReadingOptions())?.neverDeny
    }

    /// Whether a saved change has the files of this one's policy; also if this one has none.
    func hasFiles(of document: StateDocument) -> Bool {
        let files = policy?.recordedFiles ?? self.files
        return files.isEmpty || ChangeRecord.files(of: document).map(\.text) == files.map(\.text)
    }
}

extension Policy {
    /// The files of the policy, with paths that another process finds.
    var recordedFiles: [ChangeRecord.File] {
        zip(files, texts).map { path, text in
            ChangeRecord.File(path: NamedSource.isPath(path) ? path : FileSystem.absolutePath(path), text: text)
        }
    }
}
