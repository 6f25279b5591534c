import Addressing
import Auditing
import Compiler
import Foundation
import Glibc
import Listeners
import Policies
import Reachability
import TestSupport
import Testing

/// What this host sends, against the kernel: the lines of the policy, one packet, and the region algebra agree with it.
@Suite("Connections that this host begins", .privileged, .networkNamespace)
struct OutboundTests {
    private let departures: Departures

    init() throws { departures = try Departures(to: [25, 53, 80, 123, 443, 5432, 9050]) }

    private var network: Network { departures.network }

    private func goesOut(_ attempt: Attempt) throws -> Bool { try departures.goesOut(attempt) }

    private static let policy = """
        version: 1
        services: {}
        deny: [203.0.113.66, "2001:db8:66::/48"]
        outbound:
          dns: {ports: [53/udp, 53/tcp], to: [192.0.2.53, 203.0.113.66, "2001:db8::53"], why: Names}
          web: {ports: [80, 443], to: any, except: 192.0.2.80, user: [0, 42], why: Updates}
          mail: {ports: 25, to: 192.0.2.0/24, user: 8, why: Mails of cron}
          vpn: {ports: [443, 5432], to: any, interfaces: "wg*", why: Tunnel}
          range: {ports: 9000-9100/tcp, to: ["2001:db8::/32"], why: Metrics}
          wide: {ports: 1-60/udp, to: [192.0.2.54, 192.0.2.1-192.0.2.9], why: Overlaps}
          over: {ports: 123/udp, to: any, expires: 2020-01-01, why: Expired}

        """

    private static var attempts: [Attempt] {
        let destinations = [
            "192.0.2.53", "192.0.2.54", "192.0.2.80", "192.0.2.7", "203.0.113.66", "198.51.100.7", "2001:db8::53",
            "2001:db8:66::1", "2001:db8:7::7", "2001:db9::1",
        ]
        let ports: [UInt16] = [25, 53, 80, 123, 443, 5432, 9050]
        return destinations.flatMap { destination in
            ports.flatMap { port in
                [TransportProtocol.tcp, .udp].flatMap { kind in
                    ([0, 8, 42, 33] as [UInt32]).map {
                        Attempt(kind: kind, destination: destination, port: port, user: $0)
                    }
                }
            }
        }
    }

    @Test("Under reject the kernel, the lines, one packet and the regions agree; audit and accept refuse nothing")
    func agreement() throws {
        let policy = try Firewall.policy(Self.policy + "defaults: {outbound: reject}\n")
        let table = compile(policy).table
        try Firewall.load(table)
        let now = Int64(time(nil))
        let circumstances = Circumstances(now: now)
        let lines = OutboundLines(policy, now: now)
        let regions = AccessRegions([table], in: circumstances, path: .leaving)
        var counts = (accepted: 0, refused: 0)
        for attempt in Self.attempts {
            let isOut = try goesOut(attempt)
            if isOut { counts.accepted += 1 } else { counts.refused += 1 }
            let destination = try IPAddress(attempt.destination)
            let call = OutboundCall(
                attempt.kind, to: destination, port: attempt.port, user: .number(attempt.user),
                interface: attempt.interface)
            let isMeant = if case .accepted = lines.answer(to: call) { true } else { false }
            #expect(isMeant == isOut, "lines: \(attempt)")
            let packet = try attempt.packet
            let conclusion = PacketEvaluation.conclude(packet, through: [table], in: circumstances, path: .leaving)
            #expect(conclusion.verdict == (isOut ? .accept : .refuse), "packet: \(attempt)")
            let verdict = try regions.verdict(on: attempt)
            #expect(verdict == (isOut ? .accept : .refuse), "regions: \(attempt)")
        }
        #expect(counts.accepted > 60 && counts.refused > 300, "\(counts)")
        for mode in ["audit", "accept"] {
            try Firewall.load(Self.policy + "defaults: {outbound: \(mode)}\n")
            for attempt in Self.attempts where attempt.user == 33 && !attempt.isDenied {
                #expect(try goesOut(attempt), "\(mode): \(attempt)")
            }
        }
    }

