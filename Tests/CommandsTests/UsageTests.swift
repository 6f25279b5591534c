import Addressing
import Commands
import Foundation
import Listeners
import Rulesets
import Testing

/// A host whose services are followed: each step lets time pass, and verifies.
private final class FollowedHost {
    let terminal: Terminal
    let policy: String
    static let day: Int64 = 86400

    init(_ defaults: String = "") throws {
        terminal = try Terminal()
        terminal.store.hits = [:]
        policy = try terminal.write(
            """
            version: 1
            \(defaults)
            services:
              web: {ports: 80, from: any, why: Site}
              old: {ports: 70, why: Gopher, allow: [{from: 192.0.2.1}, {from: any, limit: 5/minute}]}
              esp: {protocols: esp, from: any, why: VPN}
              none: {ports: 99, from: nobody, why: Cluster}

            """)
        #expect(try terminal.run("apply", policy, "--yes") == .success)
        pass(0)
        #expect(try unused() == [])
    }

    /// Lets time pass for the clock that runs since boot and, by as much unless given, for the calendar.
    func pass(_ seconds: Int64, calendar: Int64? = nil) {
        terminal.uptime += seconds * 1000
        terminal.now += calendar ?? seconds
    }

    /// A boot that takes a minute.
    func boot(after seconds: Int64) {
        pass(seconds + 60)
        (terminal.boot, terminal.uptime) = ("another \(terminal.now)", 30_000)
        terminal.store.handle = 1
        terminal.store.hits = [:]
    }

    /// What `verify` says of unused services.
    func messages() throws -> [String] {
        #expect(try terminal.run("verify", policy, "--format", "json") == .difference)
        let findings = try terminal.json()["findings"] as? [[String: Any]] ?? []
        return findings.filter { $0["id"] as? String == "unused-service" }.map { finding in
            #expect(finding["severity"] as? String == "notice")
            return finding["message"] as? String ?? ""
        }
    }

    /// The services that `verify` calls unused.
    func unused() throws -> [String] { try messages().map { String($0.split(separator: "\"")[1]) } }
}

@Suite("The use of services is followed")
struct UsageTests {
    private let host: FollowedHost
    private var terminal: Terminal { host.terminal }

    init() throws { host = try FollowedHost() }

