internal import Glibc

/// The units of the host by the ids of their cgroups, which sockets carry: `cgroups(7)`.
///
/// A unit is a cgroup directly below the slices with all cgroups below it: a service, or a user's whole session.
struct CgroupTree {
    /// The directories of each unit, by the unit's own directory.
    private var directories: [String: [String]] = [:]
    /// The unit of each cgroup id.
    private var units: [UInt64: String] = [:]

    /// systemd's names for its own cgroup, for slices, and for units that listen for a service.
    private static let manager = "init.scope"
    private static let (sliceSuffix, socketSuffix) = (".slice", ".socket")

    /// Reads the tree below `root`; empty if there is none.
    init(root: String?) {
        if let root { walk(root, unit: nil) }
    }

    /// The unit whose processes alone hold the sockets made in a cgroup.
    ///
    /// - Returns: `nil` if the cgroup is gone, and for cgroups whose sockets other processes hold: the root, the
    ///   slices, the service manager and socket units.
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
            let pids = list.utf8.split(separator: UInt8(ascii: "\n")).map { Int32(Substring($0)) ?? 0 }
            guard !pids.contains(0) else { return nil }
            processes += pids
        }
        return processes
    }

    private mutating func walk(_ path: String, unit: String?) {
        guard var directory = try? Directory(path) else { return }
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

    /// The mount point of cgroup2 in `/proc/self/mountinfo`; `nil` if it is not mounted.
    static func mountPoint(proc: String) -> String? {
        let text = ProcFile.text("\(proc)/self/mountinfo") ?? ""
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            // proc_pid_mountinfo(5): the mount point is the fifth field, the type the first one after the dash.
            let fields = line.split(separator: UInt8(ascii: " "))
            guard let dash = fields.firstIndex(where: { $0.elementsEqual("-".utf8) }), dash + 1 < fields.count, dash > 4
            else { continue }
            if fields[dash + 1].elementsEqual("cgroup2".utf8) { return String(Substring(fields[4])) }
        }
        return nil
    }
}
