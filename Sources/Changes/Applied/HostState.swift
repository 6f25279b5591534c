public import Auditing

/// What can be said of a host as a whole; several states can hold at the same time.
public enum HostState: Equatable {
    /// portreeve's table is not loaded, for a reason that the history may know.
    case notLoaded(TableAbsence?)
    /// The table differs from the policy that was applied, in this many places.
    case drifted(Int)
    /// A change was not confirmed in time, and was not undone.
    case overdue(WaitingChange)
    /// Other programs drop or redirect what the policy allows; their tables, and interfaces with programs of their own.
    case overridden(tables: [String])
    /// This many things could not be read or understood.
    case unknown(Int)
    /// A change is undone in some seconds unless it is confirmed.
    case pending(WaitingChange)
    /// The file was edited since it was applied, or cannot be used.
    case edited(Edit)

    /// The difference of the file from what is in force.
    public struct Edit: Equatable {
        /// The fact in a few words.
        public let headline: String
        /// The change that was applied last, in words.
        public let applied: String
        /// What is in the file, or why it cannot be used.
        public let difference: String
        /// What to do about it, each in one line.
        public let cures: [String]
        /// The command that loads again what was applied, without the edit; `nil` if there is none.
        public let restoration: String?

        /// The difference, which may be an undone change; `nil` if the file is as it was applied.
        public init?(_ verified: VerifiedPolicy, undone: UndoneChange? = nil) {
            restoration = verified.restoration
            if let edit = verified.difference {
                (headline, applied, difference) = (undone?.fact ?? edit.headline, edit.applied, edit.difference)
                cures = undone.map { [$0.cure] } ?? edit.cures
            } else if let fault = verified.edit, let change = verified.changeInForce {
                (headline, applied, difference) = (verified.faultHeadline, change, fault)
                cures = [verified.restoring ?? "correct the file; \"portreeve check\" shows what is wrong with it"]
            } else {
                return nil
            }
        }
    }

    /// The findings about which a state tells.
    public static let identifiers: Set<Finding.Identifier> = [
        .rulesetDrift, .foreignOverride, .foreignBypass, .unknown, .notApplied,
    ]

    /// The states that hold, the worst first; none if the host is in sync.
    ///
    /// - Parameters:
    ///   - isLoaded: whether portreeve's table is loaded.
    ///   - absence: why it is not; `nil` if that is not known.
    ///   - findings: the findings about the rulesets; notices, such as accepted findings, change no state.
    ///   - waiting: the pending change.
    ///   - edit: how the file differs from what is in force.
    /// - Returns: the states.
    public static func all(
        isLoaded: Bool, absence: TableAbsence? = nil, _ findings: [Finding], waiting: WaitingChange?, edit: Edit?
    ) -> [HostState] {
        let serious = findings.filter { $0.severity != .notice }
        func those(_ identifier: Finding.Identifier) -> [Finding] { serious.filter { $0.identifier == identifier } }
        var states: [HostState] = []
        let (drift, doubts) = (those(.rulesetDrift), those(.unknown))
        let overrides = those(.foreignOverride) + those(.foreignBypass)
        if !isLoaded {
            states.append(.notLoaded(absence))
        } else if !drift.isEmpty {
            states.append(.drifted(drift.count))
        }
        if let waiting, waiting.isOverdue { states.append(.overdue(waiting)) }
        let places = Set(overrides.compactMap { $0.table ?? $0.details.interface })
        if !overrides.isEmpty { states.append(.overridden(tables: places.sorted())) }
        if !doubts.isEmpty { states.append(.unknown(doubts.count)) }
        if let waiting, !waiting.isOverdue { states.append(.pending(waiting)) }
        return states + (edit.map { [.edited($0)] } ?? [])
    }
}
