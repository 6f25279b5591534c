/// How often something may happen.
public struct Rate: Hashable, Sendable {
    /// The spans that a rate can be given in.
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

    /// How many in one `unit`: at least 1.
    public var count: UInt32
    /// The span.
    public var unit: Unit

    /// `count` in each `unit`.
    public init(count: UInt32, unit: Unit) {
        self.count = count
        self.unit = unit
    }
}

extension Rate: CustomStringConvertible {
    /// The rate as a policy writes it: `10/minute`.
    public var description: String { "\(count)/\(unit.rawValue)" }
}

/// How long a grant may last at most.
public struct GrantLimit: Hashable, Sendable {
    /// The longest time; `nil` where there are to be no grants at all.
    public var longest: TimeSpan?
    /// Where the policy says so.
    public var location: SourceLocation

    /// A limit that the policy sets there.
    public init(longest: TimeSpan?, location: SourceLocation) {
        self.longest = longest
        self.location = location
    }
}

/// The `defaults` of a policy.
public struct Defaults: Hashable, Sendable {
    /// What a refused packet gets.
    public enum Inbound: String, Hashable, Sendable, CaseIterable {
        /// Silence.
        case drop
        /// A TCP reset, or ICMP admin-prohibited.
        case reject
    }

    /// What an echo request gets.
    public enum Ping: Hashable, Sendable {
        /// An answer.
        case accept
        /// No answer.
        case drop
        /// An answer, at most this often.
        case limited(Rate)
    }

    /// Whether container-published ports obey the policy.
    public enum Published: String, Hashable, Sendable, CaseIterable {
        /// They do.
        case enforce
        /// They are left alone.
        case ignore
    }

    /// What a refused packet gets.
    public var inbound: Inbound
    /// How often a refused packet is logged; `nil` for never.
    public var log: Rate?
    /// What an echo request gets.
    public var ping: Ping
    /// Whether container-published ports obey the policy.
    public var published: Published
    /// The keys that every service must carry.
    public var require: [String]
    /// How long a grant may last; `nil` for as long as is asked for.
    public var grantLimit: GrantLimit?

    /// The defaults that hold where a policy says nothing.
    public init(
        inbound: Inbound = .drop, log: Rate? = nil, ping: Ping = .accept, published: Published = .enforce,
        require: [String] = [], grantLimit: GrantLimit? = nil
    ) {
        self.inbound = inbound
        self.log = log
        self.ping = ping
        self.published = published
        self.require = require
        self.grantLimit = grantLimit
    }
}
