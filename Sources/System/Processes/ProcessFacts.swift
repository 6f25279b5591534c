internal import Glibc
internal import Listeners

/// The facts of a process in `/proc`.
struct ProcessFacts {
    /// The mount point of `proc(5)`.
    let proc: String
    /// The names of users looked up so far: each lookup searches the user database.
    private var users: [UInt32: String] = [:]
    /// The root directory of this process, and of all that are in no container.
    private let ownRoot = FileIdentity(path: "/")

    /// Facts of the processes in `proc`.
    init(proc: String) { self.proc = proc }

    /// The name, user, unit and container of a process.
    mutating func process(_ pid: Int32) -> SocketProcess {
        let directory = "\(proc)/\(pid)"
        let executable = executable(directory)
        let cgroup = CgroupPath(ProcFile.text("\(directory)/cgroup") ?? "")
        var process = SocketProcess(
            pid: pid, name: name(directory, executable: executable?.path), executable: executable?.path,
            isDeleted: executable?.isDeleted ?? false, unit: cgroup.unit, userUnit: cgroup.userUnit,
            container: cgroup.container ?? monitored(pid, executable?.path), user: user(directory),
            script: executable.flatMap { Interpreter(executable: $0.path)?.script(of: directory) })
        process.isElsewhere = executable.map { isElsewhere($0, directory) } ?? false
        return process
    }

    /// Whether the executable is another file than the one that the host has at its path.
    ///
    /// A unit with a mount namespace of its own, as with `ProtectSystem=`, still runs the host's file.
    private func isElsewhere(_ executable: (path: String, isDeleted: Bool), _ directory: String) -> Bool {
        guard !executable.isDeleted, let own = FileIdentity(path: "\(directory)/exe") else { return false }
        if let known = FileIdentity(path: executable.path) { return known != own }
        // This process may be the one that does not see the file.
        guard let space = FileSystem.linkTarget("\(directory)/ns/mnt") else { return false }
        return space != FileSystem.linkTarget("\(proc)/1/ns/mnt")
    }

    /// The container of a process whose cgroup does not name it, from the command line of the monitor that started it.
    ///
    /// Only a process with another root directory, or the monitor itself, costs more than one system call.
    private func monitored(_ pid: Int32, _ executable: String?) -> Container? {
        if executable.map(ContainerMonitor.isMonitor) == true { return ContainerMonitor.container("\(proc)/\(pid)") }
        guard let root = FileIdentity(path: "\(proc)/\(pid)/root"), root != ownRoot,
            let parent = ProcessTree(proc: proc).node(pid)?.parent,
            self.executable("\(proc)/\(parent)").map({ ContainerMonitor.isMonitor($0.path) }) == true
        else { return nil }
        return ContainerMonitor.container("\(proc)/\(parent)")
    }

    /// The name of a process's executable, or its `comm` if the executable may not be read.
    func name(of pid: Int32) -> String {
        let directory = "\(proc)/\(pid)"
        return name(directory, executable: executable(directory)?.path)
    }

    /// Whether the process is a kernel thread, which has no memory of its own: proc_pid_status(5).
    func isKernelThread(_ pid: Int32) -> Bool {
        guard let status = ProcFile.text("\(proc)/\(pid)/status") else { return false }
        let state = Self.field("State", of: status)
        return Self.field("VmSize", of: status) == nil && state != "Z" && state != "X"
    }

    /// Whether `proc` has all processes of the host: only the first pid namespace has kernel threads.
    var isOfWholeHost: Bool {
        isKernelThread(2) && Self.field("PPid", of: ProcFile.text("\(proc)/2/status") ?? "") == "0"
    }

    private func executable(_ directory: String) -> (path: String, isDeleted: Bool)? {
        guard let path = FileSystem.linkTarget("\(directory)/exe") else { return nil }
        let mark = " (deleted)"
        // The name itself may end so: then the file exists and is the executable.
        guard path.utf8.suffix(mark.utf8.count).elementsEqual(mark.utf8),
            FileIdentity(path: "\(directory)/root\(path)") != FileIdentity(path: "\(directory)/exe")
        else { return (path, false) }
        return (String(path.dropLast(mark.count)), true)
    }

    private func name(_ directory: String, executable: String?) -> String {
        if let last = executable?.utf8.split(separator: UInt8(ascii: "/")).last { return String(Substring(last)) }
        let own = ProcFile.text("\(directory)/comm")?.split(separator: "\n").first
        return own.map(String.init) ?? "?"
    }

    /// The effective user of the process.
    ///
    /// The user owns the process's directory, even if root owns the files in it (`task_dump_owner` of
    /// `fs/proc/base.c`); reading the owner takes a tenth of the time of reading `status`.
    private mutating func user(_ directory: String) -> String? {
        guard let number = (try? FileSystem.status(directory))?.st_uid else { return nil }
        if let name = users[number] { return name }
        let name = HostCalls.userName(of: number) ?? DynamicUser.name(of: number) ?? "\(number)"
        users[number] = name
        return name
    }

    private static func field(_ name: String, of status: String) -> Substring? {
        let start = "\(name):".utf8
        let line = status.utf8.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: start) }
        let blanks = [UInt8(ascii: "\t"), UInt8(ascii: " ")]
        return line?.dropFirst(start.count).split(whereSeparator: blanks.contains).first.map(Substring.init)
    }
}
