public import Addressing

/// A user whose sockets a line of `outbound` is about.
public struct OutboundUser: Hashable, Sendable {
    /// The name or number as written in the policy.
    public var written: String
    /// The number; `nil` if this host has no such user.
    public var number: UInt32?

    /// A user of these parts.
    public init(written: String, number: UInt32?) {
        self.written = written
        self.number = number
    }

    /// Whether both are the same user, by number where it is known, and otherwise by name.
    public func isSame(as other: OutboundUser) -> Bool {
        guard let number, let other = other.number else { return written == other.written }
        return number == other
    }
}

/// A line of `outbound`: connections that this host may begin.
public struct OutboundLine: Hashable, Sendable {
    /// The name: `[a-z][a-z0-9-]{0,30}`.
    public var name: String
    /// The location of the name.
    public var location: SourceLocation
    /// The destination ports in the order of the policy, then the protocols without ports: at least one.
    public var ports: [ServicePort]
    /// The destinations: `to`.
    public let destinations: SourceList
    /// The destinations that are exempt; `nil` for none.
    public let except: SourceList?
    /// All addresses of `destinations` without those of `except`.
    public let addresses: AddressSet
    /// The interfaces by which the packets leave; empty for all.
    public var interfaces: [InterfacePattern] = []
    /// The users whose sockets it is about; empty for all, and for sockets of the kernel.
    public var users: [OutboundUser] = []
    /// The limit of new connections, which all destinations share; `nil` for no limit.
    public var limit: ConnectionLimit?
    /// Whether each new connection is logged.
    public var log = false
    /// The time at which it closes; `nil` for never.
    public var expires: Expiry?
    /// The process that is expected to hold the sockets, which the kernel does not enforce.
    public var client = ListenerExpectation()
    /// The reason.
    public var why: String?
    /// The person or team responsible.
    public var owner: String?
    /// The ticket in which it was requested.
    public var ticket: String?
    /// When a person last confirmed that it is still needed; `nil` if that is not known.
    public var reviewed: Review?

    /// A line of these parts.
    public init(
        name: String, location: SourceLocation, ports: [ServicePort], to destinations: SourceList,
        except: SourceList? = nil
    ) {
        self.name = name
        self.location = location
        self.ports = ports
        self.destinations = destinations
        self.except = except
        addresses = except.map { destinations.addresses.subtracting($0.addresses) } ?? destinations.addresses
    }

    /// Whether it is closed at `now`, in seconds since 1970-01-01T00:00:00Z.
    public func isExpired(at now: Int64) -> Bool { expires.map { $0.end <= now } ?? false }

    /// Whether it is for the sockets of this user; of any user if `nil`.
    public func isFor(_ user: OutboundUser?) -> Bool {
        users.isEmpty || user.map { user in users.contains { $0.isSame(as: user) } } ?? false
    }

    /// Whether it lets out packets by the interface; by any if `nil`.
    public func leaves(by interface: String?) -> Bool {
        interfaces.isEmpty || interface.map { name in interfaces.contains { $0.matches(name) } } ?? true
    }
}

/// An entry under `tests` with `out`: new connections of this host.
public struct OutboundAssertion: Hashable, Sendable {
    /// The location of the entry.
    public var location: SourceLocation
    /// The destination ports under test.
    public var ports: [ServicePort]
    /// The destinations under test.
    public var destinations: SourceList
    /// Destinations that are exempt; `nil` for none.
    public var except: SourceList?
    /// The user of the sockets; `nil` for each user.
    public var user: OutboundUser?
    /// The name of the interface by which the packets leave; `nil` for any.
    public var interface: String?
    /// The expected result.
    public var expect: Expectation
}
