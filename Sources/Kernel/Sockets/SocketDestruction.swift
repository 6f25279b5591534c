public import Addressing
internal import CMnl
internal import Glibc
public import Listeners
public import System

extension SocketTable {
    /// Closes connections of the network namespace of the calling thread, as `ss -K` does.
    ///
    /// The process that holds such a socket gets ECONNABORTED, and the peer a reset. A newer connection with the same
    /// addresses and ports is left alone.
    ///
    /// - Parameters:
    ///   - connections: the connections.
    ///   - transport: their protocol; a datagram socket loses its peer, and its process can connect it again.
    /// - Returns: the connections that still existed.
    /// - Throws: `permission` without CAP_NET_ADMIN; `unsupported` without CONFIG_INET_DIAG_DESTROY.
    public static func destroy(
        _ connections: [EstablishedConnection], transport: TransportProtocol = .tcp
    ) throws(KernelError) -> Set<EstablishedConnection> {
        let socket = try open()
        var ended: Set<EstablishedConnection> = []
        for connection in connections where try destroy(connection, transport, on: socket) { ended.insert(connection) }
        return ended
    }

    private static func destroy(
        _ connection: EstablishedConnection, _ transport: TransportProtocol, on socket: borrowing NetlinkSocket
    ) throws(KernelError) -> Bool {
        let sequence = socket.sequence()
        let request = SocketRequest(destroying: connection, transport: transport, sequence: sequence)
        do throws(SystemError) {
            try socket.request(request.bytes, sequence: sequence) { _ in }
            return true
        } catch {
            // The connection is gone, or a newer one has its ports.
            if [ENOENT, ESTALE].contains(error.code) { return false }
            let attempt = "closing the connection from \(connection.remote) to \(connection.local)"
            guard error.code == EOPNOTSUPP else { throw error.during(attempt) }
            throw KernelError(
                .unsupported, attempt, code: error.code, advice: "use a kernel with CONFIG_INET_DIAG_DESTROY")
        }
    }
}
