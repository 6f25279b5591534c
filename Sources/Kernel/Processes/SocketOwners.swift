internal import Addressing
internal import Glibc
public import Listeners

/// Finds the processes that hold sockets.
///
/// A socket carries the cgroup that it was made in, and the processes of the unit that this is part of are looked at.
/// That is not enough for a socket that the service manager holds, or that was made where nothing is known of its users:
/// for these, and for sockets that nobody was found to hold, every process of the host is looked at.
///
/// A process that got a socket from one of another unit (over a Unix socket, or by being moved to another cgroup) is not
/// named while somebody in the unit where it was made holds it, too; nor is one that may not be looked at.
public struct SocketOwners {
    private let proc: String
    private let cgroups: String?
    private let inodes: () -> Set<UInt64>?

    /// Owners among the processes that this one sees.
    public init() {
        let proc = "/proc"
        self.init(proc: proc, cgroups: CgroupTree.mountPoint(proc: proc)) {
            (try? SocketTable.listeners()).map { Set($0.map(\.inode)) }
        }
    }

    /// The owners of connections, by inode number; these are of the calling thread's network namespace.
    public static func owners(of connections: [EstablishedConnection]) -> [UInt64: Owners] {
        let proc = "/proc"
        let search = Self(proc: proc, cgroups: CgroupTree.mountPoint(proc: proc)) {
            (try? SocketTable.connections()).map { Set($0.map(\.inode)) }
        }
        // To look for the owners of a socket, it does not matter what the socket does.
        let sockets = connections.filter { $0.inode != 0 }.map {
            Listener(
                transport: .tcp, address: $0.local.address, port: $0.local.port, userID: $0.userID, inode: $0.inode,
                cgroup: $0.cgroup)
        }
        guard !sockets.isEmpty else { return [:] }
        return Dictionary(search.owners(of: sockets).map { ($0.inode, $0.owners) }) { first, _ in first }
    }

    /// Owners among the processes below `proc`; `inodes` lists the sockets that still listen.
    init(proc: String, cgroups: String?, inodes: @escaping () -> Set<UInt64>?) {
        self.proc = proc
        self.cgroups = cgroups
        self.inodes = inodes
    }

    /// The same listeners with their owners; they are of the calling thread's network namespace.
    public func owners(of listeners: [Listener]) -> [Listener] {
        var search = OwnerSearch(proc: proc, cgroups: CgroupTree(root: cgroups))
        search.run(for: listeners)
        search.repeatThoroughly()
        let doubt = Self.doubt(about: search, inodes)
        return listeners.map { listener in
            var listener = listener
            listener.owners = search.owners(of: listener.inode, doubt: doubt)
            return listener
        }
    }

    /// Why a socket that nobody was found to hold may have an owner all the same; `nil` if the kernel itself holds it.
    private static func doubt(
        about search: OwnerSearch, _ inodes: () -> Set<UInt64>?
    ) -> (UInt64) -> String? {
        guard !search.isComplete else { return { _ in nil } }
        let general = search.doubt()
        guard let remaining = inodes() else { return { _ in general ?? "the sockets could not be listed once more" } }
        return { remaining.contains($0) ? general : "it was closed during the search" }
    }
}
