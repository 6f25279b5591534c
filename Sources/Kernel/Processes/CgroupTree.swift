internal import Glibc

/// The directories of cgroup2 by the ids that sockets carry: `cgroups(7)`.
struct CgroupTree {
    private var paths: [UInt64: String] = [:]
    /// The directories of the system's and the users' service managers, which keep sockets for their services.
    private(set) var managers: [String] = []

    /// The name of the cgroup that systemd keeps itself in.
    private static let managerName = "init.scope"
    /// What systemd puts behind the name of a unit that listens for a service: `systemd.socket(5)`.
    private static let socketSuffix = ".socket"

    /// Walks through the tree below `root`; empty when there is none.
    init(root: String?) {
        guard let root else { return }
        walk(root)
    }

    /// The directory of a cgroup whose processes alone hold the sockets that are made in it.
    ///
    /// - Returns: `nil` if the cgroup is not there any more, and for the ones whose sockets others hold: the root,
    ///   in which sockets are made before anything else is up, and those of service managers and socket units.
    func home(of cgroup: UInt64?) -> String? {
        guard let path = cgroup.flatMap({ paths[$0] }) else { return nil }
        return path.hasSuffix("/" + Self.managerName) || path.hasSuffix(Self.socketSuffix) ? nil : path
    }

    /// The processes in a cgroup; `nil` if they cannot be read, as in a threaded cgroup.
    static func processes(in path: String) -> [Int32]? {
        // A process of another pid namespace is listed as 0.
        let pids = ProcFile.text("\(path)/cgroup.procs")?.split(separator: "\n").map { Int32($0) ?? 0 }
        guard let pids, !pids.contains(0) else { return nil }
        return pids
    }

    private mutating func walk(_ path: String) {
        guard let directory = Directory(path) else { return }
        while let entry = directory.next() {
            guard entry.isDirectory, entry.name != ".", entry.name != ".." else { continue }
            let child = "\(path)/\(entry.name)"
            paths[entry.inode] = child
            if entry.name == Self.managerName { managers.append(child) }
            walk(child)
        }
    }

    /// Where cgroup2 is mounted, as `/proc/self/mountinfo` says; `nil` if it is not.
    static func mountPoint(proc: String) -> String? {
        let lines = ProcFile.text("\(proc)/self/mountinfo")?.split(separator: "\n") ?? []
        for line in lines {
            // `man 5 proc_pid_mountinfo`: the mount point is the fifth, the type the first behind the dash.
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count, dash > 4 else { continue }
            if fields[dash + 1] == "cgroup2" { return String(fields[4]) }
        }
        return nil
    }
}
