/// A chain and its rules.
public struct Chain: Hashable, Sendable {
    /// The name.
    public var name: String
    /// The hook that it is attached to; `nil` for a chain that is reached only by jumps and gotos.
    public var base: BaseChain?
    /// `NFT_CHAIN_…` flags beside `NFT_CHAIN_BASE`, such as hardware offload.
    public var flags: UInt32
    /// The user data, which may hold a comment of nft.
    public var userdata: [UInt8]
    /// The netlink attributes that are not modelled, as the kernel sent them.
    public var unrecognized: [UInt8]
    /// The rules, in order.
    public var rules: [Rule]

    /// A chain of these parts.
    public init(
        name: String, base: BaseChain? = nil, flags: UInt32 = 0, userdata: [UInt8] = [], unrecognized: [UInt8] = [],
        rules: [Rule] = []
    ) {
        self.name = name
        self.base = base
        self.flags = flags
        self.userdata = userdata
        self.unrecognized = unrecognized
        self.rules = rules
    }

    /// The chain without its rules.
    public var header: Chain {
        Chain(name: name, base: base, flags: flags, userdata: userdata, unrecognized: unrecognized)
    }
}

/// The attachment of a base chain to a netfilter hook.
public struct BaseChain: Hashable, Sendable {
    /// The verdict on a packet that reaches the end of a base chain.
    public enum Policy: UInt32, Hashable, Sendable {
        /// `NF_DROP`.
        case drop = 0
        /// `NF_ACCEPT`.
        case accept = 1
    }

    /// The type: `filter`, `nat` or `route`.
    public var type: String
    /// The hook.
    public var hook: Hook
    /// The order among the chains of one hook: lower runs first.
    public var priority: Int32
    /// The verdict at its end.
    public var policy: Policy
    /// The devices that it is bound to; only for the hooks of netdev and for inet ingress.
    public var devices: [String]

    /// A base chain of these parts.
    public init(type: String, hook: Hook, priority: Int32, policy: Policy, devices: [String] = []) {
        self.type = type
        self.hook = hook
        self.priority = priority
        self.policy = policy
        self.devices = devices
    }
}

/// A netfilter hook; the raw value is `NF_INET_…` of `linux/netfilter.h`.
public struct Hook: RawRepresentable, Hashable, Sendable {
    /// The kernel's number in the families ip, ip6 and inet.
    public var rawValue: UInt32

    /// The hook with this number, which may be unknown.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Before routing.
    public static let prerouting = Self(rawValue: 0)
    /// To this host.
    public static let input = Self(rawValue: 1)
    /// Through this host.
    public static let forward = Self(rawValue: 2)
    /// From this host.
    public static let output = Self(rawValue: 3)
    /// After routing.
    public static let postrouting = Self(rawValue: 4)
    /// On a device, before all other hooks.
    public static let ingress = Self(rawValue: 5)

    private static let names = ["prerouting", "input", "forward", "output", "postrouting", "ingress"]
}

extension Hook: CustomStringConvertible {
    /// The name in nft; `hook-N` for an unknown hook.
    public var description: String {
        Int(rawValue) < Self.names.count ? Self.names[Int(rawValue)] : "hook-\(rawValue)"
    }
}
