internal import Addressing
internal import Auditing
internal import Listeners
internal import Policies
internal import Reachability
internal import Rulesets

/// Tries how those who work on the host would fare under other rulesets.
struct LockoutTrial {
    /// Every table that is live.
    let before: [Table]
    /// Every table that would be.
    let after: [Table]
    /// What the own table of these was compiled from, if that is known.
    let policy: Policy?
    /// Seconds since 1970-01-01T00:00:00Z.
    let now: Int64

    /// What would not get through, or may not: for each session, the connection that is there and a new one.
    func outcomes(for sessions: [AdminSession]) -> [LockoutOutcome] {
        var outcomes: [LockoutOutcome] = []
        for outcome in sessions.flatMap(outcomes(of:)) {
            // One refusal has one line, whether it is met once or twice.
            if let index = outcomes.firstIndex(where: { $0.isLike(outcome) }) {
                outcomes[index].subjects.formUnion(outcome.subjects)
            } else {
                outcomes.append(outcome)
            }
        }
        return outcomes
    }

    private func outcomes(of session: AdminSession) -> [LockoutOutcome] {
        let subjects: [LockoutOutcome.Subject] = session.isEstablished ? [.session, .newConnection] : [.newConnection]
        return subjects.compactMap { outcome(of: $0, session) }
    }

    /// `nil` where it gets through.
    private func outcome(of subject: LockoutOutcome.Subject, _ session: AdminSession) -> LockoutOutcome? {
        let question = Explanation.Question(session, isEstablished: subject == .session)
        let (conclusion, dependsOnInterface) = question.conclusion(through: after, now: now)
        let isUnknown = dependsOnInterface || ![.accept, .refuse].contains(conclusion.verdict)
        guard isUnknown || conclusion.verdict == .refuse else { return nil }
        let isOld = question.conclusion(through: before, now: now).0.verdict == .refuse
        return LockoutOutcome(
            question: question, subjects: [subject], conclusion: conclusion,
            effect: isUnknown ? .unknown : isOld ? .alreadyRefused : .refused,
            explanation: policy.map {
                Explanation(question, policy: $0, tables: after, isLive: false, now: now)
            })
    }
}

extension Explanation.Question {
    /// Whether a packet of the session, or of a new one like it, gets through.
    fileprivate init(_ session: AdminSession, isEstablished: Bool) {
        self.init(
            source: session.client, transport: .tcp, port: session.server.port, interface: session.interface)
        interfaceIndex = session.interfaceIndex == 0 ? nil : session.interfaceIndex
        destination = session.server.address.value
        self.isEstablished = isEstablished
    }
}
