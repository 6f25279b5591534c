public import Addressing
public import Reachability

/// Access in which a policy differs from the rulesets that it was written from.
public struct ImportDifference: Hashable, Sendable {
    /// The kinds of differences.
    public enum Kind: String, Hashable, Sendable {
        /// The policy refuses what the rulesets let in.
        case narrower
        /// The policy lets in what the rulesets refuse.
        case wider
        /// It is not known whether they differ.
        case unknown
    }

    /// What differs.
    public enum Subject: Hashable, Sendable {
        /// Whether new connections to this host are let in.
        case access
        /// The place to which a port leads: by the rulesets, and by the policy.
        case target(TargetPlace, TargetPlace)
        /// Whether connections to addresses of other hosts are translated, too.
        case elsewhere
        /// Whether packets leave under this host's address; the interfaces are those by which they leave.
        case masquerade
        /// Whether this host may begin connections: the sources are the far ends; of these users, of all if there are none.
        case outbound([SocketUser])
        /// Whether this host may reply to connections that both let in, by the dialled port.
        case replies
    }

    /// A place to which a port leads.
    public enum TargetPlace: Hashable, Sendable {
        /// A program of this host, at the port that was dialled.
        case here
        /// An address, a port, or both.
        case there(String)
        /// It is not known.
        case unknown
    }

    /// The kind.
    public var kind: Kind
    /// What differs.
    public var subject = Subject.access
    /// The protocol; `nil` for all that no rule names.
    public var transport: TransportProtocol?
    /// The ports, both ends included; all for a protocol without ports.
    public var ports: ClosedRange<UInt16>
    /// The family of the sources.
    public var family: AddressFamily
    /// The sources.
    public var sources: AddressSet
    /// The interfaces, `nil` for all that no rule names; empty for all but `lo`.
    public var interfaces: [String?]
    /// The addresses of this host; empty for all.
    public var destinations: [DestinationClass]
    /// The rule that decides in the rulesets, or in the policy if that is wider by a rule of its own.
    public var rule: RuleReference?
    /// Whether portreeve lets it in on every host.
    public var isNeeded = false
    /// The multicast or broadcast address that is dialled; `nil` for addresses of this host.
    public var group: IPAddress?
    /// The source ports, both ends included; `nil` for the range from which most clients have theirs.
    public var sourcePorts: ClosedRange<UInt16>?
    /// The rule whose limit the policy has not; `nil` for a difference of another kind.
    public var limit: String?
}
