public import Auditing
public import Reachability

/// A connection of somebody who works on the host that does not get through a ruleset, or may not.
public struct LockoutOutcome: Sendable {
    /// Which connection it is.
    public enum Subject: Hashable, Sendable {
        /// The one that is there.
        case session
        /// The next one from the same address.
        case newConnection
    }

    /// What the change does to it.
    public enum Effect: Hashable, Sendable {
        /// It is refused then, and was not before.
        case refused
        /// It was refused before.
        case alreadyRefused
        /// What is not modelled decides.
        case unknown
    }

    /// The packet that was tried.
    public let question: Explanation.Question
    /// The connections that it stands for.
    public internal(set) var subjects: Set<Subject>
    /// What becomes of it.
    public let conclusion: PacketConclusion
    /// What the change does to it.
    public let effect: Effect
    /// What the policy has to do with it, if there is one.
    public let explanation: Explanation?

    /// Whether the change shuts somebody out.
    public var isLockout: Bool { effect == .refused }

    /// Whether no more than the subject is another one.
    func isLike(_ other: LockoutOutcome) -> Bool {
        (question.source, question.port, question.interface, question.destination, effect)
            == (
                other.question.source, other.question.port, other.question.interface, other.question.destination,
                other.effect
            ) && conclusion.decision == other.conclusion.decision
            && conclusion.verdict == other.conclusion.verdict
    }
}
