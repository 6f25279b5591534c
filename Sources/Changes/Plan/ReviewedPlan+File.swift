internal import Compiler
internal import Kernel
internal import Policies
internal import Rulesets
internal import System

extension ReviewedPlan {
    /// The first bytes of portreeve's own files; no policy starts with them, since they are not valid YAML.
    private static let mark = "portreeve "
    /// The first bytes of a plan file, which name its kind.
    private static let head = "\(mark)\(documentKind) "

    /// Whether the file at `path` is a plan, or another of portreeve's own files.
    public static func isSaved(at path: String) -> Bool {
        let start = try? TrustedFiles().start(path, count: head.utf8.count)
        return start.flatMap(\.self)?.elementsEqual(head.utf8) == true
    }

    /// Saves the plan in a file for its owner; never overwrites other files.
    ///
    /// - Throws: `failure`.
    public func write(to path: String) throws {
        let start: [UInt8]?
        do throws(FileRefusal) { start = try TrustedFiles().start(path, count: Self.head.utf8.count) } catch {
            throw ChangeError(.failure, "\(path) \(error.message): name another file for the plan")
        }
        guard start?.isEmpty ?? true || start?.elementsEqual(Self.head.utf8) == true else {
            throw ChangeError(.failure, "\(path) exists and is not a plan file; not overwritten: name another file")
        }
        try OutputFile.replacePrivately(path, with: document.bytes)
    }

    /// Reads a plan; `nil` if the path holds a policy or cannot be read.
    ///
    /// - Parameters:
    ///   - path: the path.
    ///   - checksOwnership: whether to refuse a plan that another user can write.
    /// - Throws: `failure` for a plan that is incomplete, corrupt, or writable by another user.
    public init?(path: String, checksOwnership: Bool) throws {
        let start = try? TrustedFiles().start(path, count: Self.mark.utf8.count)
        guard let start, start.elementsEqual(Self.mark.utf8) else { return nil }
        let bytes: [UInt8]
        do throws(FileRefusal) {
            bytes = try TrustedFiles().read(path, checksOwnership: checksOwnership).bytes
        } catch { throw ChangeError(.failure, "\(path) \(error.message)") }
        guard bytes.starts(with: Self.head.utf8) else {
            throw ChangeError(.failure, "\(path) is a state file of portreeve, not a plan; nothing was changed")
        }
        do throws(StateDocument.Defect) {
            guard let plan = Self(try StateDocument(bytes, kind: Self.documentKind)) else { throw .corrupt }
            self = plan
        } catch { throw ChangeError(.failure, "the plan \(path) \(error); nothing was changed") }
    }

    private var document: StateDocument {
        var document = StateDocument(kind: Self.documentKind)
        document.append("boot", identity.boot)
        document.append("namespace", "\(identity.namespace)")
        document.append("generation", "\(generation)")
        document.append("time", "\(time)")
        document.append("user", author.user)
        document.append("login", author.login)
        document.append("client", author.client)
        document.append("summary", summary)
        document.append("plan", text)
        for file in files {
            document.append("path", file.path)
            document.append("text", file.text)
        }
        document.append("table", TableArchive.bytes(of: table))
        return document
    }

    /// Decodes a plan; `nil` if a field is missing or invalid.
    private init?(_ document: StateDocument) {
        guard let boot = document.text("boot"), let namespace: UInt64 = document.number("namespace"),
            let generation: UInt32 = document.number("generation"), let time = document.time("time"),
            let user = document.text("user"), let summary = document.text("summary"), let text = document.text("plan"),
            let table = document["table"].flatMap({ TableArchive.table(Names.table, from: $0) })
        else { return nil }
        identity = RulesetIdentity(boot: boot, namespace: namespace)
        author = Author(user: user, login: document.text("login"), client: document.text("client"))
        self.generation = generation
        self.time = time
        self.summary = summary
        self.text = text
        self.table = table
        files = ChangeRecord.files(of: document)
    }
}
