internal import Glibc
public import Listeners

/// Finds the processes that hold sockets.
///
/// A socket carries the id of the cgroup in which it was made; the processes of that cgroup's unit are searched first.
/// All processes of the host are searched for sockets that the service manager holds, sockets without a known unit, and
/// sockets without a holder in their unit.
///
/// A process that received a socket from another unit (over a Unix socket, or by a move to another cgroup) is missed as
/// long as a process of the unit in which the socket was made holds it too; so is a process that may not be read.
public struct SocketOwners {
    private let proc: String
    private let cgroups: String?
    private let inodes: () -> Set<UInt64>?

    /// Searches the processes that are visible to this one; `inodes` lists the sockets that exist, or returns `nil`.
    public init(inodes: @escaping () -> Set<UInt64>?) {
        let proc = "/proc"
        self.init(proc: proc, cgroups: CgroupTree.mountPoint(proc: proc), inodes: inodes)
    }

    /// Searches the processes in `proc`; `inodes` lists the sockets that exist.
    init(proc: String, cgroups: String?, inodes: @escaping () -> Set<UInt64>?) {
        self.proc = proc
        self.cgroups = cgroups
        self.inodes = inodes
    }

    /// The listeners with their owners; they must be of the network namespace whose sockets `inodes` lists.
    ///
    /// Only the holders of the sockets with the inode numbers `identified` are identified, if these are given: it takes as long as to
    /// find them. The owners of other sockets with a holder are `notAsked`.
    public func owners(of listeners: [Listener], identifying identified: Set<UInt64>? = nil) -> [Listener] {
        var search = OwnerSearch(proc: proc, cgroups: CgroupTree(root: cgroups), identifying: identified)
        search.run(for: listeners)
        search.repeatThoroughly()
        return Self.owned(listeners, search, Self.doubt(about: search, inodes))
    }

    /// The same sockets with the owners that one pass finds, for tens of thousands of connections that come and go.
    ///
    /// A socket whose holder was not found has unknown owners: a thread may hold it that shares no descriptors with its process.
    public func ownersBriefly(of listeners: [Listener]) -> [Listener] {
        var search = OwnerSearch(proc: proc, cgroups: CgroupTree(root: cgroups))
        search.run(for: listeners)
        let general = search.isComplete ? nil : search.doubt()
        return Self.owned(listeners, search) { _ in general ?? "no process was found in one pass" }
    }

    private static func owned(
        _ listeners: [Listener], _ search: OwnerSearch, _ doubt: (UInt64) -> String?
    ) -> [Listener] {
        listeners.map { listener in
            var listener = listener
            listener.owners = search.owners(of: listener.inode, doubt: doubt)
            return listener
        }
    }

    /// The reason why a socket without a holder may still have an owner; `nil` if the kernel itself holds it.
    private static func doubt(
        about search: OwnerSearch, _ inodes: () -> Set<UInt64>?
    ) -> (UInt64) -> String? {
        guard !search.isComplete else { return { _ in nil } }
        let general = search.doubt()
        guard let remaining = inodes() else { return { _ in general ?? "the sockets could not be listed again" } }
        return { remaining.contains($0) ? general : "it was closed during the search" }
    }
}
