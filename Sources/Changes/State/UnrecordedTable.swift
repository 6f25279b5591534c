internal import Compiler
public import Rulesets
internal import System

/// A loaded table that the state has no record of: the record is in another directory, or was lost.
///
/// Grants and bans are known by their records alone, so that a change would end those in the table.
public struct UnrecordedTable: Equatable {
    private let directory: String
    private let grants: Int
    private let bans: Int

    /// The loaded table; `nil` if none is loaded, or if the state has a change.
    ///
    /// - Parameters:
    ///   - live: the live table.
    ///   - state: the state; `nil` if its directory does not exist.
    ///   - directory: the path of the directory.
    /// - Throws: an error in reading the directory.
    public init?(_ live: Table?, in state: RulesetState?, at directory: String) throws {
        guard let live, try state?.log.entries().isEmpty ?? true else { return nil }
        self.directory = directory
        grants = live.grantedSources.count
        bans = live.bannedSources.count
    }

    /// The fact, a question, and the way on for a host that has lost its state.
    public var text: String {
        "\(question) If the record was lost, \"portreeve apply\" makes a new one\(end)"
    }

    /// The fact, a question, and what the change that is about to be made does about it.
    public var textOfChange: String {
        "\(question) This change makes a new record\(end)"
    }

    /// Refuses a change that would end grants or bans without a record of them.
    ///
    /// - Parameter remedy: what to do where the record was lost.
    /// - Throws: `refused` if the table has any.
    public func requireNoGrants(or remedy: String) throws {
        guard let temporary else { return }
        throw ChangeError(
            .refused,
            "\(fact), and this would end \(temporary) in it: check --state-dir and --netns; "
                + "if the record was lost, \(remedy); nothing was changed")
    }

    /// The refusal of a change of a table that may be another one than the user means.
    public var refusal: ChangeError {
        ChangeError(
            .refused,
            "\(fact): check --state-dir and --netns; if the record was lost, run \"portreeve apply\" first; "
                + "nothing was changed")
    }

    private var question: String { "\(fact): is it the right one?" }

    /// That a new record ends the grants and bans; empty if there are none.
    private var end: String { temporary.map { ", and ends \($0)" } ?? "" }

    private var fact: String { "the state directory \(directory) has no record of the loaded table" }

    /// The grants and bans in words; `nil` if there are none.
    private var temporary: String? {
        let counts = [(grants, "grant"), (bans, "ban")].filter { $0.0 > 0 }
        guard !counts.isEmpty else { return nil }
        return counts.map { "\($0) \($1)\($0 == 1 ? "" : "s")" }.joined(separator: " and ")
    }
}

extension RulesetState {
    /// Refuses to change grants or bans of a live table that the state does not know.
    func requireRecord(of live: Table) throws {
        if let unrecorded = try UnrecordedTable(live, in: self, at: files.directory) { throw unrecorded.refusal }
    }
}
