internal import Addressing
public import Listeners

/// What an answer from a port shows about the policy of the host.
public struct ProbeResult: Sendable {
    /// The comparison of the answer with the policy.
    public enum Verdict: String, Sendable, CaseIterable {
        /// The policy refuses the connection, and the port answered.
        case openThoughClosed = "open-though-closed"
        /// The policy accepts the connection, and the port did not answer.
        case closedThoughOpen = "closed-though-open"
        /// The answer fits the policy, and another one would not.
        case asDeclared = "as-declared"
        /// The answer shows nothing.
        case notProved = "not-proved"

        /// Whether the host is not as its policy says.
        public var isContradiction: Bool { self == .openThoughClosed || self == .closedThoughOpen }
    }

    /// The port, and the verdict of the policy.
    public let question: ProbePlan.Question
    /// The answer.
    public let seen: ProbeAnswer
    /// The comparison.
    public let verdict: Verdict
    /// Why nothing is proved; `nil` for other verdicts.
    public let doubt: String?

    /// Compares an answer with the policy.
    ///
    /// - Parameters:
    ///   - question: the port.
    ///   - seen: the answer.
    ///   - isReachable: whether any port of the host is known to answer, so that silence is the answer of this one.
    init(_ question: ProbePlan.Question, _ seen: ProbeAnswer, isReachable: Bool) {
        (self.question, self.seen) = (question, seen)
        let outcome = Self.outcome(question, seen, isReachable)
        (verdict, doubt) = (outcome.0, outcome.1)
    }

    private static func outcome(
        _ question: ProbePlan.Question, _ seen: ProbeAnswer, _ isReachable: Bool
    ) -> (Verdict, String?) {
        switch (question.expected, seen) {
        case (_, .failure(let reason)): (.notProved, "not sent: \(reason)")
        case (_, .unreachable(.link)): (.notProved, "nothing answers at this address on the link")
        case (_, .unreachable(.router(let router))): (.notProved, "\(router) says that it cannot reach the host")
        case (.unknown, _): (.notProved, "the policy's answer depends on the interface or on names")
        case (.accept, .open): (.asDeclared, nil)
        case (.refuse, .open): (.openThoughClosed, nil)
        case (.accept, .closed): (.notProved, "nothing listens, or a firewall answers")
        case (.refuse, .closed): (.notProved, "nothing listens, or it is refused")
        case (_, .silence) where question.target.transport == .udp: (.notProved, "silence proves nothing for UDP")
        case (_, .silence) where !isReachable, (_, .prohibited) where !isReachable:
            (.notProved, "no port of the host is known to answer")
        case (.accept, .silence), (.accept, .prohibited): (.closedThoughOpen, nil)
        case (.refuse, .silence), (.refuse, .prohibited): (.asDeclared, nil)
        }
    }
}

extension [ProbeResult] {
    /// The results of a plan, contradictions first.
    ///
    /// A port that answers is the positive control: without one, silence is as likely that of the way to the host.
    public init(of plan: ProbePlan, _ answers: [ProbeAnswer]) {
        let isReachable = answers.contains(.open)
        let results = zip(plan.questions, answers).map { ProbeResult($0, $1, isReachable: isReachable) }
        let order = ProbeResult.Verdict.allCases
        self = results.sorted { left, right in
            let (rank, other) = (order.firstIndex(of: left.verdict) ?? 0, order.firstIndex(of: right.verdict) ?? 0)
            return rank == other ? left.question.target.isBefore(right.question.target) : rank < other
        }
    }

    /// Whether a port of the host answered.
    public var haveControl: Bool { contains { $0.seen == .open } }
}
