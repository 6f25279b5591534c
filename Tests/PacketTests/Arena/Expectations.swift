import Addressing
import Policies
import Testing

/// A packet and what must become of it.
struct Expected {
    var packet: Packet
    var outcome: Outcome

    /// A packet from the source to a port, written as in a policy, on the interface.
    static func packet(
        from source: String, to port: String, on interface: String = "eth0", _ outcome: Outcome
    ) throws -> Self {
        let parts = port.split(separator: "/").map(String.init)
        let number = try #require(UInt16(parts[0]))
        let transport = try #require(TransportProtocol(name: parts[1]))
        let packet = Packet(transport: transport, port: number, source: try Address(source), interface: interface)
        return Self(packet: packet, outcome: outcome)
    }
}

extension Arena {
    /// Sends packets in their order and checks what becomes of each.
    func check(_ expected: [Expected], location: Testing.SourceLocation = #_sourceLocation) throws {
        let outcomes = try outcomes(of: expected.map(\.packet), meant: expected.map(\.outcome))
        for (expected, outcome) in zip(expected, outcomes) where outcome != expected.outcome {
            Issue.record("\(outcome), not \(expected.outcome): \(expected.packet)", sourceLocation: location)
        }
        #expect(strays == [], sourceLocation: location)
    }

    /// Checks what becomes of packets from each source to one port.
    func check(
        _ port: String, _ sources: [String: Outcome], location: Testing.SourceLocation = #_sourceLocation
    ) throws {
        try check(sources.map { try .packet(from: $0.key, to: port, $0.value) }, location: location)
    }
}
