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

    /// The kind.
    public var kind: Kind
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
    /// The rule whose limit the policy has not; `nil` for a difference of another kind.
    public var limit: String?
}
