import Addressing
import CLinux
import Foundation
import Listeners
import System
import TestSupport
import Testing

@testable import Kernel

@Suite("The processes that hold sockets are found", .privileged, .networkNamespace)
struct ProcessTests {
    @Test("A socket of this process has this process as its owner")
    func own() throws {
        let socket = try TestSocket(.tcp, "0.0.0.0", 22)
        let process = try #require(try processes().first { $0.pid == getpid() })
        let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        #expect(process.executable == path)
        #expect(process.name == URL(filePath: path).lastPathComponent)
        #expect(process.user == String(decoding: try Program.run(["id", "-un"]).output.utf8.dropLast(), as: UTF8.self))
        #expect(!process.isDeleted)
        withExtendedLifetime(socket) {}
    }

    @Test("All processes that inherited a socket are found")
    func family() throws {
        let holder = try Holder(count: 3)
        #expect(try processes().map(\.pid) == holder.pids.sorted())
    }

    @Test("A name that a process gives itself does not replace the name of its executable")
    func renamed() throws {
        let holder = try Holder(#"open("/proc/self/comm", "w").write("sshd")"#)
        let process = try #require(try processes().first)
        #expect(process.name.hasPrefix("python3"))
        #expect(process.pid == holder.pids.first)
    }

    @Test("A deleted executable is recognized, and one whose name ends in \"(deleted)\" is not")
    func deleted() throws {
        let folder = try TemporaryFolder()
        for (name, isDeleted) in [("sshd", true), ("sshd (deleted)", false)] {
            let path = folder.path(name)
            try FileManager.default.copyItem(atPath: "/usr/bin/sleep", toPath: path)
            let holder = try Holder(Holder.becoming(path))
            let pid = try #require(holder.pids.first)
            while try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe") != path {}
            if isDeleted { try FileManager.default.removeItem(atPath: path) }
            let process = try #require(try processes().first)
            #expect((process.executable, process.isDeleted) == (path, isDeleted))
        }
    }

    @Test("The user is that of the process, not that of the socket")
    func user() throws {
        let holder = try Holder("os.setuid(65534)")
        #expect(try processes().map(\.user) == ["nobody"])
        withExtendedLifetime(holder) {}
    }

    @Test("A thread with its own descriptors is found")
    func thread() throws {
        // CLONE_FILES of linux/sched.h.
        let holder = try Holder(
            """
            server.close()
            def serve():
                ctypes.CDLL(None).unshare(0x400)
                socket.create_server(("0.0.0.0", 25))
                own = socket.create_server(("0.0.0.0", 2222))
                os.write(ready[1], b"1")
                while True: signal.sigtimedwait([], 60)
            threading.Thread(target=serve).start()
            while True: signal.pause()
            """)
        let listeners = SocketOwners().owners(of: try SocketTable.listeners())
        #expect(listeners.map(\.port) == [2222])
        guard case .processes(let found) = try #require(listeners.first).owners else {
            Issue.record("\(listeners)")
            return
        }
        #expect(found.map(\.pid) == holder.pids)
    }

    @Test("A multipath TCP listener, as Go programs have, is a TCP listener of its process")
    func multipath() throws {
        // IPPROTO_MPTCP of linux/in.h.
        guard let protocols = ProcFile.text("/proc/net/protocols"), protocols.contains("MPTCP ") else { return }
        let holder = try Holder(
            """
            server.close()
            server = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
            server.bind(("0.0.0.0", 2222))
            server.listen()
            """)
        #expect(try processes().map(\.pid) == holder.pids)
    }

    @Test("Without privileges the sockets are listed, and their processes are unknown")
    func unprivileged() throws {
        let holder = try Holder()
        let listeners = try SocketTable.listeners()
        #expect(shim_drop_capabilities() == 0)
        #expect(try SocketTable.listeners() == listeners)
        guard case .unknown(let reason) = try #require(SocketOwners().owners(of: listeners).first).owners else {
            Issue.record("a process was found without the privilege to search")
            return
        }
        #expect(reason.hasPrefix("no privilege to see which sockets "))
        withExtendedLifetime(holder) {}
    }

    @Test("A socket of the kernel has no process as its owner")
    func kernel() throws {
        for arguments in [["add", "vx7", "type", "vxlan", "id", "7", "dstport", "4789"], ["set", "vx7", "up"]] {
            guard try Program.run(["ip", "link"] + arguments).status == 0 else { return }
        }
        let listener = try #require(SocketOwners().owners(of: try SocketTable.listeners()).first)
        #expect(listener.port == 4789)
        // Some sandboxes hide process 1, which may then hold any socket.
        let canLook = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/1/exe")) != nil
        if canLook { #expect(listener.owners == .kernel) } else if case .unknown = listener.owners { return }
        #expect(canLook, "\(listener.owners)")
    }

    @Test("The owner of a socket closed during the search is unknown")
    func closed() throws {
        let gone = Listener(transport: .tcp, address: .ipv6(0), port: 22, inode: .max)
        #expect(SocketOwners().owners(of: [gone]).map(\.owners) == [.unknown("it was closed during the search")])
    }

    /// The processes that hold the only listener.
    private func processes() throws -> [SocketProcess] {
        let listener = try #require(SocketOwners().owners(of: try SocketTable.listeners()).first)
        guard case .processes(let found) = listener.owners else {
            Issue.record("\(listener.owners)")
            return []
        }
        return found
    }
}
