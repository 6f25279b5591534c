internal import Glibc

/// The units of the host by the ids of the cgroups that sockets carry: `cgroups(7)`.
///
/// A unit is what is directly below the slices, and what it has below itself: a service, or all of a user's session.
struct CgroupTree {
    /// The directories of each unit, by its own.
    private var directories: [String: [String]] = [:]
    /// The unit of each cgroup.
    private var units: [UInt64: String] = [:]

    /// What systemd calls the cgroup that it keeps itself in, and a unit that listens for a service.
    private static let manager = "init.scope"
    private static let (sliceSuffix, socketSuffix) = (".slice", ".socket")

    /// Walks through the tree below `root`; empty when there is none.
    init(root: String?) {
        if let root { walk(root, unit: nil) }
    }

    /// The unit whose processes alone hold the sockets that are made in a cgroup.
    ///
    /// - Returns: `nil` if the cgroup is not there any more, and for the ones whose sockets others hold: the root and
    ///   the slices, which belong to nobody, and those of the service manager and of socket units.
    func unit(of cgroup: UInt64?) -> String? {
        guard let unit = cgroup.flatMap({ units[$0] }) else { return nil }
        return unit.hasSuffix("/" + Self.manager) || unit.hasSuffix(Self.socketSuffix) ? nil : unit
    }

    /// The processes of a unit; `nil` if not all of them can be read, as in a threaded cgroup.
    func processes(of unit: String) -> [Int32]? {
        var processes: [Int32] = []
        for directory in directories[unit] ?? [] {
            guard let list = ProcFile.text("\(directory)/cgroup.procs") else { return nil }
            // A process of another pid namespace is listed as 0.
            let pids = list.split(separator: "\n").map { Int32($0) ?? 0 }
            guard !pids.contains(0) else { return nil }
            processes += pids
        }
        return processes
    }

    private mutating func walk(_ path: String, unit: String?) {
        guard var directory = Directory(path) else { return }
        while let entry = directory.next() {
            guard entry.isDirectory, entry.name != ".", entry.name != ".." else { continue }
            let child = "\(path)/\(entry.name)"
            let own = unit ?? (entry.name.hasSuffix(Self.sliceSuffix) ? nil : child)
            if let own {
                units[entry.inode] = own
                directories[own, default: []].append(child)
            }
            walk(child, unit: own)
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
