public import Addressing
public import Listeners
public import Policies

/// Something that is not as the policy says.
public struct Finding: Hashable, Sendable {
    /// What kind of thing it is; the raw value is the id in every output.
    public enum Identifier: String, Hashable, Sendable, CaseIterable {
        /// The live table is not what the policy compiles to.
        case rulesetDrift = "ruleset-drift"
        /// Another table drops what the policy allows, or redirects a port around it.
        case foreignOverride = "foreign-override"
        /// A socket listens beyond loopback on a port that no service lists.
        case undeclaredListener = "undeclared-listener"
        /// Another table publishes a port that no service lists.
        case undeclaredPublishedPort = "undeclared-published-port"
        /// A service is open and nothing listens.
        case missingListener = "missing-listener"
        /// Another executable listens on a declared port than the policy expects.
        case wrongProcess = "wrong-process"
        /// Another systemd unit listens on a declared port than the policy expects.
        case wrongUnit = "wrong-unit"
        /// Another user's process listens on a declared port than the policy expects.
        case wrongUser = "wrong-user"
        /// A service is open to others and listens to this host alone.
        case loopbackOnly = "loopback-only"
        /// A service is open to a family that nothing listens on.
        case wrongFamily = "wrong-family"
        /// Unrelated processes share one port.
        case sharedPort = "shared-port"
        /// A declared port may be taken by any client of this host.
        case ephemeralPort = "ephemeral-port"
        /// Somebody is connected whom the policy would refuse today.
        case staleSession = "stale-session"
        /// A service's time is over.
        case expired
        /// A service's time is over soon.
        case expiresSoon = "expires-soon"
        /// A change would leave a socket without clients that reach it: what `plan` finds, and `verify` cannot.
        case unreachableListener = "unreachable-listener"
        /// The same for a port that another table publishes.
        case unreachablePublishedPort = "unreachable-published-port"
        /// Something could not be read.
        case unknown

        /// Those that a verification can come to.
        public static let verified = allCases.filter { $0 != .unreachableListener && $0 != .unreachablePublishedPort }
    }

    /// How grave it is.
    public enum Severity: String, Hashable, Sendable, CaseIterable {
        /// Wrong.
        case error
        /// To be looked at.
        case warning
        /// To be known.
        case notice
    }

    /// What kind of thing it is.
    public var identifier: Identifier
    /// How grave it is.
    public var severity: Severity
    /// What is wrong, in one sentence.
    public var message: String
    /// The service it is about.
    public var service: String?
    /// The port it is about.
    public var port: AuditedPort?
    /// The process it is about.
    public var process: SocketProcess?
    /// The table it is in.
    public var table: String?
    /// The chain it is in.
    public var chain: String?
    /// The set or map it is in.
    public var set: String?
    /// The line of the policy that it departs from.
    public var policy: SourceLocation?

    /// A finding of these parts.
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
        self.table = table
        self.chain = chain
        self.set = set
        self.policy = policy
    }
}

/// A port of one protocol, and the address where somebody listens on it, or from where somebody is connected to it.
public struct AuditedPort: Hashable, Sendable {
    /// The protocol.
    public var transport: TransportProtocol
    /// The ports, both ends included.
    public var range: ClosedRange<UInt16>
    /// The address that the listener is bound to, or that the session comes from, where there is one.
    public var address: IPAddress?

    /// A port of these parts.
    public init(_ transport: TransportProtocol, _ range: ClosedRange<UInt16>, at address: IPAddress? = nil) {
        self.transport = transport
        self.range = range
        self.address = address
    }
}