    @Test("A session that conntrack does not know survives, whichever side sends first", arguments: Speaker.allCases)
    func survival(first: Speaker) throws {
        let listener = try Socket.listening(.tcp, on: 22)
        let client = try IPAddress("203.0.113.7")
        let host = try network.wire.host(.ipv4)
        let inbound = try network.client.run {
            try Session(from: client, to: Endpoint(address: host, port: 22), listener: listener)
        }
        let stream = try #require(departures.tcp[5432])
        let outbound = try Session(to: Endpoint(address: client, port: 5432), listener: stream)
        try Firewall.load("version: 1\ndefaults: {outbound: reject}\nservices: {ssh: {ports: 22, from: any, why: x}}\n")
        // The other end of this host's own connection is a stranger to conntrack until this host sends.
        for (session, first) in [(inbound, first), (outbound, .client)] {
            let (one, other) = first == .client ? (session.client, session.server) : (session.server, session.client)
            #expect(one.send([1]) == 0 && other.wait(for: POLLIN) && other.receive()?.bytes == [1])
            #expect(session.exchanges())
        }
    }

    @Test(
        "Echo requests, neighbour discovery and the host's own addresses need no line",
        arguments: AddressFamily.allCases)
    func unasked(family: AddressFamily) throws {
        try Firewall.load(
            "version: 1\ndefaults: {outbound: reject, inbound: reject}\nservices: {}\ndeny: 203.0.113.9\n")
        let host = try network.wire.host(family)
        let listener = try Socket.listening(.tcp, on: 7000)
        #expect(try Session(to: Endpoint(address: host, port: 7000), listener: listener).exchanges())
        let destination = try IPAddress(family == .ipv4 ? "203.0.113.9" : "2001:db8::9")
        let number: UInt8 = family == .ipv4 ? 1 : 58
        let socket = try Socket(.raw(number), family)
        let request: [UInt8] = [family == .ipv4 ? 8 : 128, 0, 0, 0, 0, 7, 0, 1]
        let timestamp: [UInt8] = [family == .ipv4 ? 13 : 139, 0, 0, 0, 0, 7, 0, 1]
        #expect(socket.send(Self.summed(request, family), to: Endpoint(address: destination, port: 0)) == 0)
        #expect(socket.send(Self.summed(timestamp, family), to: Endpoint(address: destination, port: 0)) == EPERM)
        // The neighbour is found, though nothing else goes out.
        try network.host.ip("neigh del \(family == .ipv4 ? "169.254.0.2" : "fe80::2") dev eth0")
        #expect(socket.send(Self.summed(request, family), to: Endpoint(address: destination, port: 0)) == 0)
    }

    /// A message of ICMP with its checksum (RFC 792); the kernel computes that of ICMPv6.
    private static func summed(_ message: [UInt8], _ family: AddressFamily) -> [UInt8] {
        guard family == .ipv4 else { return message }
        var sum: UInt32 = 0
        for index in stride(from: 0, to: message.count, by: 2) {
            sum += UInt32(message[index]) << 8 | UInt32(message[index + 1])
        }
        while sum >> 16 != 0 { sum = sum & 0xffff + sum >> 16 }
        var copy = message
        (copy[2], copy[3]) = (UInt8(~sum >> 8 & 0xff), UInt8(~sum & 0xff))
        return copy
    }

    @Test("A limit lets out so many connections, and another line the rest")
    func limit() throws {
        let text = """
            version: 1
            services: {}
            defaults: {outbound: reject}
            outbound:
              slow: {ports: 80, to: any, limit: {rate: 1/hour, burst: 3}, why: x}
              root: {ports: 80, to: any, user: 42, why: x}

            """
        try Firewall.load(text)
        func attempts(_ user: UInt32) throws -> [Bool] {
            try (0..<6).map { _ in
                try goesOut(Attempt(kind: .tcp, destination: "192.0.2.7", port: 80, user: user))
            }
        }
        #expect(try attempts(33) == [true, true, true, false, false, false])
        #expect(try attempts(42).allSatisfy(\.self))
    }

    /// The parts of a host: each with the user, the protocol, the destination and the port.
    private static let parts: [(name: String, line: String, attempt: Attempt)] = [
        (
            "dns", "{ports: [53/udp, 53/tcp], to: 192.0.2.53, why: Names}",
            Attempt(kind: .udp, destination: "192.0.2.53", port: 53, user: 33)
        ),
        (
            "ntp", "{ports: 123/udp, to: 192.0.2.123, user: 101, why: Time}",
            Attempt(kind: .udp, destination: "192.0.2.123", port: 123, user: 101)
        ),
        (
            "apt", "{ports: [80, 443], to: \"2001:db8:80::/48\", user: [0, 42], why: Updates}",
            Attempt(kind: .tcp, destination: "2001:db8:80::1", port: 443, user: 42)
        ),
        (
            "db", "{ports: 5432, to: 203.0.113.5, user: 33, why: Shop}",
            Attempt(kind: .tcp, destination: "203.0.113.5", port: 5432, user: 33)
        ),
        (
            "mail", "{ports: 25, to: 192.0.2.25, user: 8, why: Mails of cron}",
            Attempt(kind: .tcp, destination: "192.0.2.25", port: 25, user: 8)
        ),
    ]

