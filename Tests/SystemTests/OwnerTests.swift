import Addressing
import Glibc
import Listeners
import Testing

@testable import System

@Suite("Owners are found by the cgroup, and in all processes if that is not enough")
struct OwnerTests {
    private static let service = "/system.slice/ssh.service"

    @Test("Processes of the cgroup are the owners, with unit and user")
    func cgroup() throws {
        let host = try FakeHost()
        try host.add(70, 7, 8, executable: "/usr/sbin/sshd", cgroup: Self.service)
        try host.add(71, 8, 9, 7, executable: "/usr/sbin/sshd", cgroup: Self.service)
        #expect(owners(of: 7, Self.service, host) == [70, 71])
        guard case .processes(let found) = all(7, Self.service, host), let first = found.first else { return }
        // The owner of the process's directory.
        #expect((first.name, first.unit, first.user) == ("sshd", "ssh.service", HostCalls.userName(of: geteuid())))
    }

    @Test("A socket of the service manager is searched for in all processes", arguments: ["/init.scope", service])
    func activated(_ cgroup: String) throws {
        let host = try FakeHost()
        try host.add(70, 6, 7, executable: "/usr/sbin/sshd", cgroup: Self.service)
        try host.add(71, 7, executable: "/usr/sbin/other", cgroup: "/system.slice/other.service")
        try host.hide(1)
        try host.add(1, 7, executable: "/usr/lib/systemd/systemd", cgroup: "/init.scope")
        #expect(owners(of: 7, cgroup, host) == [1, 70, 71])
    }

    @Test("All processes of a unit are searched, in all cgroups below it")
    func subgroups() throws {
        let host = try FakeHost()
        try host.add(70, 7, executable: "/usr/bin/one", cgroup: Self.service + "/one")
        try host.add(71, 7, executable: "/usr/bin/two", cgroup: Self.service + "/two/three")
        #expect(owners(of: 7, Self.service + "/one", host) == [70, 71])
    }

    @Test("A user's service manager is of the same unit as the user's services")
    func userActivated() throws {
        let host = try FakeHost()
        let user = "/user.slice/user-1000.slice/user@1000.service"
        try host.add(60, 7, executable: "/usr/lib/systemd/systemd", cgroup: user + "/init.scope")
        try host.add(61, 7, executable: "/usr/bin/podman", cgroup: user + "/app.slice/podman.service")
        #expect(owners(of: 7, user + "/init.scope", host) == [60, 61])
    }

    @Test(
        "A socket of a socket unit, of the root, of a deleted cgroup or of none is searched for in all processes",
        arguments: ["/system.slice/ssh.socket", "", "/gone", nil])
    func elsewhere(_ cgroup: String?) throws {
        let host = try FakeHost()
        try host.add(70, 7, executable: "/usr/sbin/sshd", cgroup: Self.service)
        try host.add(71, executable: "/bin/true", cgroup: "/system.slice/ssh.socket")
        #expect(owners(of: 7, cgroup, host) == [70])
    }

    @Test(
        "Of hundreds of processes, which threads search, every holder of every socket is found",
        arguments: [false, true])
    func hundreds(inUnits: Bool) throws {
        let host = try FakeHost()
        let pids = 1_000...1_299 as ClosedRange<Int32>
        for pid in pids {
            try host.add(pid, UInt64(pid), 7, executable: "/bin/true", cgroup: "/system.slice/\(pid / 10).service")
        }
        let cgroup = { (pid: Int32) in inUnits ? host.id(of: "/system.slice/\(pid / 10).service") : nil }
        let listeners = pids.map { pid in
            Listener(transport: .tcp, address: .ipv4(0), port: 22, inode: UInt64(pid), cgroup: cgroup(pid))
        }
        let shared = Listener(transport: .tcp, address: .ipv4(0), port: 22, inode: 7)
        let found = SocketOwners(proc: host.proc, cgroups: host.cgroups) { [] }.owners(of: listeners + [shared])
        let owners = found.map { listener -> [Int32] in
            guard case .processes(let processes) = listener.owners else { return [] }
            return processes.map(\.pid)
        }
        #expect(owners == pids.map { [$0] } + [Array(pids)])
    }

    @Test("Of sockets that are not to be identified it is only found whether they have a holder")
    func chosen() throws {
        let host = try FakeHost()
        try host.add(70, 7, 8, executable: "/usr/sbin/sshd", cgroup: Self.service)
        let listeners = ([7, 8, 9] as [UInt64]).map {
            Listener(transport: .tcp, address: .ipv4(0), port: 22, inode: $0)
        }
        let search = SocketOwners(proc: host.proc, cgroups: host.cgroups) { [7, 8, 9] }
        let owners = search.owners(of: listeners, identifying: [7]).map(\.owners)
        let pids = if case .processes(let processes) = owners[0] { processes.map(\.pid) } else { [Int32]() }
        #expect(pids == [70])
        #expect(owners.dropFirst() == [.notAsked, .kernel])
    }

