import Addressing
import Auditing
import Listeners
import Policies
import Testing

@Suite("What the lines of outbound say of connections")
struct OutboundLinesTests {
    private func line(
        _ name: String, _ transport: TransportProtocol, _ port: UInt16, _ to: AddressSet, users: [UInt32] = [],
        interface: String? = nil, process: String? = nil
    ) -> OutboundLine {
        var line = OutboundLine(
            name: name, location: .line(1),
            ports: [ServicePort(transport: transport, range: port...port, location: .line(1))],
            to: SourceList(location: .line(1), entries: ["x"], addresses: to))
        line.users = users.map { OutboundUser(written: "\($0)", number: $0) }
        line.interfaces = interface.map { [InterfacePattern(name: $0, isPrefix: false)] } ?? []
        line.client.processes = process.map { [$0] } ?? []
        return line
    }

    private var policy: Policy {
        var policy = Policy(services: [])
        policy.defaults.outbound = .reject
        let near = AddressSet(ipv4: [0xC000_0200...0xC000_02FF], ipv6: [])
        policy.outbound = [
            line("dns", .udp, 53, near), line("mail", .tcp, 25, near, users: [8]),
            line("vpn", .tcp, 443, .any, interface: "wg0"), line("web", .tcp, 443, near, users: [33], process: "curl"),
        ]
        policy.deny = SourceList(
            location: .line(9), entries: ["192.0.2.66"],
            addresses: AddressSet(ipv4: [0xC000_0242...0xC000_0242], ipv6: []))
        return policy
    }

    private func answer(
        _ transport: TransportProtocol, _ destination: UInt32, _ port: UInt16, _ user: OutboundCall.User = .unknown,
        from source: UInt16? = nil, by interface: String? = nil
    ) -> String {
        var call = OutboundCall(transport, to: .ipv4(destination), port: port, user: user, sourcePort: source)
        call.interface = interface
        return switch OutboundLines(policy, now: 0).answer(to: call) {
        case .accepted(let line): line?.name ?? "unasked"
        case .refused: "refused"
        case .denied: "denied"
        case .unknown: "unknown"
        }
    }

    @Test("Destination, port, user and interface decide; what is not known of them is unknown")
    func answers() {
        #expect(answer(.udp, 0xC000_0235, 53) == "dns" && answer(.tcp, 0xC000_0235, 53) == "refused")
        #expect(answer(.udp, 0xC633_6407, 53) == "refused" && answer(.udp, 0xC000_0242, 53) == "denied")
        #expect(answer(.tcp, 0xC000_0219, 25, .number(8)) == "mail")
        #expect(
            answer(.tcp, 0xC000_0219, 25, .number(0)) == "refused" && answer(.tcp, 0xC000_0219, 25, .none) == "refused")
        #expect(answer(.tcp, 0xC000_0219, 25) == "unknown")
        #expect(answer(.tcp, 0xC633_6407, 443) == "unknown")
        #expect(
            answer(.tcp, 0xC633_6407, 443, by: "wg0") == "vpn"
                && answer(.tcp, 0xC633_6407, 443, by: "eth0") == "refused")
    }

    @Test("ICMP, loopback and this host's DHCP client need no line")
    func unasked() {
        #expect(answer(.icmp, 0xC000_0242, 0) == "unasked" && answer(.tcp, 0x7F00_0001, 9) == "unasked")
        #expect(
            answer(.udp, 0xFFFF_FFFF, 67, from: 68) == "unasked" && answer(.udp, 0xFFFF_FFFF, 67, from: 9) == "refused")
    }

    @Test("A missing line is written as in a policy")
    func suggestion() throws {
        let call = OutboundCall(.tcp, to: .ipv4(0xC000_0219), port: 25)
        #expect(call.suggestion(user: "mail") == "{ports: 25/tcp, to: 192.0.2.25, user: mail}")
        let esp = OutboundCall(TransportProtocol(rawValue: 50), to: .ipv6(1 << 120), port: 0)
        #expect(esp.suggestion(user: nil) == "{protocols: esp, to: \"100::\"}")
    }

    private func connection(_ user: UInt32, _ process: String, to destination: UInt32, _ port: UInt16) -> LiveConnection
    {
        let (near, far) = (Endpoint(.ipv4(0x0A00_0001), 40000), Endpoint(.ipv4(destination), port))
        let socket = EstablishedConnection(local: near, remote: far, userID: user, inode: 7)
        var session = Session(transport: .tcp, client: near, dialled: far, server: far, peer: near, socket: socket)
        session.owners = .processes([SocketProcess(pid: 9, name: process, executable: "/usr/bin/\(process)", user: "u")]
        )
        return LiveConnection(.outbound, session, .established)
    }

    @Test("A connection that no line lets out is stale, and one of another program is a wrong process")
    func findings() {
        let audit = OutboundAudit(policy, now: 0) { _ in "eth0" }
        let all = [
            connection(33, "curl", to: 0xC000_0207, 443), connection(33, "wget", to: 0xC000_0207, 443),
            connection(0, "nc", to: 0xC000_0219, 25), connection(8, "sendmail", to: 0xC000_0219, 25),
        ]
        let stale = audit.stale(audit.refused(all))
        #expect(stale.map(\.identifier) == [.staleSession] && stale[0].process?.name == "nc")
        #expect(
            stale[0].message.contains("add {ports: 25/tcp, to: 192.0.2.25, user: u}") && stale[0].details.isOutbound)
        let wrong = audit.departures(audit.expected(all)) { _ in [] }
        #expect(wrong.map(\.identifier) == [.wrongProcess] && wrong[0].service == "web" && wrong[0].details.isOutbound)
        #expect(wrong[0].message.hasPrefix("wget") && wrong[0].message.contains("not \"curl\", uses outbound \"web\""))
    }
}