    private func text(without missing: String?, _ mode: String) -> String {
        let lines = Self.parts.filter { $0.name != missing }.map { "  \($0.name): \($0.line)\n" }.joined()
        return "version: 1\ndefaults: {outbound: \(mode)}\nservices: {}\noutbound:\n\(lines)"
    }

    @Test("A host with DNS, NTP, apt, a database and mail works; taken away, each is named before and after")
    func scenario() throws {
        let portreeve = try Portreeve()
        func apply(_ text: String) throws {
            let result = try portreeve("apply", try portreeve.write(text), "--yes", "--quiet")
            try #require(result.status == 0, "\(result)")
        }
        func held(_ attempt: Attempt) throws -> [Socket] {
            Departures.act(as: attempt.user)
            defer { Departures.act(as: 0) }
            let endpoint = Endpoint(address: try IPAddress(attempt.destination), port: attempt.port)
            let socket = try Socket(attempt.kind == .tcp ? .tcp : .udp, endpoint.address.family)
            try #require(socket.connect(to: endpoint) == 0 && socket.wait(for: POLLOUT))
            try #require(socket.send([1]) == 0)
            guard attempt.kind == .tcp else { return [socket] }
            let server = try #require(departures.tcp[attempt.port])
            try #require(server.wait(for: POLLIN))
            return [socket, try #require(server.accept()).0]
        }
        try apply(text(without: nil, "reject"))
        for (name, _, attempt) in Self.parts {
            #expect(try goesOut(attempt), "\(name)")
            let other = Attempt(
                kind: attempt.kind, destination: "203.0.113.99", port: attempt.port, user: attempt.user)
            #expect(try !goesOut(other), "\(name) to another host")
        }
        let sockets = try Self.parts.map { try held($0.attempt) }
        try withExtendedLifetime(sockets) {
            for (name, _, attempt) in Self.parts {
                let path = try portreeve.write(text(without: name, "reject"), to: "without-\(name).yaml")
                let plan = try portreeve("plan", path, "--format", "json")
                let json = try #require(
                    try JSONSerialization.jsonObject(with: Data(plan.output.utf8)) as? [String: Any])
                let breaks = (json["breaks"] as? [[String: Any]] ?? []).compactMap { $0["message"] as? String }
                let place = "\(attempt.kind)/\(attempt.port) at \(attempt.destination)"
                #expect(breaks.contains { $0.contains(place) }, "\(name): \(breaks)")
                let lost = ((json["access"] as? [String: Any])?["lost"] as? [[String: Any]] ?? [])
                #expect(
                    lost.contains { $0["direction"] as? String == "out" && $0["service"] as? String == name }, "\(lost)"
                )
                try apply(text(without: name, "audit"))
                #expect(try goesOut(attempt))
                let status = try portreeve("status", try portreeve.write(text(without: name, "audit")))
                #expect(
                    status.output.contains("outbound: audit, 4 lines, 1 connection let out without a line"), "\(status)"
                )
                #expect(
                    status.output.contains("to: \(attempt.destination.contains(":") ? "\"" : "")\(attempt.destination)")
                )
                try apply(text(without: nil, "reject"))
            }
        }
        let path = try portreeve.write(text(without: nil, "reject"))
        let clean = try portreeve.rulesetFindings(path)
        #expect(clean == [], "\(clean)")
        try portreeve.shell("nft delete element inet portreeve outbound '{ tcp . 25 }'")
        let drift = try portreeve("verify", path, "--only", "ruleset")
        #expect(drift.status == 2 && drift.output.contains("ruleset-drift"), "\(drift)")
        try apply(text(without: nil, "reject"))
        let explained = try portreeve(
            "explain", "--out", "192.0.2.25", "25/tcp", path, "--user", "8", "--format", "json")
        #expect(
            explained.output.contains("\"verdict\":\"accept\"") || explained.output.contains("\"verdict\": \"accept\""))
        #expect(try portreeve("remove", "--yes").status == 0)
        #expect(try goesOut(Attempt(kind: .tcp, destination: "203.0.113.99", port: 25, user: 33)))
    }
}

extension Attempt {
    /// Whether `deny` has the destination, whose replies are dropped.
    fileprivate var isDenied: Bool { destination == "203.0.113.66" || destination.hasPrefix("2001:db8:66:") }
}
