internal import Addressing
internal import Compiler
internal import Listeners
internal import Policies
internal import Reachability
internal import Rulesets

/// Why a connection gets in or does not.
struct Explanation {
    /// What was asked.
    struct Question {
        let source: AddressRange
        let transport: TransportProtocol
        let port: UInt16
        let interface: String?
        /// The index of the interface, where it is known.
        var interfaceIndex: UInt32?
        /// The address of this host that is dialled, where it is known.
        var destination: UInt128?
        /// Whether the connection is there already.
        var isEstablished = false

        /// The addresses of the host; `nil` where they are not known.
        var hostAddresses: AddressSet?

        var family: AddressFamily { if case .ipv4 = source { .ipv4 } else { .ipv6 } }

        var addresses: AddressSet {
            switch source {
            case .ipv4(let range): AddressSet(ipv4: [range], ipv6: [])
            case .ipv6(let range): AddressSet(ipv4: [], ipv6: [range])
            }
        }

        /// 127.0.0.0/8 and ::1: packets from there arrive on `lo` alone.
        var isFromThisHost: Bool {
            switch source {
            case .ipv4(let range): range.lowerBound >> 24 == 127
            case .ipv6(let range): range.lowerBound == 1
            }
        }
    }

    let question: Question
    let conclusion: PacketConclusion
    /// The service that has the port.
    let service: Service?
    let policy: Policy
    /// Whether the live ruleset was asked, not the policy.
    let isLive: Bool
    /// Who listens; `nil` where nobody looked.
    let listeners: [Listener]?
    /// Whether the interfaces that were not asked for decide.
    let dependsOnInterface: Bool
    let now: Int64
    /// What is known of the grant that lets the source in; `nil` for nothing.
    var grant: String?

    init(
        _ question: Question, policy: Policy, tables: [Table], isLive: Bool, listeners: [Listener]?, now: Int64
    ) {
        (conclusion, dependsOnInterface) = question.conclusion(through: tables, now: now)
        service = policy.services.first {
            $0.ports.contains { $0.transport == question.transport && $0.range.contains(question.port) }
        }
        self.listeners = listeners?.filter {
            $0.transport == question.transport && $0.port == question.port && $0.families.contains(question.family)
        }
        (self.question, self.policy, self.isLive, self.now) = (question, policy, isLive, now)
    }

    /// `accept`, `refuse` or `unknown`.
    var verdict: String { dependsOnInterface ? "unknown" : conclusion.verdict.word }

    /// The line of the policy that decides.
    var place: SourceLocation? {
        if isDenied { return policy.deny?.location }
        guard let service else { return nil }
        return isOutsideSources && !isGranted ? service.sources.location : service.location
    }

    var isDenied: Bool { policy.deny?.addresses.isSuperset(of: question.addresses) == true }

    /// The entry of `deny` that has the source; `nil` where it takes several.
    var denial: String? {
        policy.deny?.entries.first { entry in
            policy.addresses(ofEntry: entry)?.isSuperset(of: question.addresses) == true
        }
    }

    var isOutsideSources: Bool { service?.sources.addresses.isSuperset(of: question.addresses) == false }

    var isExpired: Bool { service?.expires.map { $0.end <= now } == true }

    /// Whether the service lets the source in for a time.
    var isGranted: Bool { verdict == "accept" && isOutsideSources && !isDenied && !isForeign }

    /// The rule of somebody else that sends a declared port to another one of this host.
    var redirection: RuleReference? {
        guard service != nil, !isOutsideSources, !isDenied, !conclusion.isForwarded else { return nil }
        return conclusion.redirection
    }

    /// Whether a table of somebody else decides.
    var isForeign: Bool { conclusion.decision.map { $0.table != Names.table } == true }
}

extension Explanation.Question {
    /// What becomes of the packet, and whether that depends on the interface, which was left open.
    func conclusion(through tables: [Table], now: Int64) -> (PacketConclusion, dependsOnInterface: Bool) {
        var circumstances = Circumstances(now: now, addresses: hostAddresses)
        if let interface, let interfaceIndex { circumstances.interfaceIndices[interface] = interfaceIndex }
        let conclusions = interfaces(tables).map { interface in
            var packet = Packet(transport: transport, port: port, from: source, interface: interface)
            (packet.destination, packet.isEstablished) = (destination, isEstablished)
            return PacketEvaluation.conclude(packet, through: tables, in: circumstances)
        }
        let first = conclusions.first { $0.verdict == .refuse } ?? conclusions[0]
        return (first, conclusions.contains { $0.verdict.word != first.verdict.word })
    }

    /// The interface that was asked for, or one of each kind that the rulesets tell apart.
    private func interfaces(_ tables: [Table]) -> [String] {
        if let interface { return [interface] }
        if isFromThisHost { return ["lo"] }
        return InterfaceClass.all(in: tables).filter { $0 != .loopback }.reversed().map(\.witness)
    }
}

extension Policy {
    /// The addresses that an entry of a list of sources stands for.
    fileprivate func addresses(ofEntry entry: String) -> AddressSet? {
        if let group = groups.first(where: { $0.name == entry }) { return group.addresses }
        switch try? AddressRange(entry) {
        case .ipv4(let range)?: return AddressSet(ipv4: [range], ipv6: [])
        case .ipv6(let range)?: return AddressSet(ipv4: [], ipv6: [range])
        case nil: return nil
        }
    }
}

extension PacketVerdict {
    /// The verdict as one word.
    var word: String {
        switch self {
        case .accept: "accept"
        case .refuse: "refuse"
        case .unknown: "unknown"
        }
    }
}
