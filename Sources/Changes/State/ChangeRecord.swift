internal import Compiler
internal import Kernel
public import Rulesets
public import System

/// One change of the ruleset: its time, its author, its policy and the resulting table.
public struct ChangeRecord {
    /// The kind of change; the raw value is the word in every output.
    public enum Kind: String {
        /// A policy was applied.
        case apply
        /// The table of an earlier change was restored.
        case rollback
        /// The table was removed.
        case remove
        /// A grant was made.
        case grant
        /// A grant was ended.
        case revoke
        /// A source was banned.
        case ban
        /// A ban was ended.
        case unban
        /// The lists of the policy were read again.
        case refresh

        /// Whether the change leaves the policy's table as it was, so that a boot or a rollback skips it.
        public var keepsTable: Bool { [.grant, .revoke, .ban, .unban].contains(self) }

        /// The outcome once it is made, and confirmed if it has to be.
        var outcome: ChangeLog.Outcome {
            switch self {
            case .apply, .rollback, .remove: .confirmed
            case .grant, .revoke: .recorded
            case .ban, .unban: .noted
            case .refresh: .renewed
            }
        }
    }

    /// A file of the policy.
    public struct File: Equatable {
        /// The path from which it was read.
        public var path: String
        /// Its content.
        public var text: [UInt8]
    }

    /// The kind.
    public var kind: Kind
    /// Seconds since 1970-01-01T00:00:00Z.
    public var time: Int64
    /// The author.
    public var author: Author
    /// A summary in one line.
    public var summary: String
    /// The change whose table was restored.
    public var origin: Int?
    /// The policy, its includes and its lists.
    public var files: [File]
    /// The ruleset that was changed.
    var identity: RulesetIdentity
    /// The generation that the change made.
    public var generation: UInt32
    /// The encoded table, by `TableArchive`; `nil` for none.
    var archive: [UInt8]?
    /// Why the change was made, where its kind does not say it.
    var reason: ChangeReason?
    /// When a grant or a ban ends, in seconds since 1970-01-01T00:00:00Z.
    var until: Int64?
    /// The changes whose grants and bans this one ends or replaces.
    var ended: [Int] = []
    /// The user whose command undid the change; `nil` if none did, or if it is not known.
    public var undoer: Author?

    static let documentKind = "change"

    /// The table; `nil` if there is none, or if it cannot be decoded.
    public var table: Table? { archive.flatMap { TableArchive.table(Names.table, from: $0) } }

    /// The encoded record.
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
        document.append("reason", reason?.rawValue)
        document.append("until", until.map { "\($0)" })
        document.append("undoer", undoer?.user)
        document.append("undoer-login", undoer?.login)
        document.append("undoer-client", undoer?.client)
        for number in ended { document.append("ended", "\(number)") }
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

    /// The encoded table in the record of a change; `nil` if there is none.
    var archive: ArraySlice<UInt8>? { self[Self.archiveName] }
}

extension ChangeRecord {
    /// Decodes a record; `nil` if a field is missing or invalid.
    init?(_ document: StateDocument) {
        guard let kind = document.text("kind").flatMap(Kind.init), let time = document.time("time"),
            let user = document.text("user"), let summary = document.text("summary"),
            let boot = document.text("boot"), let namespace: UInt64 = document.number("namespace"),
            let generation: UInt32 = document.number("generation")
        else { return nil }
        let author = Author(user: user, login: document.text("login"), client: document.text("client"))
        self.init(
            kind: kind, time: time, author: author, summary: summary,
            origin: document.number("origin", in: ChangeLog.numbers),
            files: Self.files(of: document), identity: RulesetIdentity(boot: boot, namespace: namespace),
            generation: generation, archive: document.archive.map(Array.init),
            reason: document.text("reason").flatMap(ChangeReason.init), until: document.time("until"),
            ended: document.fields.filter { $0.name == "ended" }
                .compactMap { Int(String(decoding: $0.bytes, as: UTF8.self)) },
            undoer: document.text("undoer").map {
                Author(user: $0, login: document.text("undoer-login"), client: document.text("undoer-client"))
            })
        if archive != nil && table == nil { return nil }
    }

    /// The address from which the author of a change was connected; `nil` for none.
    static func client(of document: StateDocument) -> String? { document.text("client") }

    /// The files in a record.
    static func files(of document: StateDocument) -> [File] {
        let paths = document.fields.filter { $0.name == "path" }.map { String(decoding: $0.bytes, as: UTF8.self) }
        let texts = document.fields.filter { $0.name == "text" }.map { Array($0.bytes) }
        return zip(paths, texts).map { File(path: $0, text: $1) }
    }
}
