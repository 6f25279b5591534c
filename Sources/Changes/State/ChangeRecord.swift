internal import Compiler
internal import Kernel
public import Rulesets
public import System

/// One change of the ruleset: when, by whom, from what policy, and what it made.
public struct ChangeRecord {
    /// What was done; the raw value is the word in every output.
    public enum Kind: String {
        /// A policy was applied.
        case apply
        /// The table of an earlier change was taken again.
        case rollback
        /// The table was removed.
        case remove
        /// A source was let in for a time.
        case grant
        /// A grant was ended.
        case revoke

        /// Whether it leaves the table as the policy has it, so that there is nothing of it to load or to go back to.
        public var keepsTable: Bool { self == .grant || self == .revoke }
    }

    /// A file of the policy.
    public struct File: Equatable {
        /// Where it was read.
        public var path: String
        /// What it held.
        public var text: [UInt8]
    }

    /// What was done.
    public var kind: Kind
    /// Seconds since 1970-01-01T00:00:00Z.
    public var time: Int64
    /// By whom.
    public var author: Author
    /// What it amounts to, in one line.
    public var summary: String
    /// The change whose table was taken again.
    public var origin: Int?
    /// The policy, its includes and its lists.
    public var files: [File]
    /// The ruleset that was changed.
    var identity: RulesetIdentity
    /// The generation that the change made of it.
    public var generation: UInt32
    /// The table as `TableArchive` has it; `nil` for none.
    var archive: [UInt8]?

    static let documentKind = "change"

    /// The table; `nil` for none, or when it does not read.
    public var table: Table? { archive.flatMap { TableArchive.table(Names.table, from: $0) } }

    /// The document that keeps it.
    var document: StateDocument {
        var document = StateDocument(kind: Self.documentKind)
        document.append("kind", kind.rawValue)
        document.append("time", "\(time)")
        document.append("user", author.user)
        document.append("login", author.login)
        document.append("client", author.client)
        document.append("summary", summary)
        document.append("origin", origin.map { "\($0)" })
        document.append("boot", identity.boot)
        document.append("namespace", "\(identity.namespace)")
        document.append("generation", "\(generation)")
        for file in files {
            document.append("path", file.path)
            document.append("text", file.text)
        }
        if let archive { document.append(StateDocument.archiveName, archive) }
        return document
    }
}

extension StateDocument {
    fileprivate static let archiveName = "table"

    /// The table as `TableArchive` has it, where the document keeps a change of one.
    var archive: ArraySlice<UInt8>? { self[Self.archiveName] }
}

extension ChangeRecord {
    /// What a document keeps; `nil` where it lacks something.
    init?(_ document: StateDocument) {
        guard let kind = document.text("kind").flatMap(Kind.init), let time: Int64 = document.number("time"),
            let user = document.text("user"), let summary = document.text("summary"),
            let boot = document.text("boot"), let namespace: UInt64 = document.number("namespace"),
            let generation: UInt32 = document.number("generation")
        else { return nil }
        let author = Author(user: user, login: document.text("login"), client: document.text("client"))
        self.init(
            kind: kind, time: time, author: author, summary: summary, origin: document.number("origin"),
            files: Self.files(of: document), identity: RulesetIdentity(boot: boot, namespace: namespace),
            generation: generation, archive: document.archive.map(Array.init))
        if archive != nil && table == nil { return nil }
    }

    /// The files that a document keeps.
    static func files(of document: StateDocument) -> [File] {
        let paths = document.fields.filter { $0.name == "path" }.map { String(decoding: $0.bytes, as: UTF8.self) }
        let texts = document.fields.filter { $0.name == "text" }.map { Array($0.bytes) }
        return zip(paths, texts).map { File(path: $0, text: $1) }
    }
}
