/// Why a change of the ruleset was not made, or is not known to have been made.
public struct ChangeError: Error, CustomStringConvertible {
    /// What kind of trouble it is: decides the exit status.
    public enum Reason: Hashable, Sendable {
        /// It could not be done.
        case failure
        /// A guard refused.
        case refused
        /// The ruleset is not the one that the change was made for.
        case changedUnderneath
    }

    /// What kind of trouble it is.
    public let reason: Reason
    /// A sentence without a full stop.
    public let message: String

    /// The sentence.
    public var description: String { message }

    init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }
}
