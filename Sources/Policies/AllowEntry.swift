public import Addressing

extension SourceList {
    /// The only entry of a list without addresses.
    public static let nobody = "nobody"
}

/// An entry of `allow`: sources that may connect to a service, under conditions of their own.
public struct AllowEntry: Hashable, Sendable {
    /// The location of the entry; in the short form that of the service.
    public var location: SourceLocation
    /// The sources that may connect.
    public private(set) var sources: SourceList
    /// The sources that are exempt; `nil` for none.
    public let except: SourceList?
    /// All addresses of `sources` without those of `except`.
    public private(set) var addresses: AddressSet
    /// The interfaces on which it holds; empty for all.
    public var interfaces: [InterfacePattern]
    /// The limit of new connections from one source address; `nil` for no limit.
    public var limit: ConnectionLimit?
    /// The most connections at once from one source: an IPv4 address or an IPv6 /64; `nil` for no limit.
    public var connections: UInt32?
    /// Whether each accepted new connection is logged.
    public var log: Bool
    /// The time at which it closes; `nil` for never.
    public var expires: Expiry?
    /// The reason: the entry's own, or else the service's.
    public var why: String?
    /// The person or team responsible: the entry's own, or else the service's.
    public var owner: String?
    /// The ticket in which it was requested: the entry's own, or else the service's.
    public var ticket: String?

    /// An entry of these parts.
    public init(
        location: SourceLocation, sources: SourceList, except: SourceList? = nil, interfaces: [InterfacePattern] = [],
        limit: ConnectionLimit? = nil, connections: UInt32? = nil, log: Bool = false, expires: Expiry? = nil,
        why: String? = nil,
        owner: String? = nil, ticket: String? = nil
    ) {
        self.location = location
        self.sources = sources
        self.except = except
        addresses = except.map { sources.addresses.subtracting($0.addresses) } ?? sources.addresses
        self.interfaces = interfaces
        self.limit = limit
        self.connections = connections
        self.log = log
        self.expires = expires
        self.why = why
        self.owner = owner
        self.ticket = ticket
    }

    /// The entry for sources of these families alone.
    func restricted(to families: Set<AddressFamily>) -> AllowEntry {
        guard families.count < AddressFamily.allCases.count else { return self }
        var copy = self
        copy.sources.addresses = sources.addresses.intersection(families)
        copy.addresses = addresses.intersection(families)
        return copy
    }

    /// Whether the policy names it only to say that no client may connect: `from: nobody`.
    public var isForNobody: Bool { sources.entries == [SourceList.nobody] && sources.addresses.isEmpty }

    /// Whether it is closed at `now`, in seconds since 1970-01-01T00:00:00Z.
    public func isExpired(at now: Int64) -> Bool { expires.map { $0.end <= now } ?? false }
}
