import Addressing
import Commands
import Foundation
import Listeners
import System
import Testing

@Suite("portreeve sessions")
struct SessionListTests {
    private let policy = """
        version: 1
        sources: {office: [192.0.2.0/28], lab: [192.0.2.64/28]}
        deny: [192.0.2.66]
        services:
          ssh: {ports: 22, from: office, why: Admin}
          web: {ports: 443, from: any, why: Site}
          db: {ports: 5432, from: any, interfaces: [eth0], why: Data}
          ask: {ports: 53/udp, from: 192.0.2.1, why: Names}

        """

    /// A host with these connections, and listeners on tcp/22, tcp/443, tcp/5432 and udp/53.
    private func terminal(_ sockets: [ConnectedSocket] = [], _ flows: [TrackedFlow] = []) throws -> Terminal {
        let terminal = try Terminal()
        let ports: [(TransportProtocol, UInt16)] = [(.tcp, 22), (.tcp, 443), (.tcp, 5432), (.udp, 53)]
        terminal.sessions.connectionList = ConnectionList(
            sockets: sockets,
            listeners: ports.map { Listener(transport: $0.0, address: .ipv4(0), port: $0.1, inode: UInt64($0.1)) },
            flows: flows, addresses: [Endpoint.host(1).address], ephemeral: EphemeralPorts(range: 32768...60999))
        return terminal
    }

    /// The rows of the table with single spaces between the columns, and the summary.
    private func lines(_ terminal: Terminal, _ options: String...) throws -> [String] {
        #expect(try terminal.run(["sessions", try terminal.write(policy)] + options) == .success, "\(terminal.errors)")
        let lines = terminal.output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        return lines.first?.hasPrefix("DIR ") == true ? Array(lines.dropFirst()) : lines
    }

    /// Sockets and entries of conntrack with every verdict.
    private func mixed() throws -> Terminal {
        try terminal(
            [
                ConnectedSocket(.client(1), at: 22, bytes: ByteCount(received: 999, sent: 1_250_000)),
                ConnectedSocket(.client(77), at: 22), ConnectedSocket(.client(66), at: 443),
                ConnectedSocket(.client(1), at: 5432, interface: "eth1"), ConnectedSocket(.client(2), at: 5432),
                ConnectedSocket(.client(7, 8080), at: 50000),
            ],
            [
                TrackedFlow(.client(1), to: .host(22)), TrackedFlow(.client(77), to: .host(22)),
                TrackedFlow(.client(66), to: .host(443)), TrackedFlow(.client(1), to: .host(5432)),
                TrackedFlow(.client(2), to: .host(5432)), TrackedFlow(.host(50000), to: .client(7, 8080)),
            ])
    }

    private let mixedLines = [
        "in tcp 10.255.0.1:22 192.0.2.1:40000 established 999 B 1.2 MB ssh accept",
        "in tcp 10.255.0.1:22 192.0.2.77:40000 established - - ssh refuse: not in \"from\"",
        "in tcp 10.255.0.1:443 192.0.2.66:40000 established - - web refuse: in \"deny\"",
        "in tcp 10.255.0.1:5432 192.0.2.1:40000 established - - db refuse: other interface",
        "in tcp 10.255.0.1:5432 192.0.2.2:40000 established - - db unknown",
        "out tcp 10.255.0.1:50000 192.0.2.7:8080 established - - - accept",
    ]

    @Test("Each connection has its ends, bytes, service and verdict")
    func verdicts() throws {
        let terminal = try mixed()
        #expect(try lines(terminal) == mixedLines + ["6 connections: 5 in, 1 out; the policy refuses 3"])
        terminal.sessions.route = "eth0"
        #expect(try lines(terminal)[4].hasSuffix(" db accept"))
        #expect(terminal.sessions.routings == 2)
    }

