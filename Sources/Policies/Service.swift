public import Addressing

/// A port, or a range of ports, of one protocol; or all packets of a protocol without ports.
public struct ServicePort: Hashable, Sendable {
    /// The protocol.
    public var transport: TransportProtocol
    /// The ports in host byte order, both ends included: never 0, but from 0 to 65535 for a protocol without ports.
    public var range: ClosedRange<UInt16>
    /// The location in the policy.
    public var location: SourceLocation

    /// A port of these parts.
    public init(transport: TransportProtocol, range: ClosedRange<UInt16>, location: SourceLocation) {
        self.transport = transport
        self.range = range
        self.location = location
    }
}

extension ServicePort {
    /// All packets of a protocol without ports.
    public init(_ transport: TransportProtocol, location: SourceLocation) {
        precondition(!transport.hasPorts, "a whole protocol has no ports")
        self.init(transport: transport, range: 0...UInt16.max, location: location)
    }
}

extension ServicePort {
    /// The address family of a protocol that the other family lacks; `nil` for all others.
    ///
    /// DHCP, RFC 2131 4.1; NetBIOS, RFC 1001 and RFC 1002; DHCPv6, RFC 8415 7.2.
    public var onlyFamily: AddressFamily? {
        switch (transport, range.lowerBound, range.upperBound) {
        case (.udp, 67..., ...68), (.udp, 137..., ...138), (.tcp, 139, 139): .ipv4
        case (.udp, 546..., ...547): .ipv6
        default: nil
        }
    }
}

extension ServicePort: CustomStringConvertible {
    /// The port as a policy writes it: `22/tcp`, `8000-8100/udp`; `esp` for a protocol without ports.
    public var description: String { text(range) }

    /// Some of its ports in the same notation.
    func text(_ range: ClosedRange<UInt16>) -> String {
        guard transport.hasPorts else { return transport.name }
        let ports = range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
        return "\(ports)/\(transport.name)"
    }
}

/// The limit of new connections from one source: an IPv4 address or an IPv6 /64; or of all sources together.
public struct ConnectionLimit: Hashable, Sendable {
    /// The rate in the long run.
    public var rate: Rate
    /// The number of connections at once before `rate` applies: at least 1.
    public var burst: UInt32
    /// Whether all sources share one allowance; otherwise each has its own.
    public var isShared: Bool

    /// The burst of a limit without one; nft has the same default.
    public static let defaultBurst: UInt32 = 5

    /// A limit of these parts.
    public init(rate: Rate, burst: UInt32 = defaultBurst, isShared: Bool = false) {
        self.rate = rate
        self.burst = burst
        self.isShared = isShared
    }
}

/// The time at which a service closes.
public struct Expiry: Hashable, Sendable {
    /// The first second in which the service is closed, since 1970-01-01T00:00:00Z.
    public var end: Int64
    /// The date or time as written in the policy.
    public var written: String

    /// An expiry of these parts.
    public init(end: Int64, written: String) {
        self.end = end
        self.written = written
    }
}

/// The process that is expected to listen on the ports of a service.
public struct ListenerExpectation: Hashable, Sendable {
    /// Names or absolute paths of executables; empty for any.
    public var processes: [String]
    /// systemd units; empty for any.
    public var units: [String]
    /// User names; empty for any.
    public var users: [String]
    /// Whether a missing listener is acceptable.
    public var isOptional: Bool

    /// An expectation of these parts; by default any process.
    public init(processes: [String] = [], units: [String] = [], users: [String] = [], isOptional: Bool = false) {
        self.processes = processes
        self.units = units
        self.users = users
        self.isOptional = isOptional
    }
}

/// A service or a forward: ports, the sources that may connect to them, and the reason.
public struct Service: Hashable, Sendable {
    /// The name: `[a-z][a-z0-9-]{0,30}`.
    public var name: String
    /// The location of the name.
    public var location: SourceLocation
    /// The ports in the order of the policy, then the protocols without ports: at least one; services that share a port have disjoint `destinations`.
    public var ports: [ServicePort]
    /// The addresses of the host at which clients reach it; `nil` for all.
    public var destinations: SourceList?
    /// Who may connect: at least one entry; the first that matches a packet decides.
    public var entries: [AllowEntry]
    /// Whether the policy lists them under `allow`; in the short form their keys are those of the service.
    public var listsEntries = false
    /// Where its connections go; `nil` for a service of this host itself.
    public var forwarding: Forwarding?
    /// The process that is expected to listen.
    public var listener: ListenerExpectation
    /// The reason.
    public var why: String?
    /// The person or team responsible.
    public var owner: String?
    /// The ticket in which it was requested.
    public var ticket: String?
    /// When a person last confirmed that it is still needed; `nil` if that is not known.
    public var reviewed: Review?

    /// A service of these parts.
    public init(
        name: String, location: SourceLocation, ports: [ServicePort], entries: [AllowEntry],
        listener: ListenerExpectation = ListenerExpectation(), why: String? = nil, owner: String? = nil,
        ticket: String? = nil
    ) {
        self.name = name
        self.location = location
        self.ports = ports
        self.entries = entries
        self.listener = listener
        self.why = why
        self.owner = owner
        self.ticket = ticket
    }

    /// A service in the short form, with one entry.
    public init(
        name: String, location: SourceLocation, ports: [ServicePort], sources: SourceList,
        interfaces: [InterfacePattern] = [], limit: ConnectionLimit? = nil, log: Bool = false, expires: Expiry? = nil,
        listener: ListenerExpectation = ListenerExpectation(), why: String? = nil, owner: String? = nil,
        ticket: String? = nil
    ) {
        let entry = AllowEntry(
            location: location, sources: sources, interfaces: interfaces, limit: limit, log: log, expires: expires,
            why: why, owner: owner, ticket: ticket)
        self.init(
            name: name, location: location, ports: ports, entries: [entry], listener: listener, why: why, owner: owner,
            ticket: ticket)
    }

    /// The addresses that some entry lets in, whatever its other conditions.
    public var addresses: AddressSet {
        guard entries.count != 1 else { return entries[0].addresses }
        return entries.reduce(AddressSet()) { $0.union($1.addresses) }
    }

    /// The DNS names among its sources, whose addresses change.
    public var names: [String] { entries.flatMap(\.sources.names) }

    /// Whether it is reached at the address.
    public func isReached(at address: IPAddress) -> Bool { destinations?.addresses.contains(address) ?? true }

    /// Whether every entry is closed at `now`, in seconds since 1970-01-01T00:00:00Z.
    public func isExpired(at now: Int64) -> Bool { entries.allSatisfy { $0.isExpired(at: now) } }
}
