public import Addressing

/// A connection that conntrack knows, of this host or of those that it forwards for.
public struct TrackedConnection: Hashable, Sendable {
    /// What packets of one direction carry.
    public struct Direction: Hashable, Sendable {
        /// Who sends them.
        public var source: Endpoint
        /// To whom.
        public var destination: Endpoint

        /// A direction of these ends.
        public init(from source: Endpoint, to destination: Endpoint) {
            self.source = source
            self.destination = destination
        }
    }

    /// The protocol.
    public var transport: TransportProtocol
    /// What the first packet carried, before any translation.
    public var original: Direction
    /// What the answers carry, before any translation: the mirror of `original` where nothing is translated.
    public var reply: Direction
    /// Whether bytes can pass without the ruleset's being asked for a new connection: both sides have spoken, and, for
    /// TCP, not both have ended.
    public var isEstablished: Bool
    /// Whether its destination was translated: `IPS_DST_NAT`.
    public var isRedirected: Bool
    /// Whether conntrack came in the middle, so that the one who spoke next counts as the one who began.
    public var isPickedUp: Bool
    /// When it began, in seconds since 1970-01-01T00:00:00Z; `nil` unless `nf_conntrack_timestamp` is set.
    public var start: Int64?
    /// The attributes by which the kernel finds exactly this entry again.
    public var identity: [UInt8]

    /// A connection of these parts.
    public init(
        transport: TransportProtocol, original: Direction, reply: Direction, isEstablished: Bool = true,
        isRedirected: Bool = false, isPickedUp: Bool = false, start: Int64? = nil, identity: [UInt8] = []
    ) {
        self.transport = transport
        self.original = original
        self.reply = reply
        self.isEstablished = isEstablished
        self.isRedirected = isRedirected
        self.isPickedUp = isPickedUp
        self.start = start
        self.identity = identity
    }
}
