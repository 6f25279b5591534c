internal import Addressing
public import Listeners
public import System

extension SocketOwners {
    /// Owners of the listening sockets of the calling thread's network namespace.
    public init() {
        self.init { (try? SocketTable.listeners()).map { Set($0.map(\.inode)) } }
    }

    /// The owners of connections, by inode number; these are of the calling thread's network namespace.
    public static func owners(of connections: [EstablishedConnection]) -> [UInt64: Owners] {
        let search = Self { (try? SocketTable.connections()).map { Set($0.map(\.inode)) } }
        // To look for the owners of a socket, it does not matter what the socket does.
        let sockets = connections.filter { $0.inode != 0 }.map {
            Listener(
                transport: .tcp, address: $0.local.address, port: $0.local.port, userID: $0.userID, inode: $0.inode,
                cgroup: $0.cgroup)
        }
        guard !sockets.isEmpty else { return [:] }
        return Dictionary(search.owners(of: sockets).map { ($0.inode, $0.owners) }) { first, _ in first }
    }
}
