internal import Addressing
public import Listeners

extension OutboundCall {
    /// The same connection, if it began now.
    ///
    /// - Parameters:
    ///   - connection: a connection that this host began.
    ///   - interface: the interface of the route to its destination; `nil` if that is not known.
    public init(_ connection: LiveConnection, interface: String?) {
        let session = connection.session
        self.init(
            session.transport, to: session.dialled.address, port: session.transport.hasPorts ? session.dialled.port : 0,
            user: Self.user(connection), sourcePort: session.client.port,
            interface: session.interface ?? interface)
    }

    /// A socket without an inode has no process any more, and its user is not known.
    private static func user(_ connection: LiveConnection) -> User {
        if let socket = connection.session.socket {
            return socket.inode == 0 && socket.userID == 0 ? .unknown : .number(socket.userID)
        }
        let numbers = Set(connection.receivers.map(\.userID))
        guard numbers.count == 1, let number = numbers.first else { return .unknown }
        return .number(number)
    }

    /// The line of `outbound` that would let it out, as a policy writes it.
    ///
    /// - Parameter user: the name of the user; `nil` to leave it out.
    /// - Returns: the ports, the destination and the user in braces.
    public func suggestion(user: String?) -> String {
        let ports = transport.hasPorts ? "ports: \(port)/\(transport.name)" : "protocols: \(transport.name)"
        let to = destination.family == .ipv6 ? "\"\(destination)\"" : "\(destination)"
        return "{\(ports), to: \(to)" + (user.map { ", user: \($0)" } ?? "") + "}"
    }
}