    @Test("A socket without a holder is the kernel's if all processes are visible; so is one without an inode number")
    func kernel() throws {
        let host = try FakeHost()
        #expect(all(7, Self.service, host) == .kernel)
        #expect(all(0, nil, host) == .kernel)
    }

    @Test("In a container, the owner of a socket without a holder is unknown")
    func container() throws {
        guard case .unknown(let reason) = all(7, nil, try FakeHost(isContainer: true)) else {
            Issue.record("found in a container")
            return
        }
        #expect(reason.hasPrefix("it may belong to a process of another pid namespace"))
    }

    @Test("If /proc hides processes, the owner of a socket without a holder is unknown")
    func hidden() throws {
        let host = try FakeHost()
        try host.hide(1)
        #expect(all(7, nil, host) == .unknown("/proc does not show all processes: run as root, or without hidepid"))
    }

    @Test(
        "Unit and container are read from the cgroup",
        arguments: [
            ("0::/system.slice/ssh.service", "ssh.service", nil),
            ("0::/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service", nil),
            ("0::/user.slice/user-1000.slice/session-3.scope", "session-3.scope", nil),
            // A unit that a user named must not pass for a unit of the system.
            ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/ssh.service", "user@1000.service", nil),
            ("0::/", nil, nil),
            ("1:name=systemd:/system.slice/nginx.service\n0::/", "nginx.service", nil),
            ("4:memory:/system.slice/ssh.service", nil, nil),
            ("0::/system.slice/docker-\(id).scope/system.slice/ssh.service", "docker-\(id).scope", "0123456789ab"),
            ("0::/docker/\(id)", nil, "0123456789ab"),
            ("0::/machine.slice/libpod-\(id).scope/container", "libpod-\(id).scope", "0123456789ab"),
            ("0::/machine.slice/libpod-conmon-\(id).scope", "libpod-conmon-\(id).scope", nil),
            (
                "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-\(id).scope", "cri-containerd-\(id).scope",
                "0123456789ab"
            ),
            ("0::/lxc.payload.web/system.slice/ssh.service", nil, "web"),
        ] as [(String, String?, String?)])
    func units(_ text: String, unit: String?, container: String?) {
        let path = CgroupPath(text)
        #expect(path.unit == unit)
        #expect(path.container?.shortID == container)
    }

    @Test(
        "The engine of a container is read from the cgroup, too",
        arguments: [
            ("system.slice/docker-\(id).scope", "docker"), ("docker/\(id)", "docker"),
            ("machine.slice/libpod-\(id).scope", "podman"), ("system.slice/web.service/libpod-payload-\(id)", "podman"),
            ("libpod_parent/libpod-\(id)", "podman"), ("kubepods.slice/crio-\(id).scope", "cri-o"),
            ("kubepods.slice/kubepods-pod1.slice/cri-containerd-\(id).scope", "containerd"),
            ("kubepods/besteffort/pod1/\(id)", nil), ("lxc.payload.web", "lxc"),
        ] as [(String, String?)])
    func engines(path: String, engine: String?) {
        for text in ["0::/\(path)", "4:memory:/\n1:name=systemd:/\(path)\n0::/"] {
            let container = CgroupPath(text).container
            #expect(container?.id == (engine == "lxc" ? "web" : Self.id))
            #expect(container?.engine == engine)
        }
    }

    @Test("A unit of a user's systemd is told apart from one of the system")
    func userUnits() {
        let user = "0::/user.slice/user-1000.slice/user@1000.service"
        #expect(CgroupPath("\(user)/app.slice/ssh.service").userUnit == "ssh.service")
        #expect(CgroupPath("\(user)/init.scope").userUnit == "init.scope")
        #expect(CgroupPath(user).userUnit == nil)
        #expect(CgroupPath("0::/system.slice/docker.service/app.slice/ssh.service").userUnit == nil)
    }

    private static let id = String(repeating: "0123456789abcdef", count: 4)

    private func all(_ inode: UInt64, _ cgroup: String?, _ host: FakeHost) -> Owners {
        let listener = Listener(
            transport: .tcp, address: .ipv4(0), port: 22, inode: inode, cgroup: cgroup.map(host.id))
        let search = SocketOwners(proc: host.proc, cgroups: host.cgroups) { [inode] }
        return search.owners(of: [listener]).first?.owners ?? .notAsked
    }

    private func owners(of inode: UInt64, _ cgroup: String?, _ host: FakeHost) -> [Int32] {
        guard case .processes(let found) = all(inode, cgroup, host) else { return [] }
        return found.map(\.pid)
    }
}
