public import Addressing
internal import Policies
public import Reachability
public import Rulesets

extension Explanation {
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
}

extension Explanation.Question {
    /// Evaluates the packet, and tells whether the result depends on an interface that the question does not name.
    public func conclusion(through tables: [Table], now: Int64) -> (PacketConclusion, dependsOnInterface: Bool) {
        let circumstances = circumstances(now: now)
        let conclusions = interfaces(tables).map { conclusion(on: $0.name, through: tables, in: circumstances) }
        let first = conclusions.first { $0.verdict == .refuse } ?? conclusions[0]
        let verdict = ConnectionVerdict(first.verdict)
        return (first, conclusions.contains { ConnectionVerdict($0.verdict) != verdict })
    }

    /// What the packets after the first one certainly meet, whatever the interface; `nil` if that is not known.
    func obstacle(through tables: [Table], now: Int64) -> ExchangeObstacle? {
        guard !isEstablished else { return nil }
        let circumstances = circumstances(now: now)
        let obstacles = interfaces(tables).map { interface in
            ExchangeObstacle(behind: packet(on: interface.name), through: tables, in: circumstances)
        }
        return obstacles.contains(nil) ? nil : obstacles.first ?? nil
    }

    private func circumstances(now: Int64) -> Circumstances {
        var circumstances = setting ?? Circumstances(now: now)
        circumstances.now = now
        // Otherwise the client comes by the interface of the route back.
        circumstances.checksReturnRoutes = interface != nil
        if let interface, let interfaceIndex { circumstances.interfaceIndices[interface] = interfaceIndex }
        return circumstances
    }

    private func conclusion(
        on interface: String, through tables: [Table], in circumstances: Circumstances
    ) -> PacketConclusion {
        PacketEvaluation.conclude(packet(on: interface), through: tables, in: circumstances)
    }

    private func packet(on interface: String) -> Packet {
        var packet = Packet(transport: transport, port: port, from: source, interface: interface)
        (packet.destination, packet.isEstablished) = (destination, isEstablished)
        packet.isEchoRequest = isEchoRequest
        return packet
    }

    /// The verdict by each interface.
    func verdicts(
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
    func answer(
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
    func assumesInterface(of tables: [Table], now: Int64) -> Bool {
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
    func dials(_ address: IPAddress) -> Bool { dialled.map { $0 == address } ?? true }

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
        if let interface = interface ?? returnInterface {
            return [(setting?.routes?.arrivalName(of: interface) ?? interface, interface)]
        }
        let names = setting?.routes?.outerInterfaces.sorted() ?? []
        if 1...Self.mostInterfaces ~= names.count { return names.map { ($0, $0) } }
        return InterfaceClass.all(in: tables, setting?.routes).filter { $0 != .loopback }.reversed().map {
            ($0.witness, $0.pattern ?? "others")
        }
    }
}

extension Policy {
    /// The service with the port of the question that is reached at the dialled address, or at `address` if none is named.
    func service(of question: Explanation.Question, at address: IPAddress?) -> Service? {
        let owners = services(of: question)
        guard let dialled = question.dialled ?? address else { return owners.first }
        return owners.first { $0.isReached(at: dialled) }
    }

    /// The services with the port of the question.
    func services(of question: Explanation.Question) -> [Service] {
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
}
