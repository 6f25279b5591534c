internal import Addressing
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
        /// The DNS name whose addresses it has; `nil` for a file.
        public var name: String?
        /// The number of its entries before and after.
        public let before, after: Int
        /// How many entries were added and removed; `nil` if its text is the same.
        public let difference: (added: Int, removed: Int)?
        /// When it was written, or when the oldest of the addresses was seen, in seconds since 1970-01-01T00:00:00Z; `nil` if that is not known.
        public let time: Int64?
        /// Whether its text differs.
        public var isChanged: Bool { difference != nil }

        /// The numbers before and after, and what is behind equal ones: `2 -> 2 (1 added, 1 removed)`.
        public func text(of unit: String = "") -> String {
            let counts = "\(before) -> \(after)\(unit)"
            guard let difference else { return counts }
            if difference == (0, 0) { return "\(counts) (the same, written otherwise)" }
            guard difference.added > 0, difference.removed > 0 else { return counts }
            return "\(counts) (\(difference.added) added, \(difference.removed) removed)"
        }
    }

    /// The policy as it was applied.
    public let applied: Policy
    /// The policy with its lists as they are now.
    public let policy: Policy
    /// The lists.
    public let lists: [List]
    /// The lists and names that cannot be used, so that they are as they were applied, and names with addresses that are not.
    public let refusals: [ListRefusal]

    /// The look-ups of names whose outcome is used.
    let renewals: [NameRenewal]

    /// Whether the lists are as they were applied.
    public var isEmpty: Bool { policy.texts == applied.texts }

    /// Reads the lists of a policy that was applied.
    ///
    /// - Throws: `failure` if the policy cannot be read; `InvalidPolicy` if the lists make it invalid.
    init(
        _ record: AppliedRecord, _ options: ReadingOptions,
        _ renew: (_ names: [NamedSource]) -> [NameRenewal] = { _ in [] }
    ) throws {
        let applied = try Self.applied(record, options)
        let recorded = record.recordedFiles(options)
        let renewals = renew(applied.names)
        var paths = Set(applied.listFiles.map(\.path))
        var (names, harmful) = (Self.texts(of: renewals), [ListRefusal]())
        if Self.invalid(recorded, paths, names, options) != nil {
            (names, harmful) = Self.harmless(renewals, recorded, paths, options)
        }
        var (reading, wide) = (try Self.read(recorded, paths, names, options), [ListRefusal]())
        // No person sees the warning of such an entry, as with `apply`.
        while let list = reading.policy.listFiles.first(where: { $0.hasWideDenial && paths.contains($0.path) }) {
            paths.remove(list.path)
            let isNew = recorded.text(of: list.path) != reading.policy.text(of: list.path)
            if isNew { wide.append(list.wideRefusal) }
            reading = try Self.read(recorded, paths, names, options)
        }
        self.applied = applied
        policy = reading.policy
        let used = renewals.filter { names[$0.source.name] != nil }
        self.renewals = used
        refusals = reading.refusals + wide + used.compactMap(\.trouble) + harmful
        let refused = Set(refusals.map(\.path))
        let counts = Dictionary(applied.listFiles.map { ($0.path, $0.count) }) { first, _ in first }
        let files = policy.listFiles.map { list in
            let texts = (old: recorded.text(of: list.path) ?? [], new: reading.policy.text(of: list.path) ?? [])
            return List(
                source: list.groups.first ?? "", path: list.path, before: counts[list.path] ?? 0, after: list.count,
                difference: texts.old == texts.new ? nil : ListLine.difference(from: texts.old, to: texts.new),
                time: refused.contains(list.path) ? record.time : FileSystem.modificationTime(list.path))
        }
        lists = files + policy.names.map { Self.list($0, recorded, record, used) }
    }

    /// The addresses of a name as a list.
    private static func list(
        _ source: NamedSource, _ recorded: RecordedFiles, _ record: AppliedRecord, _ renewals: [NameRenewal]
    ) -> List {
        let before = recorded.addresses(ofName: source.name).flatMap(NamedSource.addresses(in:)) ?? []
        let after = source.list
        let seen = renewals.first { $0.source.name == source.name }?.entry.seen
        let oldest = after.isEmpty ? nil : seen?.values.min() ?? record.time
        return List(
            source: source.groups.first ?? "", path: source.path, name: source.name, before: before.count,
            after: after.count,
            difference: AddressSet(before) == source.addresses
                ? nil : (Set(after).subtracting(before).count, Set(before).subtracting(after).count),
            time: oldest)
    }

    private static func applied(_ record: AppliedRecord, _ options: ReadingOptions) throws -> Policy {
        if let applied = record.policy(options) { return applied }
        throw ChangeError(
            .failure, "cannot read the policy that was applied: run \"portreeve apply\"; nothing was changed")
    }

    private static func texts(of renewals: [NameRenewal]) -> [String: [UInt8]] {
        Dictionary(renewals.map { ($0.source.name, NamedSource.text(of: $0.addresses)) }) { first, _ in first }
    }

    /// Why these addresses of names make the policy invalid; `nil` if they do not, or if it is invalid without them, too.
    private static func invalid(
        _ recorded: RecordedFiles, _ lists: Set<String>, _ names: [String: [UInt8]], _ options: ReadingOptions
    ) -> String? {
        guard !names.isEmpty else { return nil }
        do { _ = try read(recorded, lists, names, options) } catch let error as InvalidPolicy {
            guard (try? read(recorded, lists, [:], options)) != nil else { return nil }
            return error.diagnostics.first { $0.severity == .error }?.message
        } catch {}
        return nil
    }

    /// The addresses of the names with which the policy stays valid, and the names whose addresses make it invalid.
    private static func harmless(
        _ renewals: [NameRenewal], _ recorded: RecordedFiles, _ lists: Set<String>, _ options: ReadingOptions
    ) -> (names: [String: [UInt8]], harmful: [ListRefusal]) {
        var (names, harmful) = ([String: [UInt8]](), [ListRefusal]())
        for renewal in renewals {
            let next = names.merging(texts(of: [renewal])) { _, new in new }
            guard let fault = invalid(recorded, lists, next, options) else {
                names = next
                continue
            }
            let source = renewal.source
            harmful.append(
                ListRefusal(
                    path: source.path, location: source.location, group: source.groups.first ?? "",
                    reason:
                        "name \"\(source.name)\" has addresses that make the policy invalid, and its addresses stay: \(fault)"
                ))
        }
        return (names, harmful)
    }

    private static func read(
        _ recorded: RecordedFiles, _ lists: Set<String>, _ names: [String: [UInt8]], _ options: ReadingOptions
    ) throws -> (policy: Policy, refusals: [ListRefusal]) {
        var options = options
        (options.keepsLastLists, options.hostNames) = (true, nil)
        let reading = PolicyReader.read(
            path: recorded.paths.first ?? "", options: options,
            files: RefreshedFiles(recorded: recorded, lists: lists, names: names))
        guard let policy = reading.policy else { throw InvalidPolicy(diagnostics: reading.diagnostics) }
        return (policy, reading.refusedLists)
    }

    /// A summary in one line.
    var summary: String {
        (lists.contains { $0.isChanged && $0.name != nil } ? "lists and names: " : "lists: ")
            + lists.filter(\.isChanged).map { "\($0.source) \($0.text())" }.joined(separator: ", ")
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
