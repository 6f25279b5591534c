public import Addressing
internal import Compiler
public import Policies
public import Reachability
public import Rulesets

/// Why a connection of this host goes out, or does not.
public struct OutboundExplanation: Sendable {
    /// A question about a new connection.
    public struct Question: Sendable {
        /// The destination address.
        public let destination: IPAddress
        /// The protocol.
        public let transport: TransportProtocol
        /// The destination port; 0 for a protocol without ports.
        public let port: UInt16
        /// The user of the socket; `nil` for any.
        public var user: OutboundUser?
        /// The interface by which it leaves; `nil` for any.
        public var interface: String?
        /// The addresses and routes of the host; `nil` if they are not known.
        public var setting: Circumstances?

        /// A question of these parts.
        public init(
            to destination: IPAddress, _ transport: TransportProtocol, port: UInt16, user: OutboundUser? = nil,
            interface: String? = nil
        ) {
            self.destination = destination
            self.transport = transport
            self.port = port
            self.user = user
            self.interface = interface
        }

        /// Whether the packets stay on this host: they leave by `lo`.
        public var isWithinHost: Bool {
            destination.isLoopback || setting?.addresses?.isSuperset(of: AddressSet(destination)) == true
        }
    }

    /// The question.
    public let question: Question
    /// The result of the evaluation, of the first user and interface that is refused, or else of the first.
    public let conclusion: PacketConclusion
    /// A user and an interface that the rulesets distinguish.
    public struct Case: Sendable {
        /// The class of users.
        public let user: SocketUser
        /// The class of interfaces in words; `nil` if there is only one.
        public let interface: String?
        let witness: String
    }

    /// The verdict for each user and interface; empty if they agree.
    public let differences: [(place: Case, verdict: ConnectionVerdict)]
    /// The policy.
    public let policy: Policy
    /// Whether the answer is about the live ruleset, not the policy.
    public let isLive: Bool
    private let lines: OutboundLines

    /// Evaluates `tables`, and finds the line of the policy that decides.
    public init(_ question: Question, policy: Policy, tables: [Table], isLive: Bool, now: Int64) {
        var circumstances = question.setting ?? Circumstances(now: now)
        circumstances.now = now
        let answers = question.cases(tables).map { place in
            var packet = Packet(
                transport: question.transport, port: question.port, from: question.destination,
                interface: place.witness)
            packet.user = place.user
            let conclusion = PacketEvaluation.conclude(packet, through: tables, in: circumstances, path: .leaving)
            return (place: place, conclusion: conclusion)
        }
        let first = answers.first { $0.conclusion.verdict == .refuse } ?? answers[0]
        let verdicts = Set(answers.map { ConnectionVerdict($0.conclusion.verdict) })
        conclusion = first.conclusion
        differences =
            verdicts.count == 1 ? [] : answers.map { ($0.place, ConnectionVerdict($0.conclusion.verdict)) }
        self.question = question
        self.policy = policy
        self.isLive = isLive
        lines = OutboundLines(policy, now: now)
    }

    /// The verdict on the connection.
    public var verdict: ConnectionVerdict {
        if !differences.isEmpty { return .unknown }
        let verdict = ConnectionVerdict(conclusion.verdict)
        // The live ruleset has the addresses of names that are in force.
        return verdict == .refuse && !isLive && answer == .unknown ? .unknown : verdict
    }

    /// What the lines of the policy say of it.
    public var answer: OutboundLines.Answer { lines.answer(to: call) }

    /// The line that lets it out.
    public var line: OutboundLine? {
        guard verdict == .accept, case .accepted(let line) = answer else { return nil }
        return line
    }

    /// Whether it goes out only because nothing is refused yet.
    public var isAuditOnly: Bool {
        policy.defaults.outbound == .audit && !question.isWithinHost && verdict == .accept
            && (answer == .refused || answer == .denied)
    }

    /// The place in the policy that decides; `nil` if there is none.
    public var place: SourceLocation? {
        if let line { return line.location }
        return answer == .denied && policy.defaults.outbound != .accept ? policy.deny?.location : nil
    }

    /// Whether a table other than portreeve's decides.
    public var isForeign: Bool { conclusion.decision.map { $0.table != Names.table } == true }

    /// The line that would let it out, as a policy writes it.
    public var suggestion: String { call.suggestion(user: question.user?.written) }

    private var call: OutboundCall {
        OutboundCall(
            question.transport, to: question.destination, port: question.port,
            user: question.user?.number.map(OutboundCall.User.number) ?? .unknown, interface: question.interface)
    }
}

extension OutboundExplanation.Question {
    /// The user and the interface of the question, or one of each class that the rulesets distinguish.
    fileprivate func cases(_ tables: [Table]) -> [OutboundExplanation.Case] {
        let users: [SocketUser] =
            if let number = user?.number { [.number(number)] } else { SocketUser.classes(in: tables) }
        var interfaces = [(name: "lo", title: "lo")]
        if !isWithinHost {
            if let interface {
                interfaces = [(interface, interface)]
            } else {
                interfaces = InterfaceClass.all(in: tables, setting?.routes, includesOutput: true)
                    .filter { $0 != .loopback }.reversed().map { ($0.witness, $0.pattern ?? "others") }
            }
        }
        return users.flatMap { user in
            interfaces.map { interface in
                OutboundExplanation.Case(
                    user: user, interface: interfaces.count == 1 ? nil : interface.title, witness: interface.name)
            }
        }
    }
}
