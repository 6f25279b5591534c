internal import Addressing
internal import CMnl
internal import Glibc
public import Listeners

/// The listening sockets of a network namespace, from sock_diag(7).
public enum SocketTable {
    /// Errors by which a kernel says that it does not have a protocol.
    private static let absences: Set<Int32> = [ENOENT, EOPNOTSUPP, EPROTONOSUPPORT, EAFNOSUPPORT]

    /// The listeners of the namespace that the calling thread is in, by protocol, port and address; nobody is asked who holds
    /// them.
    ///
    /// States are filtered in the kernel, so that established connections cost nothing.
    public static func listeners() throws(KernelError) -> [Listener] {
        let attempt = "reading the listening sockets"
        do throws(SystemError) {
            let socket = try NetlinkSocket(bus: NETLINK_SOCK_DIAG)
            var listeners: [Listener] = []
            for transport in TransportProtocol.allCases {
                for family in [AF_INET, AF_INET6] {
                    do throws(SystemError) { listeners += try dump(transport, family, socket) } catch {
                        guard absences.contains(error.code) else { throw error }
                    }
                }
            }
            return listeners.sorted { $0.order < $1.order }
        } catch { throw KernelError(.io, attempt, code: error.code, answer: error.text) }
    }

    private static func dump(
        _ transport: TransportProtocol, _ family: Int32, _ socket: borrowing NetlinkSocket
    ) throws(SystemError) -> [Listener] {
        var listeners: [Listener] = []
        let sequence = socket.sequence()
        let request = SocketMessage.request(transport, family: family, sequence: sequence)
        try socket.request(request, sequence: sequence) { message throws(SystemError) in
            if let listener = SocketMessage.listener(message, transport) { listeners.append(listener) }
        }
        return listeners
    }
}

extension Listener {
    /// The order in which listeners are reported.
    fileprivate var order: (UInt8, UInt16, String, UInt64) { (transport.rawValue, port, "\(address)", inode) }
}
