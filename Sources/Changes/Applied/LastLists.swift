internal import System

/// The lists of the policy in force, as they were applied; read from the state once one of them is asked for.
public final class LastLists {
    private let open: () throws -> RulesetState?
    /// The contents by path.
    private lazy var texts: [String: [UInt8]] = (try? open()?.filesInForce()) ?? [:]

    /// The lists in the state that `open` opens.
    public init(_ open: @escaping () throws -> RulesetState?) { self.open = open }

    /// The contents of the list at `path`; `nil` if it was not applied, or if the state cannot be read.
    public func text(_ path: String) -> [UInt8]? { texts[FileSystem.absolutePath(path)] ?? texts[path] }
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
