internal import Glibc
internal import Listeners

/// What `/proc` says of a process.
struct ProcessFacts {
    /// Where `proc(5)` is mounted.
    let proc: String

    /// Who a process is, at this time.
    func process(_ pid: Int32) -> SocketProcess {
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
        guard path.hasSuffix(mark), Self.identity("\(directory)/root\(path)") != Self.identity("\(directory)/exe")
        else { return (path, false) }
        return (String(path.dropLast(mark.count)), true)
    }

    private func name(_ directory: String, executable: String?) -> String {
        if let last = executable?.split(separator: "/").last { return String(last) }
        let own = ProcFile.text("\(directory)/comm")?.split(separator: "\n").first
        return own.map(String.init) ?? "?"
    }

    private func user(_ directory: String) -> String? {
        // Real, effective, saved, file system.
        guard let status = ProcFile.text("\(directory)/status"),
            let effective = Self.fields("Uid", of: status).dropFirst().first, let number = UInt32(effective)
        else { return nil }
        return UserNames.name(of: number) ?? "\(number)"
    }

    private static func field(_ name: String, of status: String) -> Substring? { fields(name, of: status).first }

    private static func fields(_ name: String, of status: String) -> [Substring] {
        // In octets, and no further than the line: a status has sixty lines, and there are thousands of processes.
        let start = "\(name):".utf8
        var rest = status.utf8[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            let line = rest[..<end]
            if line.starts(with: start) {
                return line.dropFirst(start.count).split { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") }
                    .map(Substring.init)
            }
            rest = rest[end...].dropFirst()
        }
        return []
    }

    private static func target(of path: String) -> String? {
        let room = Int(PATH_MAX) + 1
        var count = -1
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, filled in
            unsafe buffer.withMemoryRebound(to: CChar.self) { characters in
                guard let start = characters.baseAddress else { return }
                count = unsafe readlink(path, start, room)
            }
            filled = max(0, count)
        }
        return count < 0 ? nil : String(decoding: bytes, as: UTF8.self)
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
