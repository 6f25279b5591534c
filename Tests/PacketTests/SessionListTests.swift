import Addressing
import Foundation
import Glibc
import Kernel
import Listeners
import TestSupport
import Testing

@Suite("Every live connection is listed, and nothing else", .privileged, .networkNamespace)
struct SessionListTests {
    private let network: Network
    private let portreeve: Portreeve

    init() throws {
        (network, portreeve) = (try Network(), try Portreeve())
    }

    /// One row of the list, without what differs from run to run.
    private struct Row: Hashable, CustomStringConvertible {
        let direction: String
        let kind: String
        let local: String
        let remote: String
        var state = "established"
        /// Whether the process is that of the test.
        var process = true
        var verdict = "accept"

        var description: String { "\(direction) \(kind) \(local) \(remote) \(state) \(process) \(verdict)" }
    }

    private func list(_ policy: String, _ options: String..., prefix: [String] = []) throws -> [String: Any] {
        let path = try portreeve.write(policy)
        let command = prefix + [try Portreeve.executable, "sessions", path, "--format", "json"]
        let result = try Program.run(command + ["--state-dir", portreeve.stateDirectory] + options)
        try #require(result.status == 0, "\(result)")
        return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    }

    private func rows(_ json: [String: Any]) throws -> [Row] {
        func end(_ value: Any?) -> String {
            let parts = value as? [String: Any]
            return "\(parts?["address"] ?? "?") \(parts?["port"] ?? "?")"
        }
        return try #require(json["sessions"] as? [[String: Any]]).map { session in
            func text(_ key: String) -> String { session[key] as? String ?? "?" }
            let process = session["process"] as? [String: Any]
            return Row(
                direction: text("direction"), kind: text("protocol"), local: end(session["local"]),
                remote: end(session["remote"]), state: text("state"), process: process?["pid"] as? Int32 == getpid(),
                verdict: text("verdict"))
        }
    }

    private func session(from source: String, on port: UInt16, at listener: Socket) throws -> Session {
        let source = try IPAddress(source)
        let host = try network.wire.host(source.family)
        return try network.client.run {
            try Session(from: source, to: Endpoint(address: host, port: port), listener: listener)
        }
    }

    private func text(_ socket: Socket) throws -> String {
        let end = try #require(socket.endpoint)
        return "\(end.address) \(end.port)"
    }

    private let policy = """
        version: 1
        services:
          web: {ports: 5000, from: [192.0.2.0/24, "2001:db8::/32"], why: x}
          ask: {ports: 5053/udp, from: any, why: x}
          published: {ports: 5080, from: 192.0.2.0/24, why: x}

        """

    @Test("In, out, within the host, forwarded and translated, IPv4 and IPv6, TCP and UDP")
    func everything() throws {
        let container = try Container(behind: network.host)
        try Container.publish([(5080, 80)])
        #expect(try portreeve("apply", try portreeve.write(policy), "--yes", "--quiet").status == 0)
        for key in ["nf_conntrack_acct", "nf_conntrack_timestamp"] { try network.host.set("netfilter/\(key)", "1") }
        let (web, other) = (try Socket.listening(.tcp, on: 5000), try Socket.listening(.tcp, on: 5001))
        let ask = try Socket.listening(.udp, on: 5053)
        let remote = try network.client.run { try Socket.listening(.tcp, on: 443) }
        let inside = try container.namespace.run { try Socket.listening(.tcp, on: 80) }
        let allowed = try session(from: "192.0.2.7", on: 5000, at: web)
        let sixth = try session(from: "2001:db8::7", on: 5000, at: web)
        let published = try session(from: "192.0.2.8", on: 5080, at: inside)
        let outbound = try Session(to: Endpoint(address: try IPAddress("192.0.2.9"), port: 443), listener: remote)
        let within = try Session(to: Endpoint(address: .ipv4(0x7f00_0001), port: 5001), listener: other)
        let asking = try Socket(.udp, .ipv4)
        let asker = try network.client.run { () -> Socket in
            let socket = try Socket(.udp, .ipv4)
            try socket.bind(to: Endpoint(address: try IPAddress("192.0.2.10"), port: 0))
            socket.send([1, 2, 3], to: Endpoint(address: try network.wire.host(.ipv4), port: 5053))
            return socket
        }
        try #require(ask.wait(for: POLLIN))
        let question = try #require(ask.receive())
        ask.send([4, 5], to: question.from)
        try #require(asker.wait(for: POLLIN))
        #expect(asking.connect(to: Endpoint(address: try IPAddress("192.0.2.9"), port: 9)) == 0)
        #expect(allowed.exchanges() && sixth.exchanges() && published.exchanges() && outbound.exchanges())
        let host = try network.wire.host(.ipv4)
        let (ownEnd, loopback) = (try text(outbound.client), try text(within.client))
        // A port that no policy lists any more, and a client that it refuses now.
        let closed = policy.replacing("[192.0.2.0/24, \"2001:db8::/32\"]", with: "[192.0.2.0/29]")
        let expected: Set<Row> = [
            Row(
                direction: "in", kind: "tcp", local: "\(host) 5000", remote: try text(allowed.client), verdict: "accept"
            ),
            Row(
                direction: "in", kind: "tcp", local: "\(try network.wire.host(.ipv6)) 5000",
                remote: try text(sixth.client), verdict: "refuse"),
            Row(direction: "in", kind: "tcp", local: "127.0.0.1 5001", remote: loopback),
            Row(direction: "out", kind: "tcp", local: loopback, remote: "127.0.0.1 5001"),
            Row(direction: "out", kind: "tcp", local: ownEnd, remote: "192.0.2.9 443"),
            Row(direction: "in", kind: "udp", local: "\(host) 5053", remote: try text(asker)),
            Row(
                direction: "out", kind: "udp", local: try text(asking), remote: "192.0.2.9 9", state: "connected"),
            Row(
                direction: "forward", kind: "tcp", local: "\(host) 5080", remote: try text(published.client),
                process: false),
        ]
        try #require(try portreeve("apply", try portreeve.write(closed), "--yes", "--quiet", "--force").status == 0)
        let json = try withExtendedLifetime((within, asking, asker, outbound)) { try list(closed) }
        let found = try rows(json)
        #expect(Set(found) == expected && found.count == expected.count, "\(found)")
        #expect(json["total"] as? Int == expected.count)
        #expect(json["unknown"] as? [String] == [])
        try check(json, published: "172.30.0.2")
    }

    /// The counted bytes, the ages, and where the forwarded connection leads.
    private func check(_ json: [String: Any], published: String) throws {
        let sessions = try #require(json["sessions"] as? [[String: Any]])
        func bytes(_ direction: String, _ kind: String) -> [[UInt64]] {
            sessions.filter { $0["direction"] as? String == direction && $0["protocol"] as? String == kind }
                .compactMap { $0["bytes"] as? [String: UInt64] }.map { [$0["received"] ?? 0, $0["sent"] ?? 0] }
        }
        // Data of TCP sockets: one byte each way, and none on the loopback interface; packets of UDP with their headers.
        let (inbound, outbound) = (bytes("in", "tcp").map(\.description), bytes("out", "tcp").map(\.description))
        #expect(inbound.sorted() == ["[0, 0]", "[1, 1]", "[1, 1]"])
        #expect(outbound.sorted() == ["[0, 0]", "[1, 1]"])
        // IPv4 and UDP have headers of 20 and 8 bytes.
        #expect(bytes("in", "udp").map(\.description) == ["[31, 30]"])
        let tracked = sessions.filter { $0["tracked"] as? Bool == true }
        #expect(tracked.count >= 5 && tracked.allSatisfy { $0["since"] is String })
        let forwarded = try #require(sessions.first { $0["direction"] as? String == "forward" })
        let server = (forwarded["translated"] as? [String: Any])?["server"] as? [String: Any]
        #expect(server?["address"] as? String == published && server?["port"] as? Int == 80)
        #expect(forwarded["socket"] as? Bool == false && forwarded["service"] as? String == "published")
    }

    @Test("Without conntrack the sockets are listed; without privileges so, with what is not known")
    func withoutConntrack() throws {
        let web = try Socket.listening(.tcp, on: 5000)
        let session = try session(from: "192.0.2.7", on: 5000, at: web)
        let row = Row(
            direction: "in", kind: "tcp", local: "\(try network.wire.host(.ipv4)) 5000",
            remote: try text(session.client))
        // No rule needs conntrack, so that the kernel does not follow connections here.
        #expect(try rows(try list(policy)) == [row])
        let drop = ["setpriv", "--reuid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]
        try portreeve.shell("chmod 755 \((portreeve.stateDirectory as NSString).deletingLastPathComponent)")
        let json = try withExtendedLifetime(session) { try list(policy, prefix: drop) }
        var unowned = row
        unowned.process = false
        #expect(try rows(json) == [unowned])
        let unknown = try #require(json["unknown"] as? [String])
        #expect(
            unknown.count == 3 && unknown[0].contains("in conntrack: operation not permitted")
                && unknown[1].contains("run as root") && unknown[2].hasPrefix("grants and bans are not known"),
            "\(unknown)")
    }

    @Test("Local ports that run out are counted, also those of connections that are over")
    func localPorts() throws {
        try network.host.set("ipv4/ip_local_port_range", "50000 50009")
        try network.host.set("ipv4/ip_local_reserved_ports", "50009,60000")
        let remote = try network.client.run { try Socket.listening(.tcp, on: 443) }
        let destination = Endpoint(address: try IPAddress("192.0.2.9"), port: 443)
        let sessions = try (0..<7).map { _ in try Session(to: destination, listener: remote) }
        #expect(try list(policy)["local_ports"] as? [[String: Int]] == [])
        let peer = try Session(to: destination, listener: remote).server
        // This host has closed, and waits once the other end has closed, too.
        #expect(peer.wait(for: POLLIN) && peer.receive()?.bytes == [])
        let before = try withExtendedLifetime(peer) { try list(policy) }
        let found = try #require((before["local_ports"] as? [[String: Any]])?.first)
        #expect((found["destination"] as? [String: Any])?["address"] as? String == "192.0.2.9")
        #expect(found["used"] as? Int == 8 && found["available"] as? Int == 9)
        #expect(try withExtendedLifetime(sessions) { try rows(before) }.count == 8)
    }

    @Test("A connection that is over takes its local port for a minute, and is not listed")
    func over() throws {
        try network.host.set("ipv4/ip_local_port_range", "50000 50001")
        let remote = try network.client.run { try Socket.listening(.tcp, on: 443) }
        var peer: Socket? = try Session(
            to: Endpoint(address: try IPAddress("192.0.2.9"), port: 443), listener: remote
        ).server
        #expect(peer?.wait(for: POLLIN) == true)
        peer = nil
        let second = try Session(to: Endpoint(address: try IPAddress("192.0.2.9"), port: 443), listener: remote)
        let json = try withExtendedLifetime(second) { try list(policy) }
        #expect(try rows(json).map(\.state) == ["established"])
        #expect((json["local_ports"] as? [[String: Any]])?.first?["used"] as? Int == 2)
    }

    @Test("Connections that begin and end meanwhile are never without a socket")
    func busy() throws {
        #expect(try portreeve("apply", try portreeve.write(policy), "--yes", "--quiet").status == 0)
        let web = try Socket.listening(.tcp, on: 5000)
        let kept = try session(from: "192.0.2.7", on: 5000, at: web)
        for _ in 0..<5 {
            // Half of them are over when the list is made.
            let ended = try (0..<20).map { _ in try session(from: "192.0.2.9", on: 5000, at: web) }
            ended.prefix(10).forEach { $0.client.resetsOnClose() }
            let open = Array(ended.suffix(10))
            let json = try withExtendedLifetime((open, kept)) { try list(policy) }
            let sessions = try #require(json["sessions"] as? [[String: Any]])
            #expect(sessions.allSatisfy { $0["socket"] as? Bool == true })
        }
    }
}
