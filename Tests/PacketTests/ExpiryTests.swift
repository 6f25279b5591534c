import Addressing
import Glibc
import Policies
import TestSupport
import Testing

@Suite("Expiry", .privileged, .networkNamespace)
struct ExpiryTests {
    @Test("The kernel closes an expired service, and established connections continue")
    func expiry() throws {
        let arena = try Arena()
        let listener = try Socket.listening(.tcp, on: 5000)
        let packet = Packet(transport: .tcp, port: 22, source: try IPAddress("192.0.2.1"), interface: "eth0")
        var session: Session?
        // A busy machine may reach the expiry before the open service was tested: the test tries again with more time.
        for seconds in [2, 8, 32] as [Int64] where session == nil {
            let end = Int64(time(nil)) + seconds
            try Firewall.load(policy(until: end))
            let host = try arena.network.wire.host(.ipv6)
            let attempt = try? arena.network.client.run {
                try Session(
                    from: try IPAddress("2001:db8::1"), to: Endpoint(address: host, port: 5000), listener: listener)
            }
            if time(nil) < end {
                #expect(try arena.outcomes(of: [packet], meant: [.accepted]) == [.accepted] || time(nil) >= end)
                session = attempt
            }
            while time(nil) < end { usleep(10_000) }
        }
        #expect(try arena.outcomes(of: [packet], meant: [.answered]) == [.answered])
        #expect(try #require(session).exchanges())
    }

    private func policy(until end: Int64) throws -> Policy {
        var policy = try Firewall.policy(
            "version: 1\ndefaults: {inbound: reject}\nservices: {a: {ports: [22, 5000], from: any}}")
        policy.services[0].entries[0].expires = Expiry(end: end, written: "soon")
        policy.services.append(RandomPolicy.sentinelService)
        return policy
    }
}
