public import Addressing
public import Listeners
public import Policies

/// One difference between the host and its policy.
public struct Finding: Hashable, Sendable {
    /// The kind of a finding; the raw value is the id in every output.
    public enum Identifier: String, Hashable, Sendable, CaseIterable {
        /// The live table differs from the compiled policy.
        case rulesetDrift = "ruleset-drift"
        /// The file was edited since it was applied, or cannot be used.
        case notApplied = "not-applied"
        /// Another table drops connections that the policy allows, or redirects a port around it.
        case foreignOverride = "foreign-override"
        /// A rule of another table, or a program on an interface, gets packets round the ruleset.
        case foreignBypass = "foreign-bypass"
        /// A socket listens beyond loopback on a port that no service lists.
        case undeclaredListener = "undeclared-listener"
        /// Another table publishes a port that no service lists.
        case undeclaredPublishedPort = "undeclared-published-port"
        /// A raw socket waits for a protocol without ports that no service lists.
        case silencedProtocol = "silenced-protocol"
        /// Other hosts reach containers by their own addresses, without a published port.
        case routedContainer = "routed-container"
        /// A service is open and has no listener.
        case missingListener = "missing-listener"
        /// The executable that listens on a declared port is not the expected one.
        case wrongProcess = "wrong-process"
        /// The systemd unit that listens on a declared port is not the expected one.
        case wrongUnit = "wrong-unit"
        /// The user that listens on a declared port is not the expected one.
        case wrongUser = "wrong-user"
        /// A service is open to other hosts, and its listener is bound to loopback only.
        case loopbackOnly = "loopback-only"
        /// A service is open to an address family without a listener.
        case wrongFamily = "wrong-family"
        /// Unrelated processes share one port.
        case sharedPort = "shared-port"
        /// The kernel may give a declared port to any client on this host.
        case ephemeralPort = "ephemeral-port"
        /// An established session that the policy would refuse today.
        case staleSession = "stale-session"
        /// The table of a limit is full, so that new sources share one allowance.
        case limitFull = "limit-full"
        /// Few local ports are left for connections of this host to one destination.
        case localPorts = "local-port-exhaustion"
        /// A service has expired.
        case expired
        /// A service expires soon.
        case expiresSoon = "expires-soon"
        /// The review of a service is due.
        case reviewDue = "review-due"
        /// No client has connected to a service for a long time.
        case unusedService = "unused-service"
        /// The policy names an interface that the host does not have.
        case unknownInterface = "unknown-interface"
        /// `deny` covers an address of the host, of its gateways or of its resolvers.
        case deniesHost = "denies-host"
        /// Packets that a forward or an entry of `masquerade` is about go nowhere: forwarding is off, or a target has no route.
        case forwardingOff = "forwarding-off"
        /// A list is missing, invalid or out of its bounds, so that the last good one stays in force.
        case listOutOfBounds = "list-out-of-bounds"
        /// No address of a DNS name is known, or its addresses were not renewed.
        case nameStale = "name-stale"
        /// A change would close a port that has a listener: found by `plan`, never by `verify`.
        case unreachableListener = "unreachable-listener"
        /// A change would close a port that another table publishes.
        case unreachablePublishedPort = "unreachable-published-port"
        /// A change would refuse connections of this host: found by `plan`, never by `verify`.
        case unreachableDestination = "unreachable-destination"
        /// Something could not be read or understood.
        case unknown

        /// The kinds that `verify` can report.
        public static let verified = allCases.filter {
            ![.unreachableListener, .unreachablePublishedPort, .unreachableDestination].contains($0)
        }
    }

    /// The severity.
    public enum Severity: String, Hashable, Sendable, CaseIterable {
        /// Wrong: must be fixed.
        case error
        /// Suspicious: should be checked.
        case warning
        /// For information.
        case notice
    }

