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

    /// Owners among the processes that this one sees; `inodes` lists the sockets that there still are, or `nil`.
    public init(inodes: @escaping () -> Set<UInt64>?) {
        let proc = "/proc"
        self.init(proc: proc, cgroups: CgroupTree.mountPoint(proc: proc), inodes: inodes)
    }

    /// Owners among the processes below `proc`; `inodes` lists the sockets that still listen.
    init(proc: String, cgroups: String?, inodes: @escaping () -> Set<UInt64>?) {
        self.proc = proc
        self.cgroups = cgroups
        self.inodes = inodes
    }

    /// The same listeners with their owners; they are of the network namespace whose sockets `inodes` lists.
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
