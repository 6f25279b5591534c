internal import CMnl
internal import Glibc
public import Listeners
public import System

extension SocketTable {
    /// Ends connections of the network namespace that the calling thread is in, as `ss -K` does.
    ///
    /// Whoever holds such a socket gets ECONNABORTED, and the other end a reset. Other connections that have taken
    /// their place in the meantime are left alone.
    ///
    /// - Returns: those that were there.
    /// - Throws: `permission` without CAP_NET_ADMIN; `unsupported` without CONFIG_INET_DIAG_DESTROY.
    public static func destroy(_ connections: [EstablishedConnection]) throws(KernelError) -> Set<EstablishedConnection>
    {
        let socket = try open()
        var ended: Set<EstablishedConnection> = []
        for connection in connections where try destroy(connection, on: socket) { ended.insert(connection) }
        return ended
    }

    private static func destroy(
        _ connection: EstablishedConnection, on socket: borrowing NetlinkSocket
    ) throws(KernelError) -> Bool {
        let sequence = socket.sequence()
        let request = SocketRequest(destroying: connection, sequence: sequence)
        do throws(SystemError) {
            try socket.request(request.bytes, sequence: sequence) { _ in }
            return true
        } catch {
            // Gone, or another has its ports.
            if [ENOENT, ESTALE].contains(error.code) { return false }
            let attempt = "ending the connection of \(connection.remote) with \(connection.local)"
            guard error.code == EOPNOTSUPP else { throw error.during(attempt) }
            throw KernelError(
                .unsupported, attempt, code: error.code, advice: "a kernel with CONFIG_INET_DIAG_DESTROY is needed")
        }
    }
}
