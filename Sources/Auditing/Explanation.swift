public import Addressing
internal import Compiler
public import Listeners
public import Policies
public import Reachability
public import Rulesets

/// Why a connection is allowed or refused.
public struct Explanation: Sendable {
    /// The question.
    public let question: Question
    /// The result of the evaluation.
    public let conclusion: PacketConclusion
    /// The service that declares the port.
    public let service: Service?
    /// A service that declares the port, but is not reached at the address that the client dials.
    public let elsewhere: Service?
    /// The policy.
    public let policy: Policy
    /// Whether the answer is about the live ruleset, not the policy.
    public let isLive: Bool
    /// The sockets that listen on the port; `nil` if the sockets were not read.
    public let listeners: [Listener]?
    /// The container to which the connection is redirected; `nil` if it is not known.
    public let container: Container?
    /// Whether the answer depends on the interface, which the question does not name.
    public let dependsOnInterface: Bool
    /// The verdict by each interface, or by each class of them, if the answer depends on it.
    public let verdictsByInterface: [(interface: String, verdict: ConnectionVerdict)]
    /// The addresses of this host that let the source in, if others do not; empty if the answer is the same for all.
    public let openAddresses: [IPAddress]
    /// What keeps the connection from working although its first packet gets in; `nil` if nothing certainly does.
    public let hindrance: ExchangeObstacle?
    /// The interface that the answer assumes, where it depends on one that the question does not name.
    public let assumedInterface: String?
    /// The bans that shut the source out, which only `unban` ends.
    public let bans: [AddressRange]
    /// The verdict once these are ended; `nil` without bans.
    public let verdictWithoutBans: ConnectionVerdict?
    /// The answer of portreeve's table by itself, where another table refuses the connection and this one would, too.
    private let refusedAlone: [Explanation]
    let now: Int64

    /// Evaluates `tables`, and finds the line of the policy that decides.
    public init(
        _ question: Question, policy: Policy, tables: [Table], isLive: Bool, listeners: [Listener]? = nil,
        containers: () -> ContainerList = { ContainerList() }, now: Int64
    ) {
        let answer = question.answer(through: tables, of: policy, now: now)
        (conclusion, dependsOnInterface, openAddresses) = answer
        verdictsByInterface = dependsOnInterface ? question.verdicts(through: tables, now: now) : []
        assumedInterface = question.assumesInterface(of: tables, now: now) ? question.returnInterface : nil
        service = policy.service(of: question, at: openAddresses.first)
        elsewhere = policy.services(of: question).first { service in
            service.destinations != nil && question.dialled.map { !service.isReached(at: $0) } ?? false
        }
        let ports = service?.localPorts ?? [question.port]
        let listening = listeners?.filter {
            $0.transport == question.transport && ports.contains($0.port) && $0.families.contains(question.family)
                && ($0.address.isUnspecified || $0.isLoopbackOnly || question.dials($0.address))
        }.map { $0.naming(containers) }
        self.listeners = listening
        container = answer.0.container(in: containers, heldBy: listening ?? [])
        let isLocal = answer.0.verdict == .accept && !dependsOnInterface && !answer.0.isForwarded
        hindrance =
            isLocal && tables.contains { $0.name != Names.table } ? question.obstacle(through: tables, now: now) : nil
        let bans = answer.0.isBan ? tables.bans(of: question.source) : []
        self.bans = bans
        verdictWithoutBans =
            bans.isEmpty
            ? nil
            : ConnectionVerdict(question.answer(through: tables.withoutBans(of: bans), of: policy, now: now).0.verdict)
        let isForeign = answer.0.verdict == .refuse && answer.0.decision.map { $0.table != Names.table } == true
        let own = isForeign ? tables.filter { $0.name == Names.table } : []
        refusedAlone = own.map {
            Explanation(question, policy: policy, tables: [$0], isLive: isLive, listeners: listeners, now: now)
        }.filter { $0.verdict == .refuse }
        self.question = question
        self.policy = policy
        self.isLive = isLive
        self.now = now
    }

    /// The answer of portreeve's table by itself, where another table refuses the connection and this one would, too.
    ///
    /// Which of two chains with the same hook and priority comes first, the kernel does not tell.
    public var ownRefusal: Explanation? { refusedAlone.first }

    /// The verdict on the connection.
    public var verdict: ConnectionVerdict {
        dependsOnInterface || !unknownNames.isEmpty ? .unknown : ConnectionVerdict(conclusion.verdict)
    }

    /// The DNS names without a known address that may let the source in; none where another rule decides, and for the live
    /// ruleset, which has the addresses that are in force.
    public var unknownNames: [String] {
        guard !isLive, case .refuse = conclusion.verdict, !isDenied, !isLeftOut, !isForeign else { return [] }
        let entries = (service?.entries ?? []) + policy.trusted.map(\.entry)
        let open = entries.filter { entry in
            let isElsewhere =
                question.interface.map { name in
                    !entry.interfaces.isEmpty && !entry.interfaces.contains { $0.matches(name) }
                } ?? false
            let isExempt = entry.except?.addresses.isSuperset(of: question.addresses) == true
            return !entry.isExpired(at: now) && !isElsewhere && !isExempt
        }
        return Set(policy.unknown(open.flatMap(\.sources.names))).sorted()
    }
}

extension Service {
    /// The ports of this host to which a forward leads; `nil` for a service, and for a forward to other hosts.
    fileprivate var localPorts: [UInt16]? {
        guard let forwarding, forwarding.isLocal else { return nil }
        return forwarding.targets.compactMap(\.port)
    }
}
