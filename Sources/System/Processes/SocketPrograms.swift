internal import Addressing
internal import CLinux
internal import Glibc
public import Listeners

/// Finds the BPF programs that decide about listening sockets: BPF_PROG_QUERY of bpf(2).
///
/// It asks only the cgroups in which such sockets were made, and those above them, so that the programs which systemd makes for
/// services without listeners are left out.
public enum SocketPrograms {
    private static var packets: [bpf_attach_type] { [BPF_CGROUP_INET_INGRESS, BPF_CGROUP_INET_EGRESS] }
    private static var addresses: [bpf_attach_type] {
        [
            BPF_CGROUP_INET4_BIND, BPF_CGROUP_INET6_BIND, BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_INET6_CONNECT,
            BPF_CGROUP_UDP4_SENDMSG, BPF_CGROUP_UDP6_SENDMSG, BPF_CGROUP_UDP4_RECVMSG, BPF_CGROUP_UDP6_RECVMSG,
        ]
    }
    /// `BPF_CGROUP_MAX_PROGS` of the kernel's `kernel/bpf/cgroup.c`.
    private static let mostPrograms = 64

    /// The programs for the listeners that other hosts can reach, in the network namespace of the calling thread.
    public static func concerning(_ listeners: [Listener]) -> ProgramList {
        var list = ProgramList()
        do throws(SystemError) {
            let namespace = try File("/proc/thread-self/ns/net", O_RDONLY)
            let steering = try names([BPF_SK_LOOKUP], of: namespace)
            if let steering { list.programs.append(AttachedPrograms(.sockets, names: steering)) }
            guard let root = CgroupTree.mountPoint(proc: "/proc") else { return list }
            let ids = Set(listeners.filter { !$0.address.isLoopback }.compactMap(\.cgroup))
            try list.add(directories(of: ids, below: root)) { directory throws(SystemError) in
                try attached(to: directory, root)
            }
        } catch {
            if error.code != ENOENT { list.doubt = HostCalls.text(ofError: error.code) }
        }
        return list
    }

    private static func attached(to directory: String, _ root: String) throws(SystemError) -> [AttachedPrograms] {
        let file = try File(directory, O_RDONLY | O_DIRECTORY)
        let path = directory == root ? "/" : String(directory.dropFirst(root.count))
        var all: [AttachedPrograms] = []
        for (effect, types) in [(AttachedPrograms.Effect.packets, packets), (.addresses, addresses)] {
            guard let names = try names(types, of: file) else { continue }
            all.append(AttachedPrograms(effect, cgroup: path, unit: CgroupPath("0::\(path)\n").unit, names: names))
        }
        return all
    }

    /// The directories of these cgroups and of those above them, from the root on.
    private static func directories(of ids: Set<UInt64>, below root: String) -> [String] {
        guard !ids.isEmpty else { return [] }
        var found: [String] = []
        func walk(_ path: String, _ inode: UInt64) -> Bool {
            let place = found.count
            found.append(path)
            var isAbove = ids.contains(inode)
            if var directory = try? Directory(path) {
                while let entry = directory.next() {
                    guard entry.isDirectory, entry.name != ".", entry.name != ".." else { continue }
                    if walk("\(path)/\(entry.name)", entry.inode) { isAbove = true }
                }
            }
            if !isAbove { found.removeSubrange(place...) }
            return isAbove
        }
        let inode = try? FileSystem.status(root).st_ino
        _ = walk(root, inode.map { UInt64($0) } ?? 0)
        return found
    }

    /// The names of the programs of these types; `nil` for none, and of types that the kernel does not have.
    private static func names(_ types: [bpf_attach_type], of file: borrowing File) throws(SystemError) -> [String]? {
        var programs: [UInt32] = []
        for type in types {
            var ids = [UInt32](repeating: 0, count: mostPrograms)
            let count = unsafe shim_bpf_programs(UInt32(file.descriptor), type.rawValue, &ids, UInt32(mostPrograms))
            if count < 0, ![EINVAL, EOPNOTSUPP, ENOSYS].contains(errno) { throw .last }
            for id in ids.prefix(max(0, Int(count))) where !programs.contains(id) { programs.append(id) }
        }
        return programs.isEmpty ? nil : Array(Set(programs.compactMap(name))).sorted()
    }

    /// The name of a program; `nil` for none, and without CAP_SYS_ADMIN.
    private static func name(_ program: UInt32) -> String? {
        var bytes = [UInt8](repeating: 0, count: 16)  // BPF_OBJ_NAME_LEN
        guard unsafe shim_bpf_name(program, &bytes) == 0, bytes[0] != 0 else { return nil }
        return bytes.span.text(at: 0)
    }
}

extension ProgramList {
    /// Adds the programs that `read` finds for each of these directories; a cgroup that has ended meanwhile has none.
    mutating func add(
        _ directories: [String], _ read: (String) throws(SystemError) -> [AttachedPrograms]
    ) throws(SystemError) {
        for directory in directories {
            do throws(SystemError) { programs += try read(directory) } catch {
                guard error.code == ENOENT else { throw error }
            }
        }
    }
}
