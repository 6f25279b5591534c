public import Addressing
internal import Compiler
public import Listeners
public import Policies
public import Reachability
public import Rulesets

/// Why a connection is allowed or refused.
public struct Explanation: Sendable {
    /// A question about a connection.
    public struct Question: Sendable {
        /// The source address.
        public let source: IPAddress
        /// The protocol.
        public let transport: TransportProtocol
        /// The destination port.
        public let port: UInt16
        /// The interface on which the connection arrives; `nil` for any.
        public let interface: String?
        /// The index of that interface, if it is known.
        public var interfaceIndex: UInt32?
        /// The destination address, if it is known.
        public var destination: UInt128?
        /// Whether the connection is established already.
        public var isEstablished = false
        /// Whether a packet of ICMP or ICMPv6 is an echo request.
        public var isEchoRequest = false
        /// The addresses and routes of the host; `nil` if they are not known.
        public var setting: Circumstances?
        /// The interface by which the route back to the source leaves, on which connections are assumed to arrive if
        /// `interface` is `nil`; `nil` if it is not known.
        public var returnInterface: String?

        /// A question about new connections.
        public init(source: IPAddress, transport: TransportProtocol, port: UInt16, interface: String? = nil) {
            self.source = source
            self.transport = transport
            self.port = port
            self.interface = interface
        }

        var family: AddressFamily { source.family }

        /// The source as a set.
        public var addresses: AddressSet { AddressSet(source) }

        /// Whether packets from the source arrive on `lo` only: 127.0.0.0/8, ::1, and the addresses of this host, unless
        /// the question names another interface.
        public var isFromThisHost: Bool {
            if let interface { return interface == "lo" }
            return source.isLoopback || setting?.addresses?.isSuperset(of: addresses) == true
        }
    }

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

    /// Whether the connection is accepted because it comes in on loopback, whatever the policy says.
    public var isLoopback: Bool { verdict == .accept && question.isFromThisHost && isOwn }

    /// The line of the policy that decides.
    public var place: SourceLocation? {
        if isLoopback { return nil }
        if isBanned { return nil }
        if isDenied { return policy.deny?.location }
        if let trusted { return trusted.location }
        if service == nil, verdict == .refuse, !isForeign, let elsewhere { return elsewhere.destinations?.location }
        guard let service, verdict != .accept || isOwn else { return nil }
        if isOutsideSources && !isGranted { return verdict == .accept ? nil : service.entries.first?.sources.location }
        return service.listsEntries ? decidingEntry?.location ?? service.location : service.location
    }

    /// The entry of `trusted` that lets the connection in; `nil` if another line decides.
    public var trusted: Trusted? {
        guard verdict == .accept, let decision = conclusion.decision, !isForeign else { return nil }
        return policy.trusted.first { Names.trusted($0.name) == decision.chain }
    }

    /// The reason why an entry of `allow` does not match.
    public enum Mismatch: Hashable, Sendable {
        /// It has expired.
        case expired(Expiry)
        /// Its sources lack the source.
        case otherSources
        /// Its `except` has the source.
        case exempt
        /// It holds on other interfaces.
        case otherInterfaces([InterfacePattern])
    }

    /// The entries of the service in order, each with the reason why it does not match; `nil` for one that does, or may.
    public var entries: [(entry: AllowEntry, mismatch: Mismatch?)] {
        (service?.entries ?? []).map { ($0, mismatch(of: $0)) }
    }

    /// The first entry of the service that matches, or may.
    public var decidingEntry: AllowEntry? { entries.first { $0.mismatch == nil }?.entry }

    private func mismatch(of entry: AllowEntry) -> Mismatch? {
        if let expires = entry.expires, entry.isExpired(at: now) { return .expired(expires) }
        guard entry.addresses.isSuperset(of: question.addresses) else {
            return entry.sources.addresses.isSuperset(of: question.addresses) ? .exempt : .otherSources
        }
        guard let interface = question.interface, !entry.interfaces.isEmpty else { return nil }
        return entry.interfaces.contains { $0.matches(interface) } ? nil : .otherInterfaces(entry.interfaces)
    }

    /// Whether `deny` covers the source.
    public var isDenied: Bool { policy.deny?.addresses.isSuperset(of: question.addresses) == true }

    /// Whether a ban shuts the source out.
    public var isBanned: Bool {
        verdict == .refuse && conclusion.isBan
    }

    /// Whether `families` leaves out the family of the source.
    public var isLeftOut: Bool { !policy.defaults.families.contains(question.family) }

    /// The entry of `deny` that covers the source; `nil` if that takes several entries.
    public var denial: String? {
        policy.deny?.entries.first { entry in
            policy.addresses(ofEntry: entry)?.isSuperset(of: question.addresses) == true
        }
    }

