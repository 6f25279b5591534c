/// What happened in a change, or to it; the raw value is the word for programs.
public enum ChangeReason: String {
    /// A policy was applied.
    case applied
    /// A policy was applied that was in force already: the live table differed from it.
    case repaired = "repaired-drift"
    /// The table of an earlier change was restored.
    case restored
    /// The table was removed.
    case removed
    /// The lists of the policy were read again.
    case refreshed = "refreshed-lists"
    /// A grant was made, and is in force unless the change is older than the records of that.
    case granted
    /// A grant was ended: the change did that, or it was done to the change's grant.
    case revoked
    /// A source was banned.
    case banned
    /// A ban was ended: the change did that, or it was done to the change's ban.
    case unbanned
    /// The time of a grant or a ban is over.
    case expired
    /// A grant or a ban of the same address took the place of this one.
    case replaced
    /// A grant or a ban ended with its service, with the table or with a reboot.
    case ended
    /// The change was not confirmed in time.
    case undoneByTimer = "undone-by-timer"
    /// A command undid the change before it was confirmed.
    case rolledBack = "rolled-back"
    /// The host was rebooted before the change was confirmed.
    case lost = "lost-in-reboot"
    /// The change was never made.
    case notMade = "not-made"
    /// The change was undone or never made: earlier versions did not record which.
    case undone
}

extension ChangeRecord {
    /// What was done, whatever became of it.
    var deed: ChangeReason {
        switch kind {
        case .apply: reason ?? .applied
        case .rollback: .restored
        case .remove: .removed
        case .grant: .granted
        case .revoke: .revoked
        case .ban: .banned
        case .unban: .unbanned
        case .refresh: .refreshed
        }
    }
}

extension ChangeLog.Outcome {
    /// What was done to a change that is undone; `nil` for others.
    var undoing: ChangeReason? {
        switch self {
        case .undone: .undone
        case .timedOut: .undoneByTimer
        case .rolledBack: .rolledBack
        case .lost: .lost
        case .notMade: .notMade
        case .prepared, .confirmed, .recorded, .noted, .renewed: nil
        }
    }
}
