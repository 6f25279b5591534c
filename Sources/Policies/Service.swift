public import Addressing

/// A port, or a range of ports, of one protocol.
public struct ServicePort: Hashable, Sendable {
    /// The protocol.
    public var transport: TransportProtocol
    /// The ports, both ends included; never 0.
    public var range: ClosedRange<UInt16>
    /// Where it stands.
    public var location: SourceLocation

    /// A port of these parts.
    public init(transport: TransportProtocol, range: ClosedRange<UInt16>, location: SourceLocation) {
        self.transport = transport
        self.range = range
        self.location = location
    }
}

/// New connections that one source address may make.
public struct ConnectionLimit: Hashable, Sendable {
    /// How often, in the long run.
    public var rate: Rate
    /// How many at once before `rate` bites: at least 1.
    public var burst: UInt32

    /// The burst where a policy gives none: nft's own.
    public static let defaultBurst: UInt32 = 5

    /// A limit of these parts.
    public init(rate: Rate, burst: UInt32 = defaultBurst) {
        self.rate = rate
        self.burst = burst
    }
}

/// The end of a service's time.
public struct Expiry: Hashable, Sendable {
    /// The first moment at which the service is closed, in seconds since 1970-01-01T00:00:00Z.
    public var end: Int64
    /// The date or time as the policy writes it.
    public var written: String

    /// An expiry of these parts.
    public init(end: Int64, written: String) {
        self.end = end
        self.written = written
    }
}

/// Who should be listening.
public struct ListenerExpectation: Hashable, Sendable {
    /// Names or absolute paths of executables; empty for no expectation.
    public var processes: [String]
    /// systemd units; empty for no expectation.
    public var units: [String]
    /// User names; empty for no expectation.
    public var users: [String]
    /// Whether it is fine when nothing listens.
    public var isOptional: Bool

    /// An expectation of these parts; none unless given.
    public init(processes: [String] = [], units: [String] = [], users: [String] = [], isOptional: Bool = false) {
        self.processes = processes
        self.units = units
        self.users = users
        self.isOptional = isOptional
    }
}

/// A service: ports that belong together, who may reach them, and why.
public struct Service: Hashable, Sendable {
    /// The name: `[a-z][a-z0-9-]{0,30}`.
    public var name: String
    /// Where the name stands.
    public var location: SourceLocation
    /// The ports: at least one, disjoint from every other service's, in the order written.
    public var ports: [ServicePort]
    /// Who may reach it.
    public var sources: SourceList
    /// The interfaces it is open on; empty for all.
    public var interfaces: [InterfacePattern]
    /// How often one source address may connect; `nil` for no limit.
    public var limit: ConnectionLimit?
    /// Whether each new connection that is let in is logged.
    public var log: Bool
    /// When it closes; `nil` for never.
    public var expires: Expiry?
    /// Who should be listening.
    public var listener: ListenerExpectation
    /// The reason.
    public var why: String?
    /// Who answers for it.
    public var owner: String?
    /// The ticket.
    public var ticket: String?

    /// A service of these parts.
    public init(
        name: String, location: SourceLocation, ports: [ServicePort], sources: SourceList,
        interfaces: [InterfacePattern] = [], limit: ConnectionLimit? = nil, log: Bool = false, expires: Expiry? = nil,
        listener: ListenerExpectation = ListenerExpectation(), why: String? = nil, owner: String? = nil,
        ticket: String? = nil
    ) {
        self.name = name
        self.location = location
        self.ports = ports
        self.sources = sources
        self.interfaces = interfaces
        self.limit = limit
        self.log = log
        self.expires = expires
        self.listener = listener
        self.why = why
        self.owner = owner
        self.ticket = ticket
    }
}
