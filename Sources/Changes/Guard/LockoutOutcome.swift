public import Auditing
public import Reachability

/// A connection of an admin session that a ruleset refuses, or may refuse.
public struct LockoutOutcome: Sendable {
    /// The kind of connection.
    public enum Subject: Hashable, Sendable {
        /// The established connection.
        case session
        /// The next connection from the same address.
        case newConnection
    }

    /// The effect of the change.
    public enum Effect: Hashable, Sendable {
        /// The change makes the ruleset refuse it.
        case refused
        /// The ruleset refused it before.
        case alreadyRefused
        /// A rule that is not understood decides.
        case unknown
    }

    /// The evaluated packet.
    public let question: Explanation.Question
    /// The connections that the packet represents.
    public internal(set) var subjects: Set<Subject>
    /// The result of the evaluation.
    public let conclusion: PacketConclusion
    /// The effect of the change.
    public let effect: Effect
    /// The explanation by the policy, if there is one.
    public let explanation: Explanation?

    /// Whether the change shuts the admin session out.
    public var isLockout: Bool { effect == .refused }

    /// Whether both differ in nothing but their subjects.
    func isLike(_ other: LockoutOutcome) -> Bool {
        (question.source, question.port, question.interface, question.destination, effect)
            == (
                other.question.source, other.question.port, other.question.interface, other.question.destination,
                other.effect
            ) && conclusion.decision == other.conclusion.decision
            && conclusion.verdict == other.conclusion.verdict
    }
}
