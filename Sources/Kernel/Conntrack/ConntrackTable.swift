internal import Addressing
internal import CMnl
internal import CNftnl
internal import Glibc
public import Listeners
public import System

/// The connections that conntrack follows in the network namespace that the calling thread is in.
public struct ConntrackTable: ~Copyable {
    private let socket: NetlinkSocket

    /// Opens the table.
    public init() throws(KernelError) {
        do throws(SystemError) {
            socket = try NetlinkSocket(bus: NETLINK_NETFILTER)
        } catch {
            throw error.during("opening a netfilter netlink socket")
        }
    }

    /// Every connection of a protocol that has ports, in the kernel's order; those of ICMP and others are left out.
    ///
    /// - Throws: `permission` without CAP_NET_ADMIN, `unsupported` when the kernel has no conntrack to ask.
    public func connections() throws(KernelError) -> [TrackedConnection] {
        var connections: [TrackedConnection] = []
        let sequence = socket.sequence()
        let request = ConntrackRequest(
            IPCTNL_MSG_CT_GET, family: UInt8(AF_UNSPEC), flags: NLM_F_DUMP, sequence: sequence, attributes: [])
        do throws(SystemError) {
            try socket.request(request.bytes, sequence: sequence) { message throws(SystemError) in
                if let connection = try TrackedConnection(message) { connections.append(connection) }
            }
        } catch {
            throw Self.failure(error, "listing the connections that conntrack follows")
        }
        return connections
    }

    /// Makes conntrack forget a connection, and no other that has taken its place.
    ///
    /// - Returns: whether it was there.
    /// - Throws: `permission` without CAP_NET_ADMIN.
    public func delete(_ connection: TrackedConnection) throws(KernelError) -> Bool {
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
            throw Self.failure(error, "deleting a connection of \(connection.original.source) from conntrack")
        }
    }

    private static func failure(_ error: SystemError, _ attempt: String) -> KernelError {
        // What nfnetlink answers for a subsystem that is not there, and for one whose module cannot be loaded.
        guard [EINVAL, EOPNOTSUPP, EPROTONOSUPPORT].contains(error.code) else { return error.during(attempt) }
        return KernelError(
            .unsupported, attempt, code: error.code, answer: error.text, advice: "load the module nf_conntrack_netlink")
    }
}

/// One message to conntrack: `linux/netfilter/nfnetlink_conntrack.h`.
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
        var netfilter = nfgenmsg(nfgen_family: family, version: UInt8(NFNETLINK_V0), res_id: 0)
        bytes =
            unsafe withUnsafeBytes(of: &header) { unsafe Array($0) }
            + withUnsafeBytes(of: &netfilter) { unsafe Array($0) } + attributes
    }
}
