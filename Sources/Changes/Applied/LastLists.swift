public import Addressing
public import Policies
public import System

/// The lists and the addresses of names of the policy in force, as they were applied; read from the state once one of them is asked for.
public final class LastLists {
    private let open: () throws -> RulesetState?
    /// The contents by path.
    private lazy var texts: [String: [UInt8]] = (try? open()?.filesInForce()) ?? [:]
    /// The names that were looked up since.
    public private(set) var renewals: [NameRenewal] = []

    /// The lists in the state that `open` opens.
    public init(_ open: @escaping () throws -> RulesetState?) { self.open = open }

    /// The contents of the list at `path`; `nil` if it was not applied, or if the state cannot be read.
    public func text(_ path: String) -> [UInt8]? { texts[FileSystem.absolutePath(path)] ?? texts[path] }

    /// The addresses of a DNS name, one a line; `nil` if it was neither applied nor looked up.
    public func addresses(ofName name: String) -> [UInt8]? { texts[NamedSource.path(of: name)] }

    /// Looks up names without a known address.
    ///
    /// - Parameters:
    ///   - names: the names.
    ///   - own: the addresses of this host.
    ///   - now: seconds since 1970-01-01T00:00:00Z.
    ///   - answers: asks the resolver.
    /// - Returns: the outcomes.
    public func lookUp(
        _ names: [NamedSource], own: AddressSet, now: Int64, _ answers: (_ names: [String]) -> [NameAnswer]
    ) -> [NameRenewal] {
        let all = answers(names.map(\.name))
        let new = names.map { source in
            NameRenewal(
                source, known: nil, answers: all.filter { $0.name == source.name }, own: own, since: now, now: now)
        }
        for renewal in new { texts[renewal.source.path] = NamedSource.text(of: renewal.addresses) }
        renewals += new
        return new
    }
}

extension RulesetState {
    /// The files of the policy in force by path: those of the pending change, or of the last confirmed one.
    fileprivate func filesInForce() throws -> [String: [UInt8]] {
        let pending = try waiting().map { try log.entry($0.pending.number) }
        guard let entry = try pending ?? log.lastConfirmed() else { return [:] }
        let files = ChangeRecord.files(of: try log.document(entry))
        return Dictionary(files.map { ($0.path, $0.text) }) { first, _ in first }
    }
}
