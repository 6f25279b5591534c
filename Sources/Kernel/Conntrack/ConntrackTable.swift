internal import Addressing
internal import CMnl
internal import CNftnl
internal import Glibc
public import Listeners
public import System

/// The connections that conntrack tracks in the network namespace of the calling thread.
public struct ConntrackTable: ~Copyable {
    private let socket: NetlinkSocket

    /// Opens a netfilter netlink socket.
    public init() throws(KernelError) {
        do throws(SystemError) {
            socket = try NetlinkSocket(bus: NETLINK_NETFILTER)
        } catch {
            throw error.during("opening a netfilter netlink socket")
        }
    }

    /// All connections of protocols with ports, in the kernel's order; ICMP and other protocols are left out.
    ///
    /// - Throws: `permission` without CAP_NET_ADMIN, `unsupported` if the kernel cannot list connections.
    public func connections() throws(KernelError) -> [TrackedConnection] {
        var connections: [TrackedConnection] = []
        try dump { message throws(SystemError) in
            if let connection = try TrackedConnection(message) { connections.append(connection) }
        }
        return connections
    }

    /// The same connections with their states and counters, and without their identity, which only a deletion needs.
    ///
    /// - Throws: as `connections`.
    public func flows() throws(KernelError) -> [TrackedFlow] {
        var flows: [TrackedFlow] = []
        try dump { message throws(SystemError) in
            if let flow = try TrackedFlow(message) { flows.append(flow) }
        }
        return flows
    }

    private func dump(_ body: (NetlinkMessage) throws(SystemError) -> Void) throws(KernelError) {
        let sequence = socket.sequence()
        let request = ConntrackRequest(
            IPCTNL_MSG_CT_GET, family: UInt8(AF_UNSPEC), flags: NLM_F_DUMP, sequence: sequence, attributes: [])
        do throws(SystemError) {
            try socket.request(request.bytes, sequence: sequence, body)
        } catch {
            throw Self.failure(error, "listing the connections in conntrack")
        }
    }

    /// The connections with their identities, which `flows` leaves out; those that are gone are left out.
    ///
    /// - Throws: as `connections`.
    public func identified(_ connections: [TrackedConnection]) throws(KernelError) -> [TrackedConnection] {
        let unidentified = connections.filter(\.identity.isEmpty)
        guard !unidentified.isEmpty else { return connections }
        let wanted = Set(unidentified.map(\.directions))
        let found = try self.connections().filter { wanted.contains($0.directions) }
        return connections.filter { !$0.identity.isEmpty } + found
    }

    /// Deletes a connection from conntrack; leaves a newer connection with the same addresses and ports alone.
    ///
    /// - Returns: `false` if the connection was gone.
    /// - Throws: `permission` without CAP_NET_ADMIN.
    public func delete(_ connection: TrackedConnection) throws(KernelError) -> Bool {
        precondition(!connection.identity.isEmpty, "without an identity the kernel would delete every connection")
        let sequence = socket.sequence()
        let request = ConntrackRequest(
            IPCTNL_MSG_CT_DELETE, family: UInt8(connection.original.source.address.familyNumber), flags: NLM_F_ACK,
            sequence: sequence,
            attributes: connection.identity)
        do throws(SystemError) {
            try socket.request(request.bytes, sequence: sequence) { _ in }
            return true
        } catch {
            if error.code == ENOENT { return false }
            throw Self.failure(error, "deleting the connection from \(connection.original.source) from conntrack")
        }
    }

    private static func failure(_ error: SystemError, _ attempt: String) -> KernelError {
        // The answers of nfnetlink for a missing subsystem and for one whose module cannot be loaded.
        guard [EINVAL, EOPNOTSUPP, EPROTONOSUPPORT].contains(error.code) else { return error.during(attempt) }
        return KernelError(
            .unsupported, attempt, code: error.code, answer: error.text, advice: "load the module nf_conntrack_netlink")
    }
}

/// One request to conntrack: `linux/netfilter/nfnetlink_conntrack.h`.
struct ConntrackRequest {
    /// The message with its headers.
    let bytes: [UInt8]

    init(_ type: cntl_msg_types, family: UInt8, flags: Int32, sequence: UInt32, attributes: [UInt8]) {
        var header = nlmsghdr()
        let length = MemoryLayout<nlmsghdr>.size + MemoryLayout<nfgenmsg>.size + attributes.count
        header.nlmsg_len = UInt32(length)
        header.nlmsg_type = UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(type.rawValue)
        header.nlmsg_flags = UInt16(NLM_F_REQUEST | flags)
        header.nlmsg_seq = sequence
        let netfilter = nfgenmsg(nfgen_family: family, version: UInt8(NFNETLINK_V0), res_id: 0)
        bytes = header.bytes + netfilter.bytes + attributes
    }
}
