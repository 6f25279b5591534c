import Addressing
import Glibc
import Listeners
import Testing

@testable import System

@Suite("SSH connections of the person who runs the program")
struct AdminSessionTests {
    private let host: FakeHost
    /// The process that runs the search.
    private let pid: Int32 = 900
    /// The first pseudoterminal and the first console: 136:0 and 4:1 of devices.txt.
    private static let (pseudoterminal, console) = (Int32(136 << 8), Int32(4 << 8 | 1))
    private static let sshd = "/usr/sbin/sshd"

    init() throws {
        host = try FakeHost()
        try host.add(100, executable: Self.sshd, parent: 1)
    }

    /// Connections to port 22 from 198.51.100.N, with N for the inode number.
    private static func connection(_ number: UInt32, to port: UInt16 = 22) -> EstablishedConnection {
        EstablishedConnection(
            local: Endpoint(.ipv4(0xc000_0201), port), remote: Endpoint(.ipv4(0xc633_6400 | number), 50_000),
            inode: UInt64(number))
    }

    /// The last bytes of the addresses of the clients found.
    private func clients(_ environment: [String: String] = [:], isLocal: Bool = true) -> [UInt32] {
        admins(environment, isLocal: isLocal).sessions.map { session in
            guard case .ipv4(let value) = session.client else { return 0 }
            return value & 0xff
        }
    }

    private func admins(_ environment: [String: String], isLocal: Bool = true) -> AdminSessions {
        var search = AdminSessionSearch(
            { environment[$0] }, pid, proc: host.proc,
            { () throws(KernelError) in (1...9).map { Self.connection($0) } },
            { _ in ReturnRoute(isLocal: isLocal, interface: "lo", interfaceIndex: 1) })
        return search.run()
    }

    private static let told = ["SSH_CONNECTION": "198.51.100.7 50000 192.0.2.1 22"]

    @Test("The connection in SSH_CONNECTION, if it exists")
    func environment() throws {
        try host.add(pid, executable: "/usr/bin/portreeve", parent: 1)
        let session = try #require(admins(Self.told).sessions.first)
        #expect(session.isEstablished)
        #expect((session.server.port, session.interface, session.interfaceIndex) == (22, "lo", 1))
        #expect(clients() == [])
        // A connection of the same client that no longer exists.
        let stale = ["SSH_CONNECTION": "198.51.100.7 49999 192.0.2.1 22"]
        #expect(admins(stale).sessions.map(\.isEstablished) == [false])
        #expect(clients(stale, isLocal: false) == [])
        #expect(clients(["SSH_CONNECTION": "UNKNOWN 65535 UNKNOWN 65535"]) == [])
    }

    @Test("The connection of an ancestor, not its forwarded ones", arguments: ["sshd", "sshd-session", "dropbear"])
    func ancestor(name: String) throws {
        try host.add(200, 3, executable: "/usr/lib/\(name)", parent: 100)
        try host.add(201, 3, 1, 9, executable: "/usr/lib/\(name)", parent: 200)
        try host.add(202, executable: "/bin/bash", parent: 201, terminal: Self.pseudoterminal)
        try host.add(pid, executable: "/usr/bin/portreeve", parent: 202, terminal: Self.pseudoterminal)
        #expect(clients() == [3])
        #expect(clients(Self.told) == [7, 3])
    }

    @Test("All connections with child processes, in a multiplexer and on a pseudoterminal without an SSH ancestor")
    func multiplexer() throws {
        for (number, user) in [(UInt64(3), "/bin/bash"), (4, "/usr/bin/tmux"), (5, Self.sshd)] {
            try host.add(Int32(200 + 10 * number), number, executable: Self.sshd, parent: 100)
            try host.add(Int32(201 + 10 * number), number, executable: Self.sshd, parent: Int32(200 + 10 * number))
            try host.add(Int32(202 + 10 * number), executable: user, parent: Int32(201 + 10 * number))
        }
        try host.add(300, executable: "/usr/bin/tmux", parent: 1)
        try host.add(pid, executable: "/usr/bin/portreeve", parent: 300, terminal: Self.pseudoterminal)
        #expect(clients() == [3, 4])
        try host.add(901, executable: "/usr/bin/portreeve", parent: 1, terminal: Self.console)
        for variable in ["TMUX", "STY"] {
            var search = AdminSessionSearch(
                { $0 == variable ? "x" : nil }, 901, proc: host.proc,
                { () throws(KernelError) in [Self.connection(4)] },
                { _ in nil })
            #expect(search.run().sessions.count == 1)
        }
        var search = AdminSessionSearch(
            { _ in nil }, 901, proc: host.proc, { () throws(KernelError) in [Self.connection(4)] },
            { _ in nil })
        #expect(search.run() == AdminSessions())
    }

