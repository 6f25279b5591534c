import Addressing
import Glibc
import Policies
import TestSupport
import Testing

@Suite("Real packets agree with the meaning of random policies", .privileged, .networkNamespace)
struct RandomPolicyTests {
    @Test("Packets to this host", .serialized, arguments: 1...12 as ClosedRange<UInt64>)
    func input(seed: UInt64) throws {
        let arena = try Arena(interfaces: RandomPolicy.interfaces)
        var comparison = Comparison(seed: seed, arena: arena)
        for _ in 0..<25 { try comparison.compareNext(150) { $0.outcome(of: $1, at: $2) } }
        comparison.finish()
    }

    @Test("Packets that another table redirects", .serialized, arguments: 101...104 as ClosedRange<UInt64>)
    func published(seed: UInt64) throws {
        let network = try Network(interfaces: RandomPolicy.interfaces)
        let container = try Container(behind: network.host)
        // The container listens on a port that is another service's on the host.
        let rotated = RandomPolicy.ports.dropFirst(7) + RandomPolicy.ports.prefix(7)
        let sentinel = RandomPolicy.sentinel.port
        try Container.publish([(sentinel, sentinel)] + zip(RandomPolicy.ports, rotated).map { ($0, $1) })
        let arena = Arena(network, try container.namespace.run { try Listeners() })
        var comparison = Comparison(seed: seed, arena: arena, isForwarded: true)
        for _ in 0..<25 { try comparison.compareNext(150) { $0.outcome(ofRedirected: $1, at: $2) } }
        comparison.finish()
    }
}

/// Compares the outcomes of random probes with the meaning of random policies.
private struct Comparison {
    let arena: Arena
    private var policies: RandomPolicy
    private var packets: RandomPackets
    private var counts: [Outcome: Int] = [:]

    init(seed: UInt64, arena: Arena, isForwarded: Bool = false) {
        self.arena = arena
        policies = RandomPolicy(seed: seed)
        packets = RandomPackets(seed: seed, includesLinkLocal: !isForwarded)
    }

    /// Loads the next policy from the text of its file and sends `count` packets.
    mutating func compareNext(_ count: Int, _ meaning: (Meaning, Packet, Int64) -> Outcome) throws {
        let now = Int64(time(nil))
        let policy = policies.next(now: now)
        try Firewall.load(Firewall.policy(policy.text))
        let batch = packets.next(count, for: policy, over: RandomPolicy.interfaces)
        let meant = batch.map { meaning(Meaning(policy: policy), $0, now) }
        let outcomes = try arena.outcomes(of: batch, meant: meant)
        for (packet, (outcome, meant)) in zip(batch, zip(outcomes, meant)) {
            if outcome != meant { Issue.record("\(outcome), not \(meant): \(Self.text(packet, policy))") }
            counts[meant, default: 0] += 1
        }
        try #require(outcomes == meant, "the next policies would tell nothing new, slowly")
    }

    /// Checks that no packet came late, and that each outcome was tested.
    func finish() {
        #expect(arena.strays == [])
        for outcome in [Outcome.accepted, .answered, .silent] { #expect(counts[outcome, default: 0] > 300) }
    }

    /// The context of a failure.
    private static func text(_ packet: Packet, _ policy: Policy) -> String {
        let owner = policy.services.first { service in
            service.ports.contains { $0.transport == packet.transport && $0.range.contains(packet.port) }
        }
        let service = owner.map { owner in
            let entries = owner.entries.map {
                "from \($0.sources.entries) on \($0.interfaces) until \($0.expires?.written ?? "never")"
            }
            return "\(owner.name) \(entries)"
        }
        return "\(packet), deny \(policy.deny?.entries ?? []), \(service ?? "no service")"
    }
}
