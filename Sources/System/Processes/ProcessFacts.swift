internal import Glibc
internal import Listeners

/// What `/proc` says of a process.
struct ProcessFacts {
    /// Where `proc(5)` is mounted.
    let proc: String
    /// The users that were asked for: each costs the user database a search.
    private var users: [UInt32: String] = [:]

    /// Facts of the processes below `proc`.
    init(proc: String) { self.proc = proc }

    /// Who a process is, at this time.
    mutating func process(_ pid: Int32) -> SocketProcess {
        let directory = "\(proc)/\(pid)"
        let executable = executable(directory)
        let cgroup = CgroupPath(ProcFile.text("\(directory)/cgroup") ?? "")
        return SocketProcess(
            pid: pid, name: name(directory, executable: executable?.path), executable: executable?.path,
            isDeleted: executable?.isDeleted ?? false, unit: cgroup.unit, container: cgroup.container,
            user: user(directory))
    }

    /// The name of the executable that a process runs, or the one that it goes by where nobody may look.
    func name(of pid: Int32) -> String {
        let directory = "\(proc)/\(pid)"
        return name(directory, executable: executable(directory)?.path)
    }

    /// Whether it is a thread of the kernel, which has no memory of its own: `man 5 proc_pid_status`.
    func isKernelThread(_ pid: Int32) -> Bool {
        guard let status = ProcFile.text("\(proc)/\(pid)/status") else { return false }
        let state = Self.field("State", of: status)
        return Self.field("VmSize", of: status) == nil && state != "Z" && state != "X"
    }

    /// Whether all processes of the host are below `proc`: in no other pid namespace has the kernel a thread.
    var isOfWholeHost: Bool {
        isKernelThread(2) && Self.field("PPid", of: ProcFile.text("\(proc)/2/status") ?? "") == "0"
    }

    private func executable(_ directory: String) -> (path: String, isDeleted: Bool)? {
        guard let path = Self.target(of: "\(directory)/exe") else { return nil }
        let mark = " (deleted)"
        // A file can be called so, too: then it is there, and is the one that runs.
        guard path.utf8.suffix(mark.utf8.count).elementsEqual(mark.utf8),
            Self.identity("\(directory)/root\(path)") != Self.identity("\(directory)/exe")
        else { return (path, false) }
        return (String(path.dropLast(mark.count)), true)
    }

    private func name(_ directory: String, executable: String?) -> String {
        if let last = executable?.utf8.split(separator: UInt8(ascii: "/")).last { return String(Substring(last)) }
        let own = ProcFile.text("\(directory)/comm")?.split(separator: "\n").first
        return own.map(String.init) ?? "?"
    }

    /// The user whose rights the process has.
    ///
    /// The process's directory is owned by it, whatever is said of the files in it (`task_dump_owner` of `fs/proc/base.c`), and
    /// this takes the kernel a tenth of what it takes it to write `status`.
    private mutating func user(_ directory: String) -> String? {
        var status = stat()
        guard unsafe stat(directory, &status) == 0 else { return nil }
        let number = status.st_uid
        if let name = users[number] { return name }
        let name = UserNames.name(of: number) ?? "\(number)"
        users[number] = name
        return name
    }

    private static func field(_ name: String, of status: String) -> Substring? {
        let start = "\(name):".utf8
        let line = status.utf8.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: start) }
        let blanks = [UInt8(ascii: "\t"), UInt8(ascii: " ")]
        return line?.dropFirst(start.count).split(whereSeparator: blanks.contains).first.map(Substring.init)
    }

    private static func target(of path: String) -> String? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX) + 1) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            let count = unsafe readlink(path, start, buffer.count)
            guard count >= 0 else { return nil }
            return unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
        }
    }

    private static func identity(_ path: String) -> [UInt64]? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return [UInt64(status.st_dev), UInt64(status.st_ino)]
    }
}

/// The names of users.
enum UserNames {
    /// Room for an entry of the user database.
    private static let room = 16 << 10

    /// The name of a user; `nil` if it has none.
    static func name(of number: UInt32) -> String? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: room) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            var entry = unsafe passwd()
            var found: UnsafeMutablePointer<passwd>?
            let code = unsafe getpwuid_r(number, &entry, start, buffer.count, &found)
            guard code == 0, let name = unsafe found?.pointee.pw_name else { return nil }
            return unsafe String(cString: name)
        }
    }
}
