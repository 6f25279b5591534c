internal import Addressing
internal import Auditing
internal import Compiler
internal import Listeners
internal import Policies
internal import Reachability
internal import Rulesets

/// Evaluates admin sessions under the live rulesets and under those after a change.
struct LockoutTrial {
    /// Every live table.
    let before: [Table]
    /// Every table after the change.
    let after: [Table]
    /// The policy of portreeve's table in `after`, if it is known.
    let policy: Policy?
    /// The time, the addresses and the routes of the host.
    let circumstances: Circumstances

    /// The refused or doubtful connections: for each session, the established one and a new one.
    func outcomes(for sessions: [AdminSession]) -> [LockoutOutcome] {
        var outcomes: [LockoutOutcome] = []
        for outcome in sessions.flatMap(outcomes(of:)) {
            // The two subjects of a session share one line if the refusal is the same.
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

    /// `nil` if the packet is allowed.
    private func outcome(of subject: LockoutOutcome.Subject, _ session: AdminSession) -> LockoutOutcome? {
        var question = Explanation.Question(session, isEstablished: subject == .session)
        question.setting = circumstances
        let now = circumstances.now ?? 0
        question = dialled(question, now: now)
        let (conclusion, dependsOnInterface) = question.conclusion(through: after, now: now)
        if subject == .session, conclusion.verdict == .accept, let reply = replyOutcome(question, session, now) {
            return reply
        }
        let isUnknown = dependsOnInterface || ![.accept, .refuse].contains(conclusion.verdict)
        guard isUnknown || conclusion.verdict == .refuse else { return nil }
        let old = question.conclusion(through: before, now: now).0
        let isOld = old.verdict == .refuse
        return LockoutOutcome(
            // Without a policy to explain it, a refusal that stays is told by the rule that refuses already.
            question: question, subjects: [subject], conclusion: isOld && policy == nil ? old : conclusion,
            effect: isUnknown ? .unknown : isOld ? .alreadyRefused : .refused,
            explanation: policy.map {
                Explanation(question, policy: $0, tables: after, isLive: false, now: now)
            })
    }
}

extension LockoutTrial {
    /// The question about the port that the client dialled: where the session's own port is closed today, that of a forward
    /// which leads there.
    private func dialled(_ question: Explanation.Question, now: Int64) -> Explanation.Question {
        let ports = forwardedPorts(to: question.port)
        guard !ports.isEmpty, question.conclusion(through: before, now: now).0.verdict == .refuse else {
            return question
        }
        let candidates = ports.map { question.dialling($0) }
        return candidates.first { $0.conclusion(through: before, now: now).0.verdict == .accept } ?? question
    }

    /// The ports that forwards of today lead to a port of this host.
    private func forwardedPorts(to port: UInt16) -> [UInt16] {
        guard let own = before.first(where: { $0.name == Names.table }) else { return [] }
        return DecompiledPolicy(own).services.flatMap { service -> [UInt16] in
            guard service.forwarding?.targets.contains(where: { $0.address == nil && $0.port == port }) == true else {
                return []
            }
            return service.ports.filter { $0.transport == .tcp }.map(\.range.lowerBound)
        }
    }

    /// The outcome for what this host sends in an established session that conntrack does not know yet, as before the first
    /// change; `nil` if it passes, or if that is not changed.
    private func replyOutcome(
        _ question: Explanation.Question, _ session: AdminSession, _ now: Int64
    ) -> LockoutOutcome? {
        var packet = Packet(
            transport: .tcp, port: UInt16.max, from: session.client, interface: session.interface ?? "")
        (packet.isEstablished, packet.isUntrackedYet, packet.user) = (true, true, .number(0))
        func verdict(_ tables: [Table]) -> PacketConclusion {
            PacketEvaluation.conclude(packet, through: tables, in: circumstances, path: .leaving)
        }
        let conclusion = verdict(after)
        guard conclusion.verdict == .refuse, verdict(before).verdict == .accept else { return nil }
        return LockoutOutcome(
            question: question, subjects: [.session], conclusion: conclusion, effect: .refused, explanation: nil)
    }
}

extension Explanation.Question {
    /// The same question about another port.
    fileprivate func dialling(_ port: UInt16) -> Self {
        var question = Self(source: source, transport: transport, port: port, interface: interface)
        question.interfaceIndex = interfaceIndex
        question.destination = destination
        question.isEstablished = isEstablished
        question.setting = setting
        question.returnInterface = returnInterface
        return question
    }

    /// Evaluates a packet of the session, or of a new one like it.
    fileprivate init(_ session: AdminSession, isEstablished: Bool) {
        self.init(
            source: session.client, transport: .tcp, port: session.server.port, interface: session.interface)
        interfaceIndex = session.interfaceIndex == 0 ? nil : session.interfaceIndex
        destination = session.server.address.isUnspecified ? nil : session.server.address.value
        self.isEstablished = isEstablished
    }
}
