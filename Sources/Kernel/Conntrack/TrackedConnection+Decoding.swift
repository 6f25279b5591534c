internal import Addressing
internal import CNftnl
internal import Glibc
internal import Listeners
internal import System

extension TrackedConnection {
    /// Decodes an entry; `nil` if its protocol has no ports.
    init?(_ message: NetlinkMessage) throws(SystemError) {
        guard let attributes = message.attributes else { throw .malformed("a malformed conntrack entry") }
        try self.init(attributes)
        identity = attributes.keeping { Self.identifying.contains($0.type) }.bytes
    }

    /// Decodes an entry, without its identity; `nil` if its protocol has no ports.
    fileprivate init?(_ attributes: Attributes) throws(SystemError) {
        guard let original = attributes.nest(CTA_TUPLE_ORIG), let reply = attributes.nest(CTA_TUPLE_REPLY),
            let number = original.nest(CTA_TUPLE_PROTO)?.u8(CTA_PROTO_NUM)
        else { throw .malformed("a conntrack entry without its addresses and ports") }
        let transport = TransportProtocol(rawValue: number)
        guard transport.hasPorts else { return nil }
        guard let forth = Direction(original), let back = Direction(reply) else {
            throw .malformed("a conntrack entry with addresses that are not IP addresses")
        }
        let status = attributes.u32(CTA_STATUS) ?? 0
        let state = transport == .tcp ? TCPState(attributes) : nil
        self.init(
            transport: transport, original: forth, reply: back,
            isEstablished: status & IPS_SEEN_REPLY.rawValue != 0 && state?.isEstablished ?? true,
            isRedirected: status & IPS_DST_NAT.rawValue != 0, isPickedUp: state?.isPickedUp ?? false,
            start: attributes.nest(CTA_TIMESTAMP)?.u64(CTA_TIMESTAMP_START).map { Int64($0 / 1_000_000_000) })
        isOpen = isEstablished && state?.isOpen == true
        labels = attributes[CTA_LABELS].map(Array.init) ?? []
    }

    /// The attributes that identify an entry for deletion: addresses and ports, zone, and the id that the kernel gave
    /// it.
    private static let identifying: AttributeTypes = [CTA_TUPLE_ORIG, CTA_ZONE, CTA_ID]
}

extension TrackedFlow {
    /// Decodes an entry; `nil` if its protocol has no ports.
    init?(_ message: NetlinkMessage) throws(SystemError) {
        guard let attributes = message.attributes else { throw .malformed("a malformed conntrack entry") }
        guard let connection = try TrackedConnection(attributes) else { return nil }
        let isAnswered = (attributes.u32(CTA_STATUS) ?? 0) & IPS_SEEN_REPLY.rawValue != 0
        let tcp = connection.transport == .tcp ? TCPState(attributes) : nil
        let state: ConnectionState? = tcp.map(\.state) ?? (isAnswered ? .established : .new)
        self.init(connection, state: state, bytes: Self.bytes(attributes))
    }

    /// The bytes of packets, as the end that did not begin the connection received and sent them.
    private static func bytes(_ attributes: Attributes) -> ByteCount? {
        guard let forth = attributes.nest(CTA_COUNTERS_ORIG)?.u64(CTA_COUNTERS_BYTES),
            let back = attributes.nest(CTA_COUNTERS_REPLY)?.u64(CTA_COUNTERS_BYTES)
        else { return nil }
        return ByteCount(received: forth, sent: back)
    }
}

extension TrackedConnection.Direction {
    /// Decodes `CTA_TUPLE_…`.
    init?(_ tuple: Attributes) {
        guard let addresses = tuple.nest(CTA_TUPLE_IP), let ports = tuple.nest(CTA_TUPLE_PROTO),
            let source: UInt16 = ports[CTA_PROTO_SRC_PORT]?.bigEndian(),
            let destination: UInt16 = ports[CTA_PROTO_DST_PORT]?.bigEndian()
        else { return nil }
        if let from = addresses.u32(CTA_IP_V4_SRC), let to = addresses.u32(CTA_IP_V4_DST) {
            self.init(from: Endpoint(.ipv4(from), source), to: Endpoint(.ipv4(to), destination))
        } else if let from: UInt128 = addresses[CTA_IP_V6_SRC]?.bigEndian(),
            let to: UInt128 = addresses[CTA_IP_V6_DST]?.bigEndian()
        {
            self.init(from: Endpoint(.ipv6(from), source), to: Endpoint(.ipv6(to), destination))
        } else {
            return nil
        }
    }
}

/// The state of a TCP connection in conntrack.
private struct TCPState {
    /// Whether data has passed in at least one direction.
    let isEstablished: Bool
    /// Whether conntrack first saw the connection after its handshake; only then does it accept any TCP window.
    let isPickedUp: Bool
    /// Whether neither end has sent FIN or RST.
    let isOpen: Bool
    /// The state; `nil` for a connection that is over.
    let state: ConnectionState?

    private static let states: [UInt32: ConnectionState] = [
        TCP_CONNTRACK_SYN_SENT.rawValue: .synSent, TCP_CONNTRACK_SYN_RECV.rawValue: .synReceived,
        TCP_CONNTRACK_ESTABLISHED.rawValue: .established, TCP_CONNTRACK_FIN_WAIT.rawValue: .finWait,
        TCP_CONNTRACK_CLOSE_WAIT.rawValue: .closeWait, TCP_CONNTRACK_LAST_ACK.rawValue: .lastAck,
        // Both ends sent a SYN at the same time: `TCP_CONNTRACK_SYN_SENT2`.
        TCP_CONNTRACK_LISTEN.rawValue: .synSent,
    ]
    private static let established = [TCP_CONNTRACK_ESTABLISHED, TCP_CONNTRACK_FIN_WAIT, TCP_CONNTRACK_CLOSE_WAIT]

    init?(_ attributes: Attributes) {
        guard let nest = attributes.nest(CTA_PROTOINFO)?.nest(CTA_PROTOINFO_TCP),
            let state = nest.u8(CTA_PROTOINFO_TCP_STATE)
        else { return nil }
        self.state = Self.states[UInt32(state)]
        isOpen = UInt32(state) == TCP_CONNTRACK_ESTABLISHED.rawValue
        isEstablished = Self.established.contains { $0.rawValue == UInt32(state) }
        // `struct nf_ct_tcp_flags`: one byte of flags, one of mask.
        let flags = nest[CTA_PROTOINFO_TCP_FLAGS_ORIGINAL]?.first ?? 0
        isPickedUp = Int32(flags) & IP_CT_TCP_FLAG_BE_LIBERAL != 0
    }
}