    /// Whether the service declares the port but not the source.
    public var isOutsideSources: Bool {
        trusted == nil && service?.addresses.isSuperset(of: question.addresses) == false
    }

    /// The expiry of the service.
    public var expiry: Expiry? { service?.entries.lazy.compactMap(\.expires).first }

    /// The interfaces on which the service is open; empty for all.
    public var interfaces: [InterfacePattern] {
        let lists = service?.entries.map(\.interfaces) ?? []
        return lists.contains { $0.isEmpty } ? [] : lists.flatMap(\.self)
    }

    /// Whether the service has expired.
    public var isExpired: Bool { service?.isExpired(at: now) == true }

    /// Whether a grant lets the source in.
    public var isGranted: Bool {
        guard let service, verdict == .accept else { return false }
        return conclusion.trace.contains {
            $0.place.table == Names.table && $0.place.rule?.isGrant(of: service.name) == true
        }
    }

    /// Whether portreeve's table lets the source in.
    public var isOwn: Bool {
        conclusion.trace.contains { $0.place.table == Names.table && $0.place.policy == nil && $0.action == "accept" }
    }

    /// The rule of another table that redirects a declared port to another port of this host.
    public var redirection: RuleReference? {
        guard service != nil, !isOutsideSources, !isDenied, !conclusion.isForwarded, forwarding == nil else {
            return nil
        }
        return conclusion.redirection
    }

    /// The rule of a forward that leads the connection elsewhere; `nil` if none does.
    public var forwarding: RuleReference? {
        conclusion.redirection.flatMap { $0.table == Names.table ? $0 : nil }
    }

    /// The targets of the forward of the port for clients of the source's family; empty for a service.
    public var targets: [ForwardTarget] { service?.forwarding?.targets(question.family) ?? [] }

    /// Whether a forward has the port, and no target of the family of the source.
    public var lacksTarget: Bool { service?.forwarding != nil && targets.isEmpty }

    /// Whether a table other than portreeve's decides.
    public var isForeign: Bool { conclusion.decision.map { $0.table != Names.table } == true }
}

extension Explanation.Question {
    /// Evaluates the packet, and tells whether the result depends on an interface that the question does not name.
    public func conclusion(through tables: [Table], now: Int64) -> (PacketConclusion, dependsOnInterface: Bool) {
        var circumstances = setting ?? Circumstances(now: now)
        circumstances.now = now
        if let interface, let interfaceIndex { circumstances.interfaceIndices[interface] = interfaceIndex }
        let conclusions = interfaces(tables).map { conclusion(on: $0.name, through: tables, in: circumstances) }
        let first = conclusions.first { $0.verdict == .refuse } ?? conclusions[0]
        let verdict = ConnectionVerdict(first.verdict)
        return (first, conclusions.contains { ConnectionVerdict($0.verdict) != verdict })
    }

    private func conclusion(
        on interface: String, through tables: [Table], in circumstances: Circumstances
    ) -> PacketConclusion {
        var packet = Packet(transport: transport, port: port, from: source, interface: interface)
        (packet.destination, packet.isEstablished) = (destination, isEstablished)
        packet.isEchoRequest = isEchoRequest
        return PacketEvaluation.conclude(packet, through: tables, in: circumstances)
    }

    /// The verdict by each interface.
    fileprivate func verdicts(
        through tables: [Table], now: Int64
    ) -> [(interface: String, verdict: ConnectionVerdict)] {
        var circumstances = setting ?? Circumstances(now: now)
        circumstances.now = now
        return interfaces(tables).map {
            ($0.title, ConnectionVerdict(conclusion(on: $0.name, through: tables, in: circumstances).verdict))
        }
    }

    /// Evaluates the packet; if the result depends on the address that the client dials, it is that of the addresses that
    /// let it in.
    fileprivate func answer(
        through tables: [Table], of policy: Policy, now: Int64
    ) -> (PacketConclusion, dependsOnInterface: Bool, openAddresses: [IPAddress]) {
        let whole = conclusion(through: tables, now: now)
        guard destination == nil, !whole.dependsOnInterface, ConnectionVerdict(whole.0.verdict) == .unknown else {
            return (whole.0, whole.dependsOnInterface, [])
        }
        let answers = candidates(policy).map { address in
            var question = self
            question.destination = address.value
            return (address, question.conclusion(through: tables, now: now))
        }
        let isKnown = answers.allSatisfy { !$1.dependsOnInterface && ConnectionVerdict($1.0.verdict) != .unknown }
        guard isKnown, let first = answers.first else { return (whole.0, whole.dependsOnInterface, []) }
        let open = answers.filter { $1.0.verdict == .accept }
        return (open.first?.1.0 ?? first.1.0, false, open.count == answers.count ? [] : open.map(\.0))
    }

