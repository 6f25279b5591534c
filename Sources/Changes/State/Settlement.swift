/// The outcome of a change that another command left unfinished.
public enum Settlement: Hashable, Sendable {
    /// It was not confirmed before a reboot, which discarded it.
    case lostInRestart(change: Int)
    /// It was not confirmed in time, and was undone.
    case undone(change: Int)
    /// It was undone on request.
    case undoneNow(change: Int)
    /// The command was killed before the commit.
    case notMade(change: Int)
    /// The command was killed after the commit.
    case made(change: Int)
    /// Grants were ended, and the command was killed before the commit; the next change removes them from the kernel.
    case notRevoked(change: Int)

    /// Whether the live table was replaced.
    var changedTheTable: Bool {
        switch self {
        case .undone, .undoneNow: true
        case .lostInRestart, .notMade, .made, .notRevoked: false
        }
    }
}
