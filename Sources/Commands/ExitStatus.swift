internal import Changes

/// What the command tells a script.
public enum ExitStatus: Int32, Sendable {
    /// In sync; nothing found; done.
    case success = 0
    /// It could not be done: permission, netlink, input or output.
    case failure = 1
    /// There is a difference or a finding.
    case difference = 2
    /// The policy is invalid.
    case invalidPolicy = 3
    /// A guard refused.
    case refused = 4
    /// The ruleset changed underneath.
    case changedUnderneath = 5
    /// The command line makes no sense: EX_USAGE of sysexits(3).
    case usage = 64
}

extension ExitStatus {
    /// The status of a change that was not made.
    init(_ reason: ChangeError.Reason) {
        self =
            switch reason {
            case .failure: .failure
            case .refused: .refused
            case .changedUnderneath: .changedUnderneath
            }
    }
}

/// A reason to stop: what to say, and what to tell the script.
struct CommandError: Error, CustomStringConvertible {
    let status: ExitStatus
    /// A sentence without a full stop; several lines are printed as they are.
    let message: String

    var description: String { message }

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }
}
