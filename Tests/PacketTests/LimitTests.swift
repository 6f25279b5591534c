import Addressing
import Auditing
import Compiler
import Glibc
import Kernel
import Policies
import Rulesets
import TestSupport
import Testing

@Suite("Limits", .privileged, .networkNamespace)
struct LimitTests {
    @Test("Count flows, not the packets of a flow without replies")
    func flows() throws {
        let arena = try Arena()
        try Firewall.load(
            "version: 1\nservices: {syslog: {ports: 514/udp, from: any, limit: {rate: 1/day, burst: 1}}}")
        let listener = try Socket.listening(.udp, on: 514)
        let host = Endpoint(address: try arena.network.wire.host(.ipv4), port: 514)
        func send(_ count: Int) throws -> Socket {
            let socket = try Socket(.udp, .ipv4)
            try socket.bind(to: Endpoint(address: try IPAddress("192.0.2.1"), port: 0))
            for number in 0..<count { try #require(socket.send([UInt8(number)], to: host) == 0) }
            return socket
        }
        let first = try arena.network.client.run { try send(20) }
        var received = 0
        while received < 20, listener.wait(for: POLLIN), listener.receive() != nil { received += 1 }
        #expect(received == 20)
        let second = try arena.network.client.run { try send(1) }
        try arena.check([.packet(from: "203.0.113.1", to: "22/tcp", .silent)])
        #expect(listener.receive() == nil)
        withExtendedLifetime((first, second)) {}
    }

    @Test("Count an IPv6 /64 as one source")
    func prefix() throws {
        let arena = try Arena()
        try Firewall.load("version: 1\nservices: {ssh: {ports: 22, from: any, limit: {rate: 1/day, burst: 1}}}")
        try arena.check([
            .packet(from: "2001:db8::1", to: "22/tcp", .accepted), .packet(from: "2001:db8::2", to: "22/tcp", .silent),
            .packet(from: "2001:db8:0:1::2", to: "22/tcp", .accepted),
            .packet(from: "192.0.2.1", to: "22/tcp", .accepted),
            .packet(from: "192.0.2.2", to: "22/tcp", .accepted),
        ])
    }

    @Test("Are shared by all sources if they are per all")
    func all() throws {
        let arena = try Arena()
        try Firewall.load(
            "version: 1\nservices: {ssh: {ports: 22, from: any, limit: {rate: 1/day, burst: 2, per: all}}}")
        try arena.check([
            .packet(from: "2001:db8::1", to: "22/tcp", .accepted), .packet(from: "192.0.2.1", to: "22/tcp", .accepted),
            .packet(from: "192.0.2.2", to: "22/tcp", .silent),
        ])
    }

    @Test("Of one entry do not count for another")
    func entries() throws {
        let arena = try Arena()
        try Firewall.load(
            """
            version: 1
            services:
              ssh:
                ports: 22
                allow:
                  - {from: 192.0.2.0/24, except: 192.0.2.9}
                  - {from: 198.51.100.0/24, limit: {rate: 1/day, burst: 1, per: all}}
                  - {from: any, limit: {rate: 1/day, burst: 1, per: all}}
            """)
        try arena.check([
            .packet(from: "198.51.100.1", to: "22/tcp", .accepted),
            .packet(from: "198.51.100.2", to: "22/tcp", .silent),
            .packet(from: "203.0.113.1", to: "22/tcp", .accepted), .packet(from: "203.0.113.2", to: "22/tcp", .silent),
            .packet(from: "192.0.2.9", to: "22/tcp", .silent), .packet(from: "192.0.2.1", to: "22/tcp", .accepted),
            .packet(from: "192.0.2.1", to: "22/tcp", .accepted),
        ])
    }

    @Test("With a full table neither refuse every other source nor let it in without a limit")
    func full() throws {
        let arena = try Arena()
        var policy = try Firewall.policy(
            "version: 1\nservices: {ssh: {ports: 22, from: any, limit: {rate: 1/day, burst: 1}}}")
        policy.services.append(RandomPolicy.sentinelService)
        let table = compile(policy).table
        let sets = table.sets.map { set in
            var set = set
            if set.definition.flags.contains(.dynamic) { set.definition.size = 1 }
            return set
        }
        try Firewall.load(
            Table(name: table.name, flags: table.flags, userdata: table.userdata, chains: table.chains, sets: sets))
        #expect(try fullLimits(of: policy) == [])
        try arena.check([
            .packet(from: "192.0.2.1", to: "22/tcp", .accepted), .packet(from: "192.0.2.1", to: "22/tcp", .silent),
        ])
        // A hundred times the burst, for all sources that are not in the table.
        try arena.check(
            (0..<100).map { try .packet(from: "198.51.100.\($0 % 50)", to: "22/tcp", .accepted) } + [
                .packet(from: "198.51.100.1", to: "22/tcp", .silent),
                .packet(from: "203.0.113.1", to: "22/tcp", .silent),
            ])
        #expect(
            try fullLimits(of: policy) == [
                "\"limit\" of service \"ssh\" is full: it remembers 1 IPv4 sources of at most 1; "
                    + "new ones share 100/day until some are forgotten"
            ])
        try NftProgram.load("flush set inet portreeve limit-ssh-ipv4")
        #expect(try fullLimits(of: policy) == [])
    }

    private func fullLimits(of policy: Policy) throws -> [String] {
        let store = try NftablesStore()
        let snapshot = try store.snapshot(of: Names.table)
        let findings = [Finding].fullLimits(
            in: try #require(snapshot.table), origins: compile(policy).origins,
            hits: { snapshot.states[$0]?[$1].packets ?? 0 }, count: { try store.elementCount(of: $0, in: Names.table) })
        #expect(findings.allSatisfy { $0.identifier == .limitFull && $0.service == "ssh" })
        return findings.map(\.message)
    }

    @Test("Of connections at once free a place when one ends", arguments: ["192.0.2.1", "2001:db8::1"])
    func connections(source: String) throws {
        let arena = try Arena()
        try Firewall.load("version: 1\nservices: {db: {ports: 5000, from: any, connections: 2}}")
        let listener = try Socket.listening(.tcp, on: 5000)
        let address = try IPAddress(source)
        let host = Endpoint(address: try arena.network.wire.host(address.family), port: 5000)
        var sessions = try (0..<2).map { _ in
            try arena.network.client.run { try Session(from: address, to: host, listener: listener) }
        }
        let third = try arena.network.client.run {
            let socket = try Socket(.tcp, address.family)
            try socket.bind(to: Endpoint(address: address, port: 0))
            try #require(socket.connect(to: host) == 0)
            return socket
        }
        try arena.check([.packet(from: "203.0.113.1", to: "22/tcp", .silent)])
        #expect(listener.accept() == nil)
        #expect(sessions.allSatisfy { $0.exchanges() })
        sessions[0].client.resetsOnClose()
        sessions.removeFirst()
        // The kernel sends the third connection's first packet again.
        #expect(listener.wait(for: POLLIN) && listener.accept() != nil)
        withExtendedLifetime(third) {}
    }
}
