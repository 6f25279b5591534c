/// Why a change of the ruleset was not made, or is not known to have been made.
public struct ChangeError: Error, CustomStringConvertible {
    /// The kind of a failure, which decides the exit status.
    public enum Reason: Hashable, Sendable {
        /// The change failed.
        case failure
        /// A guard refused.
        case refused
        /// The ruleset has changed since the change was prepared.
        case changedUnderneath
    }

    /// The kind of failure.
    public let reason: Reason
    /// One sentence without a full stop.
    public let message: String

    /// The sentence.
    public var description: String { message }

    init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }
}