    /// Whether the answer depends on the interface that is assumed.
    fileprivate func assumesInterface(of tables: [Table], now: Int64) -> Bool {
        guard interface == nil, returnInterface != nil, !isFromThisHost else { return false }
        var anywhere = self
        anywhere.returnInterface = nil
        return anywhere.conclusion(through: tables, now: now).dependsOnInterface
    }

    /// The address that the client dials; `nil` for any.
    public var dialled: IPAddress? {
        destination.map { family == .ipv4 ? .ipv4(UInt32($0)) : .ipv6($0) }
    }

    /// Whether the client may dial the address.
    fileprivate func dials(_ address: IPAddress) -> Bool { dialled.map { $0 == address } ?? true }

    /// The addresses that the client can dial: the host's in its family.
    ///
    /// If they are not known, the addresses that the policy names, and one other.
    private func candidates(_ policy: Policy) -> [IPAddress] {
        let most = 64
        let addresses = setting?.addresses ?? policy.destinations
        let all: [IPAddress] =
            family == .ipv4
            ? addresses.ipv4.ranges.flatMap { $0.prefix(most).map(IPAddress.ipv4) }
            : addresses.ipv6.ranges.flatMap { $0.prefix(most).map(IPAddress.ipv6) }
        return Array(all.filter { isFromThisHost || !$0.isLoopback }.prefix(most))
    }

    /// More interfaces than these are not tried one by one.
    private static let mostInterfaces = 32

    /// The interface of the question, the one by which the route back leaves, each of the host, or one of each class that
    /// the rulesets distinguish.
    private func interfaces(_ tables: [Table]) -> [(name: String, title: String)] {
        if isFromThisHost { return [("lo", "lo")] }
        if let interface = interface ?? returnInterface { return [(interface, interface)] }
        let names = (setting?.routes?.indices.keys.sorted() ?? []).filter { $0 != "lo" }
        if 1...Self.mostInterfaces ~= names.count { return names.map { ($0, $0) } }
        return InterfaceClass.all(in: tables, setting?.routes).filter { $0 != .loopback }.reversed().map {
            ($0.witness, $0.pattern ?? "others")
        }
    }
}

extension Policy {
    /// The service with the port of the question that is reached at the dialled address, or at `address` if none is named.
    fileprivate func service(of question: Explanation.Question, at address: IPAddress?) -> Service? {
        let owners = services(of: question)
        guard let dialled = question.dialled ?? address else { return owners.first }
        return owners.first { $0.isReached(at: dialled) }
    }

    /// The services with the port of the question.
    fileprivate func services(of question: Explanation.Question) -> [Service] {
        services.filter {
            $0.ports.contains { $0.transport == question.transport && $0.range.contains(question.port) }
        }
    }

    /// The first address of each range under `addresses`, and an address of each family that none of them has.
    fileprivate var destinations: AddressSet {
        let named = services.compactMap(\.destinations?.addresses).reduce(AddressSet()) { $0.union($1) }
        guard !named.isEmpty else { return named }
        let firsts = AddressSet(
            ipv4: named.ipv4.ranges.map { $0.lowerBound...$0.lowerBound },
            ipv6: named.ipv6.ranges.map { $0.lowerBound...$0.lowerBound })
        let rest = AddressSet.any.subtracting(named)
        let others = [AddressSet(ipv4: rest.ipv4), AddressSet(ipv6: rest.ipv6)].compactMap(\.witness)
        return others.reduce(firsts) { $0.union(AddressSet($1)) }
    }

    /// The addresses of an entry of a list of sources.
    fileprivate func addresses(ofEntry entry: String) -> AddressSet? {
        if let group = groups.first(where: { $0.name == entry }) { return group.addresses }
        return (try? AddressRange(entry)).map { AddressSet($0) }
    }
}

/// The verdict on a connection; the raw value is the word in every output.
public enum ConnectionVerdict: String, Hashable, Sendable {
    /// It is allowed.
    case accept
    /// It is dropped or rejected.
    case refuse
    /// The verdict is not known.
    case unknown

    init(_ verdict: PacketVerdict) {
        self =
            switch verdict {
            case .accept: .accept
            case .refuse: .refuse
            case .unknown: .unknown
            }
    }
}

extension Service {
    /// The ports of this host to which a forward leads; `nil` for a service, and for a forward to other hosts.
    fileprivate var localPorts: [UInt16]? {
        guard let forwarding, forwarding.isLocal else { return nil }
        return forwarding.targets.compactMap(\.port)
    }
}