    @Test("Every client that is logged in, without those who are not authenticated")
    func everyone() throws {
        for (number, user) in [(UInt64(3), "/bin/bash"), (4, "/usr/lib/sftp-server"), (5, Self.sshd)] {
            try host.add(Int32(200 + 10 * number), number, executable: Self.sshd, parent: 100)
            try host.add(Int32(201 + 10 * number), number, executable: Self.sshd, parent: Int32(200 + 10 * number))
            try host.add(Int32(202 + 10 * number), executable: user, parent: Int32(201 + 10 * number))
        }
        try host.add(pid, executable: "/usr/bin/portreeve", parent: 1, terminal: Self.console)
        #expect(clients() == [])
        var search = AdminSessionSearch(
            { _ in nil }, pid, proc: host.proc,
            { () throws(KernelError) in (1...9).map { Self.connection($0) } }, { _ in nil })
        #expect(search.runForEveryone().sessions.map(\.client) == [.ipv4(0xc633_6403), .ipv4(0xc633_6404)])
    }

    @Test("A server whose descriptors may not be read is named")
    func unreadable() throws {
        try host.add(200, 3, executable: Self.sshd, parent: 100)
        try host.add(pid, executable: "/usr/bin/portreeve", parent: 200)
        #expect(unsafe chmod("\(host.proc)/200/fd", 0) == 0)
        defer { _ = unsafe chmod("\(host.proc)/200/fd", 0o700) }
        let found = admins([:])
        // The test may run as root, who may read them.
        if found.sessions.isEmpty {
            #expect(found.doubt == "no privilege to read the descriptors of SSH server process 200")
        } else {
            #expect(clients() == [3] && found.doubt == nil)
        }
        #expect(admins(Self.told).doubt == nil)
    }

    @Test("Connections that cannot be listed are a doubt, and are listed only if needed")
    func unlisted() throws {
        try host.add(200, 3, executable: Self.sshd, parent: 100)
        try host.add(pid, executable: "/usr/bin/portreeve", parent: 200)
        try host.add(901, executable: "/usr/bin/portreeve", parent: 1, terminal: Self.console)
        for (pid, doubt) in [(pid, "listing sockets: no"), (901, nil)] {
            var search = AdminSessionSearch(
                { _ in nil }, pid, proc: host.proc,
                { () throws(KernelError) in throw KernelError(.io, "listing sockets", answer: "no") }, { _ in nil })
            #expect(search.run() == AdminSessions(doubt: doubt))
        }
    }

    @Test("Only values of SSH_CONNECTION that sshd writes are accepted")
    func variable() throws {
        let zoned = try #require(SSHConnection("fe80::7%eth0 50000 fe80::1%eth0 22"))
        #expect(zoned.client == Endpoint(.ipv6(0xfe80 << 112 | 7), 50_000))
        #expect(zoned.server == Endpoint(.ipv6(0xfe80 << 112 | 1), 22))
        #expect(zoned.interface == "eth0")
        for text in ["", "198.51.100.7", "198.51.100.0/24 1 192.0.2.1 22", "a 1 b 2", "1.2.3.4 x 1.2.3.4 22"] {
            #expect(SSHConnection(text) == nil, "\(text)")
        }
    }

    @Test("The name of a process may contain brackets and spaces")
    func names() {
        let node = ProcessTree.Node("7 (a) S 1 (b c) S 42 7 7 34817 -1")
        #expect(node?.parent == 42 && node?.isOnPseudoterminal == true)
        #expect(ProcessTree.Node("7 (a) S 42 7 7 1025 -1")?.isOnPseudoterminal == false)
        for text in ["", "7 (a", "7 (a) S", "7 (a) S x 7 7 0"] { #expect(ProcessTree.Node(text) == nil) }
    }

    @Test("A loop of parents, which reused process ids can make, is bounded")
    func ring() throws {
        try host.add(20, executable: nil, parent: 21)
        try host.add(21, executable: nil, parent: 20)
        #expect(ProcessTree(proc: host.proc).ancestors(of: 20).count == 4096)
    }
}
