internal import Addressing
public import Listeners
public import System

extension SocketOwners {
    /// A search for the owners of sockets of the calling thread's network namespace.
    public init() {
        self.init { (try? SocketTable.listeners()).map { Set(($0 + RawSockets.all()).map(\.inode)) } }
    }

    /// The owners of sockets of the calling thread's network namespace, by inode number, from one pass over the processes.
    static func briefly(of sockets: [Listener]) -> [UInt64: Owners] {
        guard !sockets.isEmpty else { return [:] }
        return Dictionary(Self { nil }.ownersBriefly(of: sockets).map { ($0.inode, $0.owners) }) { first, _ in first }
    }

    /// The owners of connections of the calling thread's network namespace, by inode number.
    public static func owners(of connections: [EstablishedConnection]) -> [UInt64: Owners] {
        let search = Self { (try? SocketTable.connections()).map { Set($0.map(\.inode)) } }
        // The search looks at inode numbers only: the listener's other fields do not matter.
        let sockets = connections.filter { $0.inode != 0 }.map {
            Listener(
                transport: .tcp, address: $0.local.address, port: $0.local.port, userID: $0.userID, inode: $0.inode,
                cgroup: $0.cgroup)
        }
        guard !sockets.isEmpty else { return [:] }
        return Dictionary(search.owners(of: sockets).map { ($0.inode, $0.owners) }) { first, _ in first }
    }
}
