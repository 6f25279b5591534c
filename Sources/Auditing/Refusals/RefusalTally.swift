public import Addressing
public import Compiler
public import Listeners

/// Refused packets, counted by who knocked where; its size is bounded, whatever is logged.
public struct RefusalTally: Sendable {
    /// What packets that are counted together have in common.
    public struct Knock: Hashable, Sendable {
        /// What portreeve's table said of them.
        public let prefix: LogPrefix
        /// Where they were going.
        public let direction: LiveConnection.Direction
        /// The source.
        public let source: IPAddress
        /// The destination where they were logged.
        public let destination: IPAddress
        /// The protocol.
        public let transport: TransportProtocol
        /// The port where they were logged; `nil` for none, or if it is not known.
        public let port: UInt16?
        /// The port that the client dialled, of packets that were redirected; `nil` if it is not known.
        public let dialledPort: UInt16?
        /// The type of a message of ICMP.
        public let messageType: UInt8?
        /// The interface that they arrived by; empty for packets of this host.
        public let interface: String
        /// The number of the user of their socket, of packets of this host; `nil` if it was not logged.
        public let user: UInt32?
        /// Whether they look like late answers to a connection that this host began.
        public let isLate: Bool
    }

    /// How often, and when.
    public struct Count: Hashable, Sendable {
        /// The number of packets.
        public var packets = 0
        /// The time of the first one in seconds since 1970-01-01T00:00:00Z.
        public var first: Int64
        /// The time of the last one.
        public var last: Int64

        mutating func add(_ time: Int64) {
            packets += 1
            (first, last) = (min(first, time), max(last, time))
        }

        /// The packets of both.
        func adding(_ other: Count) -> Count {
            var sum = self
            sum.packets += other.packets
            (sum.first, sum.last) = (min(first, other.first), max(last, other.last))
            return sum
        }
    }

    /// Beyond so many knocks, the half that is heard of longest ago is forgotten.
    static let most = 8192

    /// The counts.
    public private(set) var counts: [Knock: Count] = [:]
    /// The number of packets whose knocks were forgotten.
    public private(set) var forgotten = 0

    /// No packets.
    public init() {}

    /// The number of packets, also of those that were forgotten.
    public var packets: Int { counts.values.reduce(forgotten) { $0 + $1.packets } }

    /// Counts a packet, unless its prefix is not one of a refusal.
    public mutating func add(_ packet: LoggedPacket) {
        guard let knock = Knock(packet) else { return }
        if counts[knock] == nil && counts.count >= Self.most { forget() }
        counts[knock, default: Count(first: packet.time, last: packet.time)].add(packet.time)
    }

    private mutating func forget() {
        let times = counts.values.map(\.last).sorted()
        let middle = times[times.count / 2]
        // Many may have come in one second.
        var excess = counts.count - Self.most / 2
        for (knock, count) in counts where count.last <= middle && excess > 0 {
            counts[knock] = nil
            forgotten += count.packets
            excess -= 1
        }
    }
}

extension RefusalTally.Knock {
    /// The knock of a packet; `nil` if the packet was not refused, as far as its prefix says.
    init?(_ packet: LoggedPacket) {
        guard let prefix = LogPrefix(packet.prefix) else { return nil }
        if case .accepted = prefix { return nil }
        self.prefix = prefix
        direction = packet.direction
        (source, destination, transport) = (packet.source, packet.destination, packet.transport)
        (port, messageType) = (packet.port, packet.messageType)
        dialledPort = packet.direction == .forwarded ? packet.dialled?.port : packet.port
        interface = packet.arrival ?? ""
        user = packet.direction == .outbound ? packet.user : nil
        isLate = packet.isMidway || Self.looksLikeAnswer(packet)
    }

    /// Whether a datagram comes from the port of a service and goes to one that the kernel gives to clients.
    private static func looksLikeAnswer(_ packet: LoggedPacket) -> Bool {
        // The ports of services, RFC 6335 6, and the lower end of Linux's range for clients.
        let (services, clients): (ClosedRange<UInt16>, ClosedRange<UInt16>) = (1...1023, 32768...UInt16.max)
        guard packet.transport != .tcp, let from = packet.sourcePort, let to = packet.port else { return false }
        return services.contains(from) && clients.contains(to)
    }

    /// The port that the policy decides on; `nil` for none, or if it is not known.
    public var decidedPort: UInt16? { direction == .outbound ? port : dialledPort }
}
