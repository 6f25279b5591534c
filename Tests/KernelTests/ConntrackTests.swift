import Addressing
import CLinux
import Glibc
import Listeners
import System
import TestSupport
import Testing

@testable import Kernel

@Suite("Connections are read from conntrack and deleted", .privileged, .networkNamespace)
struct ConntrackTests {
    private static let loopback = IPAddress.ipv4(0x7f00_0001)

    init() throws {
        _ = try Program.run(["ip", "link", "set", "lo", "up"])
        try NftProgram.load(
            """
            table inet t {
                chain input { type filter hook input priority 0; ct state established accept; }
                chain output { type nat hook output priority -100; tcp dport 81 redirect to :80; }
            }
            """)
    }

    @Test("Entries have protocol, both directions, and whether they are translated and answered")
    func entries() throws {
        let listener = try TestSocket(.tcp, "127.0.0.1", 80)
        let plain = try TestSocket(.tcp, "127.0.0.1", 5001, listens: false)
        try plain.connect(to: "127.0.0.1", 80)
        let redirected = try TestSocket(.tcp, "127.0.0.1", 5002, listens: false)
        try redirected.connect(to: "127.0.0.1", 81)
        let datagrams = try TestSocket(.udp, "::1", 5003)
        let receiver = try TestSocket(.udp, "::1", 5004)
        try datagrams.connect(to: "::1", 5004)
        try datagrams.send()
        let all = try withExtendedLifetime((listener, receiver)) { try ConntrackTable().connections() }
        #expect(all.count == 3)
        let first = try #require(all.first { $0.original.source.port == 5001 })
        let (client, server) = (Endpoint(Self.loopback, 5001), Endpoint(Self.loopback, 80))
        #expect(first.transport == .tcp)
        #expect(first.original == .init(from: client, to: server))
        #expect(first.reply == .init(from: server, to: client))
        #expect((first.isEstablished, first.isRedirected, first.isPickedUp) == (true, false, false))
        #expect(first.start == nil)
        let second = try #require(all.first { $0.original.source.port == 5002 })
        #expect((second.original.destination.port, second.reply.source.port, second.isRedirected) == (81, 80, true))
        let third = try #require(all.first { $0.transport == .udp })
        #expect(third.original == .init(from: Endpoint(.ipv6(1), 5003), to: Endpoint(.ipv6(1), 5004)))
        #expect(!third.isEstablished)
    }

    @Test("The start of a connection is known if the kernel records it")
    func timestamps() throws {
        try Program.set("/proc/sys/net/netfilter/nf_conntrack_timestamp", "1")
        let datagrams = try TestSocket(.udp, "127.0.0.1", 5003)
        try datagrams.connect(to: "127.0.0.1", 9)
        let before = Int64(time(nil))
        try datagrams.send()
        let start = try #require(try ConntrackTable().connections().first?.start)
        #expect((before...(before + 60)).contains(start))
    }

    @Test("Exactly the entry that was read is deleted, once")
    func deletion() throws {
        let datagrams = try TestSocket(.udp, "127.0.0.1", 5003)
        try datagrams.connect(to: "127.0.0.1", 9)
        try datagrams.send()
        let table = try ConntrackTable()
        let entry = try #require(try table.connections().first)
        var other = entry
        // Changes the last byte of CTA_ID, the kernel's id of the entry.
        other.identity[other.identity.count - 1] ^= 1
        #expect(try !table.delete(other))
        #expect(try table.connections() == [entry])
        #expect(try table.delete(entry))
        #expect(try table.connections().isEmpty)
        #expect(try !table.delete(entry))
    }

    @Test("Exactly the connection that was read is closed, at both ends, once", arguments: ["127.0.0.1", "::1"])
    func destruction(address: String) throws {
        let listener = try TestSocket(.tcp, "::", 80)
        let first = try TestSocket(.tcp, address, 5001, listens: false)
        try first.connect(to: address, 80)
        let second = try TestSocket(.tcp, address, 5002, listens: false)
        try second.connect(to: address, 80)
        let servers = try SocketTable.connections().filter { $0.local.port == 80 }
        let target = try #require(servers.first { $0.remote.port == 5001 })
        var successor = target
        successor.cookie += 1
        #expect(try SocketTable.destroy([successor]).isEmpty)
        #expect(try SocketTable.destroy([target]) == [target])
        #expect(try SocketTable.destroy([target]).isEmpty)
        let rest = try withExtendedLifetime((listener, first, second)) { try SocketTable.connections() }
        #expect(Set(rest.map(\.remote.port)) == [80, 5002])
        #expect(rest.count == 2)
    }

    @Test("The process that holds a connection is found")
    func owners() throws {
        let listener = try TestSocket(.tcp, "127.0.0.1", 80)
        let client = try TestSocket(.tcp, "127.0.0.1", 5001, listens: false)
        try client.connect(to: "127.0.0.1", 80)
        let connections = try withExtendedLifetime(listener) { try SocketTable.connections() }
        let owners = SocketOwners.owners(of: connections)
        guard case .processes(let processes)? = owners[client.inode] else {
            Issue.record("\(owners)")
            return
        }
        #expect(processes.map(\.pid) == [getpid()])
    }

    @Test("Every other namespace is visited once, and the thread returns to its own")
    func namespaces() throws {
        let listener = try TestSocket(.tcp, "127.0.0.1", 80)
        let client = try TestSocket(.tcp, "127.0.0.1", 5001, listens: false)
        try client.connect(to: "127.0.0.1", 80)
        var visits = 0
        var isHome = false
        try NetworkNamespace.visitOthers {
            visits += 1
            isHome = isHome || ((try? SocketTable.connections()) ?? []).contains { $0.inode == client.inode }
            return true
        }
        #expect(visits > 0)
        #expect(!isHome)
        #expect(try withExtendedLifetime(listener) { try SocketTable.connections() }.count == 2)
    }

    @Test("Without privileges the error is a permission error")
    func privileges() throws {
        let listener = try TestSocket(.tcp, "127.0.0.1", 80)
        let client = try TestSocket(.tcp, "127.0.0.1", 5001, listens: false)
        try client.connect(to: "127.0.0.1", 80)
        let connections = try SocketTable.connections()
        try #require(shim_drop_capabilities() == 0)
        let error = #expect(throws: KernelError.self) { _ = try ConntrackTable().connections() }
        #expect(error?.category == .permission)
        let refusal = #expect(throws: KernelError.self) { _ = try SocketTable.destroy(connections) }
        #expect(refusal?.category == .permission)
        #expect(try withExtendedLifetime((listener, client)) { try SocketTable.connections() }.count == 2)
    }
}

extension Program {
    /// Sets a sysctl of the calling thread's network namespace.
    fileprivate static func set(_ path: String, _ value: String) throws {
        let result = try run(["sh", "-c", "echo \(value) > \(path)"])
        try #require(result.status == 0, "\(result.errors)")
    }
}