    @Test("Filters and orders, with the number of all connections")
    func filters() throws {
        func kept(_ options: String...) throws -> [String] {
            let terminal = try mixed()
            #expect(try terminal.run(["sessions", try terminal.write(policy)] + options) == .success)
            return terminal.output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        }
        let refused = try kept("--refused")
        #expect(refused.last == "3 of 6 connections: 3 in; the policy refuses 3" && refused.count == 5)
        #expect(try kept("--service", "db").last == "2 of 6 connections: 2 in; the policy refuses 1")
        #expect(try kept("--direction", "out").last == "1 of 6 connections: 1 out")
        #expect(try kept("--direction", "forward") == ["0 of 6 connections"])
        #expect(try kept("--peer", "lab").last == "2 of 6 connections: 2 in; the policy refuses 2")
        #expect(
            try kept("--peer", "192.0.2.1", "--peer", "192.0.2.7").last
                == "3 of 6 connections: 2 in, 1 out; the policy refuses 1")
        #expect(try kept("--sort", "bytes")[1].contains("1.2 MB"))
        let first = try kept("--sort", "peer")[1]
        #expect(first.contains(" 192.0.2.1:40000 "))
        #expect(try kept("--quiet").count == 4)
    }

    @Test(
        "Names of services and groups that do not exist are refused with the likely one",
        arguments: [
            (["--service", "wbe"], "the policy has no service \"wbe\" (did you mean \"web\"?)"),
            (["--service", "postgres"], "the policy has no service \"postgres\"; its services are "),
            (["--peer", "offise"], "the policy has no group \"offise\" (did you mean \"office\"?)"),
            (["--peer", "192.0.2.1/24"], "\"192.0.2.1/24\""),
        ])
    func unknown(options: [String], message: String) throws {
        let terminal = try mixed()
        #expect(try terminal.run(["sessions", try terminal.write(policy)] + options) == .usage)
        #expect(terminal.errors.contains(message), "\(terminal.errors)")
    }

    @Test("Both ends of a connection within the host have a row, and are accepted")
    func within() throws {
        let ends = [
            ConnectedSocket(.tcp, EstablishedConnection(.host(40000), at: 443), .established),
            ConnectedSocket(
                .tcp, EstablishedConnection(local: .host(40000), remote: .host(443)), .established),
        ]
        let expected = [
            "in tcp 10.255.0.1:443 10.255.0.1:40000 established web accept",
            "out tcp 10.255.0.1:40000 10.255.0.1:443 established - accept",
            "2 connections: 1 in, 1 out",
        ]
        #expect(try lines(terminal(ends, [TrackedFlow(.host(40000), to: .host(443))])) == expected)
        #expect(try lines(terminal(ends)) == expected)
    }

    @Test("Datagrams belong to the socket that is bound to their port; what has ended is left out")
    func datagrams() throws {
        var (over, half) = (TrackedFlow(.client(1), to: .host(22)), TrackedFlow(.client(1), to: .host(22)))
        (over.state, half.state) = (nil, .finWait)
        let terminal = try terminal(
            [],
            [
                TrackedFlow(.client(1), to: .host(53), .udp), TrackedFlow(.client(9), to: .host(53), .udp),
                TrackedFlow(.client(9), to: .host(54), .udp), TrackedFlow(.host(50001), to: .client(5, 53), .udp, .new),
                over, half, TrackedFlow(.client(1), to: .host(22)),
            ])
        terminal.sessions.owner = SocketProcess(pid: 7, name: "named", unit: "named.service")
        #expect(
            try lines(terminal) == [
                "in udp 10.255.0.1:53 192.0.2.1:40000 established named (7) named.service ask accept",
                "in udp 10.255.0.1:53 192.0.2.9:40000 established named (7) named.service ask refuse: not in \"from\"",
                "in udp 10.255.0.1:54 192.0.2.9:40000 established no socket - - refuse: no service",
                "out udp 10.255.0.1:50001 192.0.2.5:53 new no socket - - accept",
                "4 connections: 3 in, 1 out; the policy refuses 2",
            ])
    }

    @Test("An open TCP connection without a socket is listed if it had none at a second look")
    func unheld() throws {
        let flow = TrackedFlow(.client(9), to: .host(22))
        let terminal = try terminal([], [flow])
        #expect(try lines(terminal) == ["0 connections"])
        #expect(terminal.sessions.connectionList.withoutSocket == [flow.connection])
        terminal.sessions.connectionList.unheld = [flow.connection]
        #expect(
            try lines(terminal) == [
                "in tcp 10.255.0.1:22 192.0.2.9:40000 established no socket ssh accept", "1 connection: 1 in",
            ])
    }

    @Test("Forwarded and translated connections show where they lead; the policy decides on what was dialled here")
    func forwarded() throws {
        var masqueraded = TrackedConnection(.container(4000), to: .client(5, 443))
        masqueraded.reply.destination = .host(4000)
        let flows = [
            TrackedFlow(
                TrackedConnection(.client(1), to: .host(443), sentTo: .container(8443)),
                bytes: ByteCount(received: 5, sent: 7)),
            TrackedFlow(TrackedConnection(.client(2), to: .host(8000), sentTo: .container(80))),
            TrackedFlow(TrackedConnection(.client(2), to: .cluster(8000), sentTo: .container(80))),
            TrackedFlow(masqueraded),
        ]
        let expected = [
            "forward tcp 192.0.2.5:443 172.30.0.2:4000 (as 10.255.0.1:4000) established - - - -",
            "forward tcp 10.255.0.1:443 (to 172.30.0.2:8443) 192.0.2.1:40000 established 5 B 7 B web accept",
            "forward tcp 10.255.0.1:8000 (to 172.30.0.2:80) 192.0.2.2:40000 established - - - refuse: no service",
            "forward tcp 10.96.0.10:8000 (to 172.30.0.2:80) 192.0.2.2:40000 established - - - -",
        ]
        let found = try lines(terminal([], flows))
        #expect(Set(found.dropLast()) == Set(expected))
        #expect(found.last == "4 connections: 4 forward; the policy refuses 1")
    }

    @Test("JSON has stable keys, null for what is not known, and the reason for what is not known")
    func json() throws {
        var flow = TrackedFlow(.client(77), to: .host(22))
        let terminal = try terminal([ConnectedSocket(.client(77), at: 22)], [])
        terminal.sessions.connectionList.doubt = "listing the connections in conntrack: operation not permitted"
        _ = try lines(terminal, "--format", "json")
        let unknown = try #require(try terminal.json()["unknown"] as? [String])
        #expect(
            unknown.count == 1
                && unknown[0].hasSuffix("are not known: listing the connections in conntrack: operation not permitted"))
        flow.connection.start = terminal.now - 3723
        terminal.sessions.connectionList.flows = [flow]
        terminal.sessions.owner = SocketProcess(pid: 8, name: "sshd", executable: "/usr/sbin/sshd", user: "root")
        #expect(try lines(terminal)[0].contains(" established 1h2m sshd (8) "))
        _ = try lines(terminal, "--format", "json")
        let json = try terminal.json()
        #expect(json["total"] as? Int == 1)
        let session = try #require((json["sessions"] as? [[String: Any]])?.first)
        #expect(
            Set(session.keys) == [
                "direction", "protocol", "local", "remote", "translated", "state", "since", "bytes", "interface",
                "process", "processes", "socket", "tracked", "service", "verdict", "missing", "reason",
            ])
        #expect(session["direction"] as? String == "in" && session["verdict"] as? String == "refuse")
        #expect(session["since"] as? String == "2027-01-15T06:57:57Z")
        #expect((session["remote"] as? [String: Any])?["address"] as? String == "192.0.2.77")
        #expect((session["process"] as? [String: Any])?["pid"] as? Int == 8)
        #expect(session["reason"] as? String == "not-in-from" && session["bytes"] is NSNull)
    }

    @Test("A destination to which few local ports are left is a warning, in text and JSON")
    func localPorts() throws {
        let sockets = (0..<7).map { number in
            ConnectedSocket(
                .tcp, EstablishedConnection(local: .host(50000 + number), remote: .client(9, 443)), .established)
        }
        let terminal = try terminal(sockets)
        terminal.sessions.connectionList.ephemeral = EphemeralPorts(
            range: 50000...50010, reserved: IntervalSet([50010...50020]))
        #expect(try lines(terminal).count == 8)
        let group = EphemeralPortUse.Group(.tcp, from: Endpoint.host(1).address, to: .client(9, 443))
        terminal.sessions.connectionList.waiting = [group: 1]
        #expect(
            try lines(terminal)[7]
                == "warning: 8 of 10 local ports of 10.255.0.1 are in use for tcp to 192.0.2.9:443: connections fail when none is left; widen net.ipv4.ip_local_port_range, or keep connections open"
        )
        _ = try lines(terminal, "--format", "json")
        let ports = try #require(try terminal.json()["local_ports"] as? [[String: Any]])
        #expect(ports.count == 1 && ports[0]["used"] as? Int == 8 && ports[0]["available"] as? Int == 10)
        #expect(try terminal.run("verify", try terminal.write(policy), "--only", "sessions") == .difference)
        #expect(
            terminal.output.contains(
                "warning: 8 of 10 local ports of 10.255.0.1 are in use for tcp to 192.0.2.9:443: connections fail when none is left"
            ) && terminal.output.contains("[local-port-exhaustion]"), "\(terminal.output)")
    }

    @Test("A narrow terminal leaves out columns and says so; no row is wider than the terminal", arguments: [80, 120])
    func narrow(columns: Int) throws {
        let terminal = try mixed()
        (terminal.outputColumns, terminal.forbidsColor) = (columns, true)
        #expect(try terminal.run("sessions", try terminal.write(policy)) == .success)
        let lines = terminal.output.split(separator: "\n")
        let heading = try #require(lines.first)
        #expect(heading.contains("LOCAL") && heading.contains("PEER") && heading.contains("POLICY"))
        #expect(lines.count { $0.hasPrefix("in ") || $0.hasPrefix("out ") } == 6, "\(terminal.output)")
        #expect(lines.allSatisfy { $0.count <= columns }, "\(terminal.output)")
        #expect(terminal.output.contains("a wider terminal also shows") == (columns == 80), "\(terminal.output)")
    }

    @Test("80 columns have the ends, the process, the service and the whole verdict")
    func narrow() throws {
        let terminal = try mixed()
        (terminal.outputColumns, terminal.forbidsColor) = (80, true)
        #expect(try terminal.run("sessions", try terminal.write(policy)) == .success)
        let lines = terminal.output.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(terminal.output)")
        for heading in ["LOCAL", "PEER", "SERVICE", "POLICY"] { #expect(lines[0].contains(heading)) }
        #expect(terminal.output.contains("refuse: "), "\(terminal.output)")
    }

    @Test("A screen has as many connections as fit, and how to leave")
    func screen() throws {
        let terminal = try mixed()
        terminal.screen = TerminalSize(rows: 6, columns: 100)
        terminal.forbidsColor = true
        #expect(try terminal.run("sessions", try terminal.write(policy), "--watch") == .success)
        let lines = terminal.output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 6, "\(terminal.output)")
        #expect(
            lines[0] == "portreeve sessions, 2027-01-15T08:00:00Z: 6 connections: 5 in, 1 out; the policy refuses 3")
        #expect(lines[1].hasPrefix("DIR ") && lines[2].hasPrefix("in "), "\(terminal.output)")
        #expect(lines[5] == "… 3 more; q quits")
    }
}

extension ConnectedSocket {
    /// The socket of an established connection to a port of the host.
    fileprivate init(_ remote: Endpoint, at port: UInt16, interface: String? = nil, bytes: ByteCount? = nil) {
        self.init(.tcp, EstablishedConnection(remote, at: port, interface: interface), .established, bytes: bytes)
    }
}

extension TrackedFlow {
    /// An entry without translation.
    fileprivate init(
        _ source: Endpoint, to destination: Endpoint, _ transport: TransportProtocol = .tcp,
        _ state: ConnectionState = .established
    ) { self.init(TrackedConnection(source, to: destination, transport), state: state) }
}
