internal import Changes

/// The exit status of a command.
public enum ExitStatus: Int32, Sendable {
    /// Success: in sync, no findings, or done.
    case success = 0
    /// The command failed: permission, netlink, input or output.
    case failure = 1
    /// There are differences or findings.
    case difference = 2
    /// The policy is invalid.
    case invalidPolicy = 3
    /// A guard refused.
    case refused = 4
    /// Another process changed the ruleset.
    case changedUnderneath = 5
    /// The command line is invalid: EX_USAGE of sysexits(3).
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

/// An error that ends a command, with its message and exit status.
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
