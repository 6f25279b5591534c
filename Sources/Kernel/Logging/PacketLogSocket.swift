internal import Addressing
internal import CMnl
internal import CNftnl
internal import Glibc
public import Listeners
public import System

/// The packets that rulesets log to a group of nfnetlink_log in the network namespace of the calling thread.
///
/// One program at a time can listen to a group: `linux/netfilter/nfnetlink_log.h`.
public final class PacketLogSocket: PacketLog {
    /// Room for the packets of some seconds of a flood, in bytes.
    private static let room = 4 << 20

    private let socket: NetlinkSocket
    private let clock: () -> Int64
    private var buffer = NetlinkSocket.receiveBuffer()
    private var interfaces = InterfaceNames()
    /// The number of times that the kernel dropped packets because they were not read in time.
    private var gaps = 0
    private var unreadable = 0

    /// Listens to a group.
    ///
    /// - Parameters:
    ///   - group: the number of the group.
    ///   - clock: the time now, for packets without one.
    /// - Throws: `permission` without CAP_NET_ADMIN, `io` if another program listens to the group.
    public init(group: UInt16, clock: @escaping () -> Int64) throws(KernelError) {
        self.clock = clock
        do throws(SystemError) {
            socket = try Self.listen(to: group)
        } catch {
            throw Self.failure(error, group)
        }
    }

    private static func failure(_ error: SystemError, _ group: UInt16) -> KernelError {
        let attempt = "listening to the netlink log group \(group)"
        guard error.code == EBUSY else { return error.during(attempt) }
        return KernelError(
            .io, attempt, code: error.code, answer: "another program listens to it",
            advice: "write another \"group\" under \"defaults.log\"")
    }

    /// Opens a socket for the group: with the entries of conntrack if the kernel passes them.
    private static func listen(to group: UInt16) throws(SystemError) -> NetlinkSocket {
        do throws(SystemError) { return try listen(to: group, PacketLogRequest.conntrackFlag) } catch {
            // Without nf_conntrack_netlink.
            guard [EOPNOTSUPP, EAGAIN, EINVAL].contains(error.code) else { throw error }
            return try listen(to: group, 0)
        }
    }

    private static func listen(to group: UInt16, _ flags: UInt16) throws(SystemError) -> NetlinkSocket {
        let socket = try NetlinkSocket(bus: NETLINK_NETFILTER)
        socket.expectReplies(bytes: room)
        let sequence = socket.sequence()
        try socket.request(PacketLogRequest(group, flags, sequence).bytes, sequence: sequence) { _ in }
        return socket
    }

    /// The descriptor of the socket.
    public var descriptor: Int32 { socket.descriptor }

    /// Passes the packets since the last call to `body`.
    public func read(_ body: (LoggedPacket) -> Void) throws(KernelError) {
        while true {
            do throws(SystemError) {
                guard let messages = try socket.receive(into: &buffer, waits: false) else { return }
                for message in messages where message.type == PacketLogRequest.packetType {
                    if let packet = packet(message) { body(packet) } else { unreadable += 1 }
                }
            } catch {
                guard error.code == ENOBUFS else { throw error.during("reading the netlink log") }
                gaps += 1
            }
        }
    }

    private func packet(_ message: NetlinkMessage) -> LoggedPacket? {
        guard let attributes = message.attributes, let bytes = attributes[NFULA_PAYLOAD] else { return nil }
        // `struct nfulnl_msg_packet_timestamp`: seconds and microseconds.
        let time: UInt64? = attributes[NFULA_TIMESTAMP]?.prefix(8).bigEndian()
        let prefix = attributes.string(NFULA_PREFIX) ?? ""
        let seconds = time.flatMap { Int64(exactly: $0) } ?? clock()
        guard var packet = LoggedPacket(bytes: bytes, prefix: prefix, time: seconds) else { return nil }
        packet.arrival = attributes.u32(NFULA_IFINDEX_INDEV).map { interfaces[$0] }
        packet.departure = attributes.u32(NFULA_IFINDEX_OUTDEV).map { interfaces[$0] }
        packet.user = attributes.u32(NFULA_UID)
        let original = attributes.nest(NFULA_CT)?.nest(CTA_TUPLE_ORIG).flatMap(TrackedConnection.Direction.init)
        if let original, original.source.address == packet.source { packet.dialled = original.destination }
        return packet
    }

    /// What was dropped or could not be read.
    public var doubts: [String] {
        [
            gaps == 0 ? nil : "packets came faster than they were read, and some of them are missing",
            unreadable == 0 ? nil : "\(unreadable) logged packet\(unreadable == 1 ? "" : "s") could not be read",
        ].compactMap { $0 }
    }
}

/// The request for the packets of a group: the start of each, soon after it was logged.
private struct PacketLogRequest {
    /// The message with its headers.
    let bytes: [UInt8]

    /// The type of a message with a packet.
    static let packetType = UInt16(NFNL_SUBSYS_ULOG) << 8 | UInt16(NFULNL_MSG_PACKET.rawValue)
    /// `NFULNL_CFG_F_CONNTRACK`: each packet comes with its entry in conntrack.
    static let conntrackFlag = UInt16(NFULNL_CFG_F_CONNTRACK)

    /// Enough for the headers of IPv6 with options and the beginning of TCP, in bytes.
    private static let length: UInt32 = 192
    /// The kernel passes this many packets at once, or those of the last 100 ms, in units of 10 ms.
    private static let (count, delay): (UInt32, UInt32) = (64, 10)

    init(_ group: UInt16, _ flags: UInt16, _ sequence: UInt32) {
        var writer = AttributeWriter()
        // `struct nfulnl_msg_config_cmd`, then `struct nfulnl_msg_config_mode`.
        writer.bytes(NFULA_CFG_CMD, [UInt8(NFULNL_CFG_CMD_BIND.rawValue)])
        writer.bytes(NFULA_CFG_MODE, Self.length.bigEndianBytes + [UInt8(NFULNL_COPY_PACKET), 0])
        writer.u32(NFULA_CFG_QTHRESH, Self.count)
        writer.u32(NFULA_CFG_TIMEOUT, Self.delay)
        if flags != 0 { writer.u16(NFULA_CFG_FLAGS, flags) }
        var header = nlmsghdr()
        header.nlmsg_len = UInt32(MemoryLayout<nlmsghdr>.size + MemoryLayout<nfgenmsg>.size + writer.count)
        header.nlmsg_type = UInt16(NFNL_SUBSYS_ULOG) << 8 | UInt16(NFULNL_MSG_CONFIG.rawValue)
        header.nlmsg_flags = UInt16(NLM_F_REQUEST | NLM_F_ACK)
        header.nlmsg_seq = sequence
        let netfilter = nfgenmsg(
            nfgen_family: UInt8(AF_UNSPEC), version: UInt8(NFNETLINK_V0), res_id: group.bigEndian)
        bytes = header.bytes + netfilter.bytes + writer.bytes
    }
}
