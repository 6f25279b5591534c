public import Listeners

/// A connection and what the policy says of it today.
public struct JudgedConnection: Sendable {
    /// What the policy says of a connection that would begin now.
    public enum Verdict: String, CaseIterable, Sendable {
        /// It is let in, or out.
        case accept
        /// It is refused.
        case refuse
        /// That depends on the interface, which is not known, or on rules that are not followed.
        case unknown
        /// The policy does not decide on it.
        case ignore
    }

    /// The connection.
    public var connection: LiveConnection
    /// The name of the service whose port was dialled, or of the line that lets a connection of this host out; `nil` for none.
    public var service: String?
    /// The verdict.
    public var verdict: Verdict
    /// Why it is refused, or would be refused if `defaults.outbound` were not `audit`; `nil` otherwise.
    public var reason: RefusalReason?

    /// Whether it passes only because `defaults.outbound` is `audit`.
    public var isAuditOnly: Bool { verdict == .accept && reason != nil }

    /// The line of `outbound` that is missing, as a policy writes it; `nil` where none is.
    public var missingLine: String? {
        guard reason == .outbound else { return nil }
        return OutboundCall(connection, interface: nil).suggestion(user: connection.processes.first?.user)
    }

    /// A connection of these parts.
    public init(
        _ connection: LiveConnection, _ verdict: Verdict, service: String? = nil, reason: RefusalReason? = nil
    ) {
        self.connection = connection
        self.service = service
        self.verdict = verdict
        self.reason = reason
    }
}
