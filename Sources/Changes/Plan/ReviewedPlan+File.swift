internal import Compiler
internal import Kernel
internal import Policies
internal import Rulesets
internal import System

extension ReviewedPlan {
    /// What a file of portreeve starts with, and no policy: it would be no YAML.
    private static let mark = "portreeve "
    /// Where the first line of a plan has its kind.
    private static let head = "\(mark)\(documentKind) "

    /// Keeps the plan for its owner; a file that is something else stays as it is.
    ///
    /// - Throws: `failure`.
    public func write(to path: String) throws {
        let start: [UInt8]?
        do throws(TrustedFile.Refusal) { start = try TrustedFile.start(path, count: Self.head.utf8.count) } catch {
            throw ChangeError(.failure, "\(path) \(error.message): name another file for the plan")
        }
        guard start?.isEmpty ?? true || start?.elementsEqual(Self.head.utf8) == true else {
            throw ChangeError(.failure, "\(path) is there and no plan, and was not overwritten: name another file")
        }
        try OutputFile.replacePrivately(path, with: document.bytes)
    }

    /// The plan that is at the path of a policy; `nil` where it is a policy, or not to be read.
    ///
    /// - Parameters:
    ///   - path: the path.
    ///   - checksOwnership: whether a plan that another user could have written is refused.
    /// - Throws: `failure` for a plan that is incomplete or was changed, or that another user could have written.
    public init?(path: String, checksOwnership: Bool) throws {
        let start = try? TrustedFile.start(path, count: Self.mark.utf8.count)
        guard let start, start.elementsEqual(Self.mark.utf8) else { return nil }
        let bytes: [UInt8]
        do throws(TrustedFile.Refusal) {
            bytes = try TrustedFile.read(path, checksOwnership: checksOwnership)
        } catch { throw ChangeError(.failure, "\(path) \(error.message)") }
        guard bytes.starts(with: Self.head.utf8) else {
            throw ChangeError(.failure, "\(path) is a file of portreeve's, and no plan: nothing was changed")
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

    /// What a document keeps; `nil` where it lacks something.
    private init?(_ document: StateDocument) {
        guard let boot = document.text("boot"), let namespace: UInt64 = document.number("namespace"),
            let generation: UInt32 = document.number("generation"), let time: Int64 = document.number("time"),
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
