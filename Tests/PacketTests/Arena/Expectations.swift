import Addressing
import Policies
import Testing

/// A packet and its expected outcome.
struct Expected {
    var packet: Packet
    var outcome: Outcome

    /// A packet on the interface, from the source to a port, in the notation of a policy.
    static func packet(
        from source: String, to port: String, on interface: String = "eth0", _ outcome: Outcome
    ) throws -> Self {
        let parts = port.split(separator: "/").map(String.init)
        let number = try #require(UInt16(parts[0]))
        let transport = try #require(TransportProtocol(name: parts[1]))
        let packet = Packet(transport: transport, port: number, source: try IPAddress(source), interface: interface)
        return Self(packet: packet, outcome: outcome)
    }
}

extension Arena {
    /// Sends packets in order and checks the outcome of each.
    func check(_ expected: [Expected], location: Testing.SourceLocation = #_sourceLocation) throws {
        let outcomes = try outcomes(of: expected.map(\.packet), meant: expected.map(\.outcome))
        for (expected, outcome) in zip(expected, outcomes) where outcome != expected.outcome {
            Issue.record("\(outcome), not \(expected.outcome): \(expected.packet)", sourceLocation: location)
        }
        #expect(strays == [], sourceLocation: location)
    }

    /// Checks the outcomes of packets from each source to one port.
    func check(
        _ port: String, _ sources: [String: Outcome], location: Testing.SourceLocation = #_sourceLocation
    ) throws {
        try check(sources.map { try .packet(from: $0.key, to: port, $0.value) }, location: location)
    }
}
