internal import Glibc
public import Listeners

/// Finds out who holds sockets.
///
/// A socket's cgroup leads to the few processes that are likely to hold it; only what that leaves unexplained costs a walk of
/// every process's descriptors. The first process, which holds the sockets that it starts services for, is always looked at.
/// A holder in another cgroup than the socket's is found only by the walk.
public struct SocketOwners {
    /// The inode number of the first pid namespace, `PROC_PID_INIT_INO` of the kernel.
    private static let firstNamespace = "pid:[4026531836]"

    /// A search that has not begun.
    public init() {}

    /// The listeners with their owners.
    public func owners(of listeners: [Listener]) -> [Listener] {
        let wanted = Set(listeners.map(\.inode).filter { $0 != 0 })
        var holders = SocketHolders(wanted: wanted)
        if !wanted.isEmpty {
            holders.look(at: 1, enough: wanted)
            lookInControlGroups(listeners, &holders)
            if !holders.missing.isEmpty {
                for process in SocketHolders.allProcesses { holders.look(at: process, enough: wanted) }
            }
        }
        var processes: [Int32: SocketProcess] = [:]
        return listeners.map { listener in
            var known = listener
            known.owners = owners(of: listener, holders, &processes)
            return known
        }
    }

    private func lookInControlGroups(_ listeners: [Listener], _ holders: inout SocketHolders) {
        let groups = Dictionary(grouping: listeners.filter { $0.cgroup != nil && $0.inode != 0 }) { $0.cgroup ?? 0 }
        guard !groups.isEmpty else { return }
        let tree = ControlGroups()
        for (cgroup, members) in groups {
            let own = Set(members.map(\.inode))
            for process in tree.processes(of: cgroup) { holders.look(at: process, enough: own) }
        }
    }

    private func owners(
        of listener: Listener, _ holders: SocketHolders, _ processes: inout [Int32: SocketProcess]
    ) -> Owners {
        if listener.inode == 0 { return .kernel }
        guard let found = holders.processes[listener.inode] else { return absence(holders) }
        return .processes(
            found.map { pid in
                if let process = processes[pid] { return process }
                let process = SocketProcess(reading: pid)
                processes[pid] = process
                return process
            })
    }

    /// What it means that nobody was found.
    private func absence(_ holders: SocketHolders) -> Owners {
        if !holders.denied.isEmpty {
            return .unknown("the descriptors of \(holders.denied.count) processes may not be read: run as root")
        }
        if geteuid() != 0 { return .unknown("no process that this user can see holds it: run as root") }
        guard case .success(Self.firstNamespace) = ProcessFiles.target(of: "/proc/self/ns/pid") else {
            return .unknown("its process may be in another pid namespace: run on the host itself")
        }
        return .kernel
    }
}

extension SocketProcess {
    /// Reads what /proc tells of a process.
    init(reading pid: Int32) {
        let folder = "/proc/\(pid)"
        let deletion = " (deleted)"
        let link = try? ProcessFiles.target(of: "\(folder)/exe").get()
        let isDeleted = link?.hasSuffix(deletion) ?? false
        let executable = link.map { isDeleted ? String($0.dropLast(deletion.count)) : $0 }
        let names = ControlGroups.names(in: Self.controlGroup(of: folder))
        let user = Self.userID(of: folder).map(ProcessFiles.userName)
        // The name that a process gave itself serves only where nothing better is to be had.
        let given = ProcessFiles.text(of: "\(folder)/comm")?.split(separator: "\n").first.map(String.init)
        let name = executable?.split(separator: "/").last.map(String.init) ?? given ?? "process"
        self.init(
            pid: pid, name: name, executable: executable, isDeleted: isDeleted, unit: names.unit,
            container: names.container, user: user)
    }

    /// The path in the version 2 tree, or in systemd's own of version 1.
    private static func controlGroup(of folder: String) -> String {
        let lines = ProcessFiles.text(of: "\(folder)/cgroup")?.split(separator: "\n") ?? []
        let line = lines.first { $0.hasPrefix("0::") } ?? lines.first { $0.contains("name=systemd") }
        return line?.split(separator: ":", maxSplits: 2).last.map(String.init) ?? ""
    }

    /// The effective user, the second number of `Uid:` in status, proc_pid_status(5).
    private static func userID(of folder: String) -> UInt32? {
        let lines = ProcessFiles.text(of: "\(folder)/status")?.split(separator: "\n") ?? []
        let fields = lines.first { $0.hasPrefix("Uid:") }?.split(whereSeparator: \.isWhitespace) ?? []
        return fields.count > 2 ? UInt32(fields[2]) : nil
    }
}
