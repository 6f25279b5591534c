import Addressing
import Auditing
import Listeners
import Policies
import Testing

@Suite("Raw sockets of protocols without ports")
struct SilencedProtocolTests {
    private static let vrrp = TransportProtocol(rawValue: 112)
    private static let keepalived = Owners.processes([SocketProcess("/usr/sbin/keepalived", unit: "keepalived.service")]
    )

    private func policy(_ protocols: [TransportProtocol], _ listener: ListenerExpectation = .init()) throws -> Policy {
        var service = try Service("ha", line: 10, listener: listener)
        service.ports = protocols.map { ServicePort($0, location: .line(11)) }
        return try Policy(service)
    }

    private func findings(
        _ protocols: [TransportProtocol], _ number: UInt8, at address: String = "0.0.0.0",
        exposure: ListenerAudit.Exposure = .shielded
    ) throws -> [Finding] {
        let socket = try Listener(address, 0, TransportProtocol(rawValue: number), owners: Self.keepalived)
        return ListenerAudit(try policy(protocols), [], raw: [socket], exposure: exposure).findings
    }

    @Test("Are a warning if no service lists the protocol and the ruleset blocks it")
    func silenced() throws {
        let found = try findings([], 112)
        #expect(found.map(\.identifier) == [.silencedProtocol] && found.map(\.severity) == [.warning])
        #expect(found.first?.port?.text == "vrrp")
        #expect(
            found.first?.message
                == "keepalived (pid 7, /usr/sbin/keepalived, keepalived.service, user root) waits for vrrp packets (0.0.0.0), and the firewall blocks them: list vrrp under \"protocols\" of a service, or stop it"
        )
        #expect(try findings([], 112, exposure: .reachable) == [])
        #expect(try findings([Self.vrrp], 112) == [])
        #expect(try findings([Self.vrrp], 89).count == 1)
        #expect(try findings([], 112, at: "127.0.0.1") == [])
    }

    @Test(
        "Need no service for messages that are always accepted, for ports, and for sending",
        arguments: [1, 2, 6, 17, 58, 255])
    func exempt(number: UInt8) throws {
        #expect(try findings([], number) == [])
    }

    @Test("Are held by the expected process, as listeners are; nothing need wait for a protocol")
    func expectations() throws {
        let expected = try policy([Self.vrrp], ListenerExpectation(processes: ["frr"]))
        let socket = try Listener("0.0.0.0", 0, Self.vrrp, owners: Self.keepalived)
        #expect(ListenerAudit(expected, [], raw: [socket]).findings.map(\.identifier) == [.wrongProcess])
        #expect(ListenerAudit(expected, []).findings == [])
    }
}
