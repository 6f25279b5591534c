public import Addressing

/// A rate: a count in a unit of time.
public struct Rate: Hashable, Sendable {
    /// The units of time of a rate.
    public enum Unit: String, Hashable, Sendable, CaseIterable {
        /// One second.
        case second
        /// 60 seconds.
        case minute
        /// 3,600 seconds.
        case hour
        /// 86,400 seconds.
        case day

        /// The length in seconds.
        public var seconds: UInt64 {
            switch self {
            case .second: 1
            case .minute: 60
            case .hour: 3600
            case .day: 86400
            }
        }
    }

    /// The count in one `unit`: at least 1.
    public var count: UInt32
    /// The unit of time.
    public var unit: Unit

    /// The rate of `count` in one `unit`.
    public init(count: UInt32, unit: Unit) {
        self.count = count
        self.unit = unit
    }
}

extension Rate: CustomStringConvertible {
    /// The rate as a policy writes it: `10/minute`.
    public var description: String { "\(count)/\(unit.rawValue)" }
}

/// The longest time that a grant may last.
public struct GrantLimit: Hashable, Sendable {
    /// The longest time; `nil` if the policy allows no grants.
    public var longest: TimeSpan?
    /// The location of the limit in the policy.
    public var location: SourceLocation

    /// A limit of these parts.
    public init(longest: TimeSpan?, location: SourceLocation) {
        self.longest = longest
        self.location = location
    }
}

/// The `defaults` of a policy.
public struct Defaults: Hashable, Sendable {
    /// The answer to a refused packet.
    public enum Inbound: String, Hashable, Sendable, CaseIterable {
        /// No answer.
        case drop
        /// A TCP reset, or ICMP admin-prohibited.
        case reject
    }

    /// What a connection of this host gets that no line of `outbound` lets out.
    public enum Outbound: String, Hashable, Sendable, CaseIterable {
        /// It is accepted, and packets that leave are not looked at.
        case accept
        /// It is accepted, counted and logged.
        case audit
        /// It is refused, so that the program fails at once.
        case reject
    }

    /// The answer to an ICMP or ICMPv6 echo request.
    public enum Ping: Hashable, Sendable {
        /// A reply.
        case accept
        /// No reply.
        case drop
        /// Replies up to this rate.
        case limited(Rate)
    }

    /// Whether the policy applies to ports that containers publish.
    public enum Published: String, Hashable, Sendable, CaseIterable {
        /// It does.
        case enforce
        /// It does not: other tables decide on published ports.
        case ignore
    }

    /// Whether new connections are forwarded to the containers of this host that do not publish the port.
    public enum Routed: String, Hashable, Sendable, CaseIterable {
        /// Other tables decide on them.
        case ignore
        /// They are refused.
        case refuse
    }

    /// The answer to a refused packet.
    public var inbound: Inbound
    /// What a connection of this host gets that no line of `outbound` lets out.
    public var outbound = Outbound.accept
    /// The highest rate at which refused packets are logged; `nil` for no logging.
    public var log: Rate?
    /// The place to which packets are logged.
    public var logDestination = LogDestination.kernel
    /// The answer to an ICMP or ICMPv6 echo request.
    public var ping: Ping
    /// The only sources whose echo requests get a reply, as `ping` says; `nil` for all.
    public var pingSources: SourceList?
    /// The families that the host speaks: packets of the other reach no service.
    public var families: Set<AddressFamily>
    /// Whether the policy applies to ports that containers publish.
    public var published: Published
    /// Whether new connections are forwarded to a bridge of this host without a published port.
    public var routed: Routed
    /// The keys that every service must have, beside the mandatory ones.
    public var require: [String]
    /// The longest time that a grant may last; `nil` for no limit.
    public var grantLimit: GrantLimit?
    /// How long a review holds good; `nil` if no review is due.
    public var reviewEvery: TimeSpan?
    /// After this time without a new connection a service counts as unused; `nil` if none does.
    public var unusedAfter: TimeSpan? = TimeSpan(seconds: 90 * 86400)

    /// Defaults of these parts; each parameter's default holds for a policy without the key.
    public init(
        inbound: Inbound = .drop, log: Rate? = nil, ping: Ping = .accept, published: Published = .enforce,
        routed: Routed = .ignore, families: Set<AddressFamily> = Set(AddressFamily.allCases),
        require: [String] = [], grantLimit: GrantLimit? = nil
    ) {
        self.inbound = inbound
        self.log = log
        self.ping = ping
        self.published = published
        self.routed = routed
        self.families = families
        self.require = require
        self.grantLimit = grantLimit
    }
}
