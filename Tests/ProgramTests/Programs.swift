import Foundation
import Glibc
import TestSupport
import Testing

/// BPF programs of tests, each two instructions long: it accepts everything.
final class Programs {
    private let portreeve: Portreeve
    private var processes: [Int32] = []
    private var cgroups: [String] = []

    init(_ portreeve: Portreeve) { self.portreeve = portreeve }

    deinit {
        for process in processes { kill(process, SIGKILL) }
        for cgroup in cgroups { _ = unsafe rmdir(cgroup) }
    }

    /// Loads and attaches a program: `xdp INTERFACE`, `tcx INTERFACE TYPE`, `cgroup PATH TYPE EXPECTED NAME` or `lookup`; bpf(2).
    private static let script = """
        import ctypes, os, socket, struct, sys, time
        libc = ctypes.CDLL(None, use_errno=True)
        call = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
        LOAD, ATTACH, LINK = 5, 8, 28
        def bpf(command, attributes):
            buffer = ctypes.create_string_buffer(attributes, len(attributes))
            result = libc.syscall(call, command, buffer, len(attributes))
            if result < 0: sys.exit("bpf: " + os.strerror(ctypes.get_errno()))
            return result
        def load(kind, expected, result, name):
            code = ctypes.create_string_buffer(struct.pack("<BBhiBBhi", 0xb7, 0, 0, result, 0x95, 0, 0, 0))
            licence = ctypes.create_string_buffer(b"GPL")
            return bpf(LOAD, struct.pack("<IIQQIIQII16sII", kind, 2, ctypes.addressof(code), ctypes.addressof(licence),
                                         0, 0, 0, 0, 0, name, 0, expected))
        what, *rest = sys.argv[1:]
        if what == "xdp":
            program = load(6, 0, 2, b"test_xdp")
            nest = struct.pack("<HHiHHI", 8, 1, program, 8, 3, 2)
            body = struct.pack("<BxHiIIHH", 0, 0, socket.if_nametoindex(rest[0]), 0, 0, 4 + len(nest), 0x8000 | 43) + nest
            route = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
            route.sendto(struct.pack("<IHHII", 16 + len(body), 19, 5, 1, 0) + body, (0, 0))
            error = struct.unpack("<i", route.recv(4096)[16:20])[0]
            if error: sys.exit("link: " + os.strerror(-error))
        elif what == "tcx":
            program = load(3, 0, -1, b"test_tcx")
            bpf(ATTACH, struct.pack("<IIIIII", socket.if_nametoindex(rest[0]), program, int(rest[1]), 0, 0, 0))
        elif what == "cgroup":
            program = load(int(rest[1]), int(rest[2]), 1, b"test_" + rest[3].encode())
            bpf(ATTACH, struct.pack("<IIII", os.open(rest[0], os.O_RDONLY), program, int(rest[2]), 2))
        else:
            program = load(30, 36, 1, b"test_lookup")
            link = bpf(LINK, struct.pack("<IIII", program, os.open("/proc/self/ns/net", os.O_RDONLY), 36, 0))
            print("ready", os.getpid(), flush=True)
            time.sleep(600)
        """

    private func run(_ words: String) throws -> String {
        let script = try portreeve.write(Self.script, to: "bpf.py")
        return "/usr/bin/python3 \(script) \(words)"
    }

    /// Attaches an XDP program to an interface.
    func attach(xdp interface: String) throws { try portreeve.shell(try run("xdp \(interface)")) }

    /// Attaches a program of tcx to an interface: `BPF_TCX_INGRESS` or `BPF_TCX_EGRESS`.
    func attach(tcx type: Int, to interface: String) throws { try portreeve.shell(try run("tcx \(interface) \(type)")) }

    /// A new cgroup of this name directly below the root; `nil` without cgroup2.
    func cgroup(_ name: String) throws -> String {
        let path = try portreeve.shell(
            """
            root=$(awk '$0 ~ / - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
            mkdir "$root/\(name)"
            printf %s "$root/\(name)"
            """)
        cgroups.append(path)
        return path
    }

    /// Attaches a program for incoming packets, and one for the addresses that sockets bind to.
    func attach(to cgroup: String) throws {
        try portreeve.shell(try run("cgroup \(cgroup) 8 0 ingress"))
        try portreeve.shell(try run("cgroup \(cgroup) 18 8 bind"))
    }

    /// Attaches a program of sk_lookup to the network namespace, as long as the value lives.
    func attachLookup() throws {
        let output = try portreeve.write("", to: "lookup")
        let seen = try portreeve.shell(
            """
            \(try run("lookup")) > \(output) 2>&1 &
            for i in $(seq 600); do [ -s \(output) ] && break; sleep 0.05; done
            cat \(output)
            """)
        processes.append(
            try #require(
                seen.split(separator: " ").last.flatMap { Int32($0.trimmingCharacters(in: .newlines)) }, "\(seen)"))
    }
}
