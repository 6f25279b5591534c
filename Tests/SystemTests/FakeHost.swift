import Foundation
import TestSupport

/// Folders in place of `/proc` and `/sys/fs/cgroup`, for hosts that a test cannot have.
final class FakeHost {
    private let folder: TemporaryFolder

    /// A host with a service manager, and, unless it is a container, with the kernel's first thread.
    init(isContainer: Bool = false) throws {
        folder = try TemporaryFolder()
        try add(1, executable: "/usr/lib/systemd/systemd", cgroup: "/init.scope")
        if !isContainer { try add(2, executable: nil, cgroup: "/") }
    }

    /// The path of its `/proc`.
    var proc: String { folder.path("proc") }
    /// The path of its cgroup2 tree.
    var cgroups: String { folder.path("cgroup") }

    /// Adds a process that holds these sockets; `terminal` is a device number, `root` its root directory.
    func add(
        _ pid: Int32, _ sockets: UInt64..., executable: String?, command: [String] = [], root: String? = nil,
        cgroup: String = "/", parent: Int32 = 0, terminal: Int32 = 0
    ) throws {
        let files = FileManager.default
        let directory = "\(proc)/\(pid)"
        for path in ["\(directory)/fd", cgroups + cgroup] {
            try files.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        try files.createDirectory(atPath: "\(directory)/task", withIntermediateDirectories: true)
        try files.createSymbolicLink(atPath: "\(directory)/task/\(pid)", withDestinationPath: "..")
        for (number, inode) in sockets.enumerated() {
            try files.createSymbolicLink(
                atPath: "\(directory)/fd/\(number)", withDestinationPath: "socket:[\(inode)]")
        }
        if let executable {
            try files.createSymbolicLink(atPath: "\(directory)/exe", withDestinationPath: executable)
        }
        if let root { try files.createSymbolicLink(atPath: "\(directory)/root", withDestinationPath: root) }
        try write(command.map { $0 + "\0" }.joined(), to: "\(directory)/cmdline")
        let memory = executable == nil ? "" : "VmSize:\t  9 kB\n"
        try write("State:\tS (sleeping)\nPPid:\t0\n" + memory, to: "\(directory)/status")
        try write("\(pid) (a (b) c) S \(parent) \(pid) \(pid) \(terminal) -1 0 0", to: "\(directory)/stat")
        try write("0::\(cgroup)\n", to: "\(directory)/cgroup")
        let list = cgroups + cgroup + "/cgroup.procs"
        try write(((try? String(contentsOfFile: list, encoding: .utf8)) ?? "") + "\(pid)\n", to: list)
    }

    /// Hides a process, as `hidepid` does.
    func hide(_ pid: Int32) throws { try FileManager.default.removeItem(atPath: "\(proc)/\(pid)") }

    /// The id of a cgroup.
    func id(of cgroup: String) -> UInt64 {
        var status = stat()
        return unsafe stat(cgroups + cgroup, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    private func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }
}
