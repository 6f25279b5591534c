public import Policies
internal import System

/// A policy as it was applied, and the same with its lists as they are now.
public struct RefreshedPolicy {
    /// A list of the policy.
    public struct List {
        /// The group that names it.
        public let source: String
        /// The path.
        public let path: String
        /// The number of its entries before and after.
        public let before, after: Int
        /// When it was written, in seconds since 1970-01-01T00:00:00Z; `nil` if that is not known.
        public let time: Int64?
        /// Whether its text differs.
        public let isChanged: Bool
    }

    /// The policy as it was applied.
    public let applied: Policy
    /// The policy with its lists as they are now.
    public let policy: Policy
    /// The lists.
    public let lists: [List]
    /// The lists that cannot be used, so that they are as they were applied.
    public let refusals: [ListRefusal]

    /// Whether the lists are as they were applied.
    public var isEmpty: Bool { policy.texts == applied.texts }

    /// Reads the lists of a policy that was applied.
    ///
    /// - Throws: `failure` if the policy cannot be read; `InvalidPolicy` if the lists make it invalid.
    init(_ record: AppliedRecord, _ options: ReadingOptions) throws {
        guard let applied = record.policy(options) else {
            throw ChangeError(
                .failure, "cannot read the policy that was applied: run \"portreeve apply\"; nothing was changed")
        }
        let recorded = record.recordedFiles(options)
        var paths = Set(applied.listFiles.map(\.path))
        var (reading, wide) = (try Self.read(recorded, paths, options), [ListRefusal]())
        // No person sees the warning of such an entry, as with `apply`.
        while let list = reading.policy.listFiles.first(where: { $0.hasWideDenial && paths.contains($0.path) }) {
            paths.remove(list.path)
            let isNew = recorded.text(of: list.path) != reading.policy.text(of: list.path)
            if isNew { wide.append(list.wideRefusal) }
            reading = try Self.read(recorded, paths, options)
        }
        self.applied = applied
        policy = reading.policy
        refusals = reading.refusals + wide
        let refused = Set(refusals.map(\.path))
        let counts = Dictionary(applied.listFiles.map { ($0.path, $0.count) }) { first, _ in first }
        lists = policy.listFiles.map { list in
            List(
                source: list.groups.first ?? "", path: list.path, before: counts[list.path] ?? 0, after: list.count,
                time: refused.contains(list.path) ? record.time : FileSystem.modificationTime(list.path),
                isChanged: recorded.text(of: list.path) != reading.policy.text(of: list.path))
        }
    }

    private static func read(
        _ recorded: RecordedFiles, _ lists: Set<String>, _ options: ReadingOptions
    ) throws -> (policy: Policy, refusals: [ListRefusal]) {
        var options = options
        (options.keepsLastLists, options.hostNames) = (true, nil)
        let reading = PolicyReader.read(
            path: recorded.paths.first ?? "", options: options,
            files: RefreshedFiles(recorded: recorded, lists: lists))
        guard let policy = reading.policy else { throw InvalidPolicy(diagnostics: reading.diagnostics) }
        return (policy, reading.refusedLists)
    }

    /// A summary in one line.
    var summary: String {
        "lists: "
            + lists.filter(\.isChanged).map { "\($0.source) \($0.before) -> \($0.after)" }.joined(separator: ", ")
    }
}

/// A policy that its lists make invalid; nothing was changed.
public struct InvalidPolicy: Error {
    /// The errors, and other diagnostics.
    public let diagnostics: [Diagnostic]
}

extension Policy {
    /// The text of a file.
    fileprivate func text(of path: String) -> [UInt8]? { files.firstIndex(of: path).map { texts[$0] } }
}

extension RecordedFiles {
    /// The text of a file.
    fileprivate func text(of path: String) -> [UInt8]? { paths.firstIndex(of: path).map { texts[$0] } }
}

extension ListFile {
    /// The refusal of a list under `deny` that would shut out a large part of the internet.
    fileprivate var wideRefusal: ListRefusal {
        ListRefusal(
            path: path, location: location, group: groups.first ?? "",
            reason:
                "list \"\(path)\" has an entry that is wider than block lists have, and no \"widest\" that allows it")
    }
}