    @Test("Services without a connection for the whole time are unused; a connection ends that")
    func unused() throws {
        host.pass(89 * FollowedHost.day)
        #expect(try host.unused() == [])
        host.pass(FollowedHost.day)
        #expect(try host.unused() == ["old", "web"])
        terminal.store.hits = ["service-web": 1]
        for chain in try #require(terminal.store.table).chains where chain.name.hasPrefix("admit-old") {
            terminal.store.hits?[chain.name] = 1
        }
        #expect(try host.unused() == [])
        host.pass(89 * FollowedHost.day)
        #expect(try host.unused() == [])
        #expect(try terminal.run("status", host.policy) == .success)
        #expect(terminal.output.contains("LAST USED"))
        #expect(terminal.output.contains("2027-04-15"))
        #expect(try terminal.run("status", host.policy, "--format", "json") == .success)
        let ports = try terminal.json()["ports"] as? [[String: Any]] ?? []
        #expect(ports.first { $0["service"] as? String == "web" }?["last_used"] as? String == "2027-04-15T08:00:00Z")
        #expect(
            ports.first { $0["service"] as? String == "esp" }?["counted_since"] as? String == "2027-01-15T08:00:00Z")
    }

    @Test("A reading that counted the same is not saved again within a minute")
    func repeated() throws {
        let file = terminal.folder.appending(path: "state/usage")
        func saves() throws -> Bool {
            let before = try Data(contentsOf: file)
            _ = try host.unused()
            return try Data(contentsOf: file) != before
        }
        host.pass(300)
        #expect(try saves())
        host.pass(59)
        #expect(try !saves())
        terminal.store.hits = ["service-web": 1]
        #expect(try saves())
        host.pass(60)
        #expect(try saves())
    }

    @Test("Without a table nothing is counted, and nothing is written")
    func unloaded() throws {
        let file = terminal.folder.appending(path: "state/usage").path
        func number() throws -> UInt64? {
            try FileManager.default.attributesOfItem(atPath: file)[.systemFileNumber] as? UInt64
        }
        #expect(try terminal.run("remove", "--yes") == .success)
        let before = try number()
        host.pass(FollowedHost.day)
        #expect(try terminal.run("verify", host.policy) == .difference)
        #expect(before != nil)
        #expect(try number() == before)
    }

    @Test("A clock that is set claims nothing")
    func clock() throws {
        host.pass(3600, calendar: 400 * FollowedHost.day)
        #expect(try host.unused() == [])
        host.pass(90 * FollowedHost.day, calendar: -FollowedHost.day)
        #expect(try host.unused() == ["old", "web"])
    }

    @Test("A boot loses what came since the last reading: a few minutes are named, more begin anew")
    func boots() throws {
        host.pass(60 * FollowedHost.day)
        _ = try host.unused()
        host.boot(after: 600)
        _ = try host.unused()
        host.pass(30 * FollowedHost.day)
        let message =
            "no client has connected to service \"web\" for more than 90d, but for 11m1s that were not counted: "
            + "delete it if it is no longer needed"
        #expect(try host.messages().last == message)
        host.boot(after: FollowedHost.day)
        host.pass(60 * FollowedHost.day)
        #expect(try host.unused() == [])
    }

    @Test("After a boot with a clock that went back, services are followed anew")
    func backwards() throws {
        host.pass(89 * FollowedHost.day)
        _ = try host.unused()
        host.boot(after: 0)
        terminal.now -= 7200
        host.pass(FollowedHost.day)
        #expect(try host.unused() == [])
    }

    static let losses: [(name: String, lose: @Sendable (MemoryStore) -> Void)] = [
        ("a flush", { $0.handle += 1 }),
        ("a reset of the counters", { $0.hits?["service-esp"] = 0 }),
    ]

    @Test("Counters that were lost claim nothing for the time before", arguments: losses.map(\.name))
    func lost(name: String) throws {
        let lose = try #require(Self.losses.first { $0.name == name }?.lose)
        terminal.store.hits?["service-esp"] = 7
        _ = try host.unused()
        host.pass(60 * FollowedHost.day)
        lose(terminal.store)
        _ = try host.unused()
        host.pass(89 * FollowedHost.day)
        #expect(try host.unused() == [])
        host.pass(FollowedHost.day)
        #expect(try host.unused() == ["old", "web"])
    }

    @Test("A service with an open connection is in use, and so is every one if connections cannot be read")
    func open() throws {
        host.pass(90 * FollowedHost.day)
        let ends = [Endpoint(.ipv4(1), 70), Endpoint(.ipv4(2), 4000)]
        terminal.sessions.list.sockets = [
            EstablishedConnection(local: ends[0], remote: ends[1], inode: 1)
        ]
        terminal.sessions.list.listeningPorts = [70]
        #expect(try host.unused() == ["web"])
        terminal.sessions.list.doubt = "no privilege"
        #expect(try host.unused() == [])
    }

    @Test("Without a record that can be read or written nothing is claimed, and the commands work")
    func withoutRecord() throws {
        let file = terminal.folder.appending(path: "state/usage")
        host.pass(91 * FollowedHost.day)
        try Data("portreeve usage 2 0000000000000000\n".utf8).write(to: file)
        #expect(try host.unused() == [])
        #expect(terminal.output.contains("state/usage is incomplete or was changed, and is not used"))
        #expect(try host.unused() == [])
        #expect(!terminal.output.contains("state/usage"))
        try FileManager.default.removeItem(at: file)
        try FileManager.default.createDirectory(at: file, withIntermediateDirectories: false)
        #expect(try host.unused() == [])
        #expect(try terminal.run("status", host.policy) == .success)
    }

    @Test("A file that cannot be read stays as it is, and is a notice")
    func unread() throws {
        let file = terminal.folder.appending(path: "state/usage")
        host.pass(60 * FollowedHost.day)
        #expect(try host.unused() == [])
        let text = try Data(contentsOf: file)
        // Another user could have written it.
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: file.path)
        host.pass(29 * FollowedHost.day)
        #expect(try host.unused() == [])
        #expect(terminal.output.contains("service use is not tracked: cannot trust"), "\(terminal.output)")
        #expect(try Data(contentsOf: file) == text)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        host.pass(FollowedHost.day)
        #expect(try host.unused() == ["old", "web"])
    }

    @Test("A file of a later version stays as it is")
    func later() throws {
        let file = terminal.folder.appending(path: "state/usage")
        let text = Data("portreeve usage 3 0000000000000000\n".utf8)
        try text.write(to: file)
        #expect(try host.unused() == [])
        #expect(try Data(contentsOf: file) == text)
    }

    @Test("The time is that of the policy")
    func times() throws {
        let quiet = try FollowedHost("defaults: {unused-after: off}")
        quiet.pass(300 * FollowedHost.day)
        #expect(try quiet.unused() == [])
        let quick = try FollowedHost(
            "defaults: {unused-after: 1h}\naccepted: [{finding: unused-service, service: web}]")
        quick.pass(3600)
        #expect(try quick.unused() == ["old", "web"])
        _ = try quick.terminal.run("verify", quick.policy)
        #expect(quick.terminal.output.contains("if it is no longer needed (accepted) [unused-service]"))
    }
}
