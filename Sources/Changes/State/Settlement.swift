/// What became of a change that another command left unfinished.
public enum Settlement: Hashable, Sendable {
    /// It waited to be confirmed when the host was restarted, and is gone with that.
    case lostInRestart(change: Int)
    /// It was not confirmed in time, and is undone now.
    case undone(change: Int)
    /// It is undone because that was asked for.
    case undoneNow(change: Int)
    /// The command ended before the kernel was told.
    case notMade(change: Int)
    /// The command ended after the kernel had made the change.
    case made(change: Int)
    /// Grants were ended, and the command ended before the kernel was told: what it still lets in goes with the next change.
    case notRevoked(change: Int)
}