    /// The kind.
    public var identifier: Identifier
    /// The severity.
    public var severity: Severity
    /// The problem in one sentence.
    public var message: String
    /// The service concerned.
    public var service: String?
    /// The port concerned.
    public var port: AuditedPort?
    /// The process concerned.
    public var process: SocketProcess?
    /// The container concerned; it differs after each start, and is no part of the identity.
    public var container: Container?
    /// The table concerned.
    public var table: String?
    /// The chain concerned.
    public var chain: String?
    /// The set or map concerned.
    public var set: String?
    /// The line of the policy that is not met.
    public var policy: SourceLocation?
    /// What distinguishes the finding from others of its kind, beside the parts above.
    public var details = Details()
    /// The entry of `accepted` that made it a notice.
    public var acceptance: Acceptance?

    /// Creates a finding.
    public init(
        _ identifier: Identifier, _ severity: Severity, _ message: String, service: String? = nil,
        port: AuditedPort? = nil, process: SocketProcess? = nil, table: String? = nil, chain: String? = nil,
        set: String? = nil, policy: SourceLocation? = nil
    ) {
        self.identifier = identifier
        self.severity = severity
        self.message = message
        self.service = service
        self.port = port
        self.process = process
        container = process?.container
        self.table = table
        self.chain = chain
        self.set = set
        self.policy = policy
    }
}

extension Finding {
    /// What distinguishes a finding from others of its kind, beside protocol, port, service, process and objects.
    public struct Details: Hashable, Sendable {
        /// The element of a set, in nft's notation.
        public var element: String?
        /// The rule, in nft's notation.
        public var rule: String?
        /// The interface.
        public var interface: String?
        /// The name of a source or a list.
        public var source: String?
        /// The systemd unit, for a finding about a unit rather than a process.
        public var unit: String?
        /// A word for what differs where the other parts are equal, such as a family or the client of a session.
        public var aspect: String?
        /// Whether it is about connections that this host begins, so that `service` is a line of `outbound`.
        public var isOutbound = false
        /// Whether the kernel chose the port, so that it differs from run to run.
        public var hasChosenPort = false
        /// Whether it lets connections around the policy, which an acceptance of a whole table does not cover.
        public var isBypass = false
        /// Whether it refuses single addresses or small networks only, as bans do, which come and go.
        public var isBan = false
        /// Whether it is about a grant or a ban that is not in force, named by the aspect; there can be thousands.
        public var isTemporary = false

        /// Details of these parts.
        public init(
            element: String? = nil, rule: String? = nil, interface: String? = nil, source: String? = nil,
            unit: String? = nil, aspect: String? = nil, hasChosenPort: Bool = false, isBypass: Bool = false,
            isBan: Bool = false
        ) {
            self.element = element
            self.rule = rule
            self.interface = interface
            self.source = source
            self.unit = unit
            self.aspect = aspect
            self.hasChosenPort = hasChosenPort
            self.isBypass = isBypass
            self.isBan = isBan
        }
    }

    /// Creates a finding that only a word distinguishes from others of its kind.
    public init(_ identifier: Identifier, _ severity: Severity, _ message: String, aspect: String) {
        self.init(identifier, severity, message)
        details.aspect = aspect
    }

    /// The same finding about a container.
    func about(_ container: Container?) -> Finding {
        var copy = self
        copy.container = container
        return copy
    }

    /// The same finding with these details.
    func with(_ details: Details) -> Finding {
        var copy = self
        copy.details = details
        return copy
    }
}

/// A port of one protocol, with the address of its listener or of its client.
public struct AuditedPort: Hashable, Sendable {
    /// The protocol.
    public var transport: TransportProtocol
    /// The ports, both ends included.
    public var range: ClosedRange<UInt16>
    /// The address that the listener is bound to, or from which the session comes, if any.
    public var address: IPAddress?

    /// Creates a port.
    public init(_ transport: TransportProtocol, _ range: ClosedRange<UInt16>, at address: IPAddress? = nil) {
        self.transport = transport
        self.range = range
        self.address = address
    }
}
