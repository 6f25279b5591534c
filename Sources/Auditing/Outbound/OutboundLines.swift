public import Addressing
public import Policies

/// A connection that this host begins.
public struct OutboundCall: Hashable, Sendable {
    /// The user of the socket.
    public enum User: Hashable, Sendable {
        /// The user with this number.
        case number(UInt32)
        /// There is no socket, or it is the kernel's.
        case none
        /// It is not known.
        case unknown
    }

    /// The protocol.
    public var transport: TransportProtocol
    /// The destination address.
    public var destination: IPAddress
    /// The destination port; 0 for a protocol without ports.
    public var port: UInt16
    /// The user of the socket.
    public var user: User
    /// The port from which it is sent; `nil` if that is not known.
    public var sourcePort: UInt16?
    /// The interface by which it leaves; `nil` if that is not known.
    public var interface: String?

    /// A connection of these parts.
    public init(
        _ transport: TransportProtocol, to destination: IPAddress, port: UInt16, user: User = .unknown,
        sourcePort: UInt16? = nil, interface: String? = nil
    ) {
        self.transport = transport
        self.destination = destination
        self.port = port
        self.user = user
        self.sourcePort = sourcePort
        self.interface = interface
    }

    /// Whether every host needs it, so that it goes out unasked: ICMP, IGMP, and DHCP of this host's client (RFC 2131 4.1,
    /// RFC 8415 7.2).
    var isNeeded: Bool {
        switch (transport, sourcePort, port) {
        case (.icmp, _, _), (.icmpv6, _, _), (.igmp, _, _), (.udp, 68, 67), (.udp, 546, 547): true
        default: destination.isLoopback
        }
    }
}

/// What the lines of `outbound` say of connections, found by port.
///
/// Limits are ignored: they refuse by frequency, not by destination.
public struct OutboundLines: Sendable {
    /// What the lines say of a connection.
    public enum Answer: Equatable, Sendable {
        /// This line lets it out; `nil` if it goes out unasked.
        case accepted(OutboundLine?)
        /// No line lets it out.
        case refused
        /// `deny` has the destination.
        case denied
        /// It depends on the user, the interface or the addresses of a name, which are not known.
        case unknown
    }

    private let lines: [TransportProtocol: [OutboundLine]]
    private let denied: AddressSet?
    private let unknownNames: Set<String>
    private let now: Int64
    /// What becomes of connections that no line lets out.
    public let mode: Defaults.Outbound

    /// The lines of a policy at `now`, in seconds since 1970-01-01T00:00:00Z.
    public init(_ policy: Policy, now: Int64) {
        var lines: [TransportProtocol: [OutboundLine]] = [:]
        for line in policy.outbound where !line.isExpired(at: now) {
            for transport in Set(line.ports.map(\.transport)) { lines[transport, default: []].append(line) }
        }
        self.lines = lines
        denied = policy.deny?.addresses
        unknownNames = Set(policy.names.filter(\.isUnknown).map(\.name))
        mode = policy.defaults.outbound
        self.now = now
    }

    /// The verdict of the lines on a connection, as if `defaults.outbound` were reject.
    public func answer(to call: OutboundCall) -> Answer {
        if call.isNeeded { return .accepted(nil) }
        if denied?.contains(call.destination) == true { return .denied }
        var isOpen = false
        for line in lines[call.transport] ?? [] where line.has(call.transport, call.port) {
            switch fit(line, call) {
            case true?: return .accepted(line)
            case nil: isOpen = true
            case false?: break
            }
        }
        return isOpen ? .unknown : .refused
    }

    /// Every line that lets the connection out.
    public func lines(for call: OutboundCall) -> [OutboundLine] {
        (lines[call.transport] ?? []).filter { $0.has(call.transport, call.port) && fit($0, call) == true }
    }

    /// Whether some line lets out the port, to this destination or to any if it is `nil`, for some user by some interface.
    public func mayLetOut(_ transport: TransportProtocol, _ port: UInt16, to destination: IPAddress?) -> Bool {
        (lines[transport] ?? []).contains { line in
            guard line.has(transport, port) else { return false }
            guard let destination else { return true }
            return line.addresses.contains(destination) && denied?.contains(destination) != true
                || !unknownNames.isDisjoint(with: line.destinations.names)
        }
    }

    /// Whether a line lets out a connection to a port that it has; `nil` if that is not known.
    private func fit(_ line: OutboundLine, _ call: OutboundCall) -> Bool? {
        var isKnown = true
        if !line.addresses.contains(call.destination) {
            guard !unknownNames.isDisjoint(with: line.destinations.names) else { return false }
            isKnown = false
        }
        if !line.users.isEmpty {
            switch call.user {
            case .number(let number): if !line.users.contains(where: { $0.number == number }) { return false }
            case .none: return false
            case .unknown: isKnown = false
            }
        }
        if !line.interfaces.isEmpty {
            guard let interface = call.interface else { return nil }
            if !line.interfaces.contains(where: { $0.matches(interface) }) { return false }
        }
        return isKnown ? true : nil
    }
}

extension OutboundLine {
    /// Whether it has the port, or the protocol without ports.
    func has(_ transport: TransportProtocol, _ port: UInt16) -> Bool {
        ports.contains { $0.transport == transport && (!transport.hasPorts || $0.range.contains(port)) }
    }
}
