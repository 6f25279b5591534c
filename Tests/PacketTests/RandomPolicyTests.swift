import Addressing
import Compiler
import Glibc
import Kernel
import Policies
import Rulesets
import TestSupport
import Testing

@testable import Reachability

@Suite("Real packets agree with the meaning of random policies", .privileged, .networkNamespace)
struct RandomPolicyTests {
    @Test(
        "Packets to this host, which the evaluator and the algebra know, too", .serialized,
        arguments: Seeds.range(12))
    func input(seed: UInt64) throws {
        let arena = try Arena(interfaces: RandomPolicy.interfaces)
        var comparison = Comparison(seed: seed, arena: arena)
        for number in 0..<25 {
            try comparison.compareNext(150, isEvaluated: number % 5 == 0) { $0.outcome(of: $1, at: $2) }
        }
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

    @Test("Packets that forwards lead to another host", .serialized, arguments: Seeds.range(4))
    func forwards(seed: UInt64) throws {
        let network = try Network(interfaces: RandomPolicy.interfaces)
        let container = try Container(behind: network.host)
        let arena = Arena(network, try container.namespace.run { try Listeners() })
        var comparison = Comparison(seed: 1_000 + seed, arena: arena, isForwarded: true, forwardsToThisHost: false)
        comparison.observed = { $0.observed($1, $2) }
        for number in 0..<25 {
            try comparison.compareNext(150, isEvaluated: number % 5 == 0) { $0.outcome(ofForwarded: $1, at: $2) }
        }
        comparison.finish()
    }

    @Test("Packets that forwards lead to another port of this host", .serialized, arguments: Seeds.range(4))
    func localForwards(seed: UInt64) throws {
        let arena = try Arena(interfaces: RandomPolicy.interfaces)
        var comparison = Comparison(seed: 2_000 + seed, arena: arena, isForwarded: true, forwardsToThisHost: true)
        for number in 0..<25 {
            try comparison.compareNext(150, isEvaluated: number % 5 == 0) { $0.outcome(of: $1, at: $2) }
        }
        comparison.finish()
    }
}

/// Compares the outcomes of random probes with the meaning of random policies.
private struct Comparison {
    let arena: Arena
    /// What becomes of a packet with this verdict, where that is not the same; `nil` where it is.
    var observed: ((Meaning, Packet, Outcome) -> Outcome)?
    private var policies: RandomPolicy
    private var packets: RandomPackets
    private var counts: [Outcome: Int] = [:]
    /// Whether policies have forwards in place of services, and whether those lead to ports of this host.
    private let forwards: Bool?

    init(seed: UInt64, arena: Arena, isForwarded: Bool = false, forwardsToThisHost forwards: Bool? = nil) {
        self.arena = arena
        self.forwards = forwards
        policies = RandomPolicy(seed: seed)
        packets = RandomPackets(seed: seed, areForHost: !isForwarded)
    }

    /// Loads the next policy from the text of its file and sends `count` packets; `isEvaluated` compares the computed verdicts, too,
    /// which takes seconds.
    mutating func compareNext(
        _ count: Int, isEvaluated: Bool = false, _ meaning: (Meaning, Packet, Int64) -> Outcome
    ) throws {
        let now = Int64(time(nil))
        let policy = forwards.map { policies.nextForwarding(now: now, toThisHost: $0) } ?? policies.next(now: now)
        let read = try Firewall.policy(policy.text)
        try Firewall.load(read)
        let batch = packets.next(count, for: policy, over: RandomPolicy.interfaces)
        let meant = batch.map { meaning(Meaning(policy: policy), $0, now) }
        let expected = zip(batch, meant).map { observed?(Meaning(policy: policy), $0, $1) ?? $1 }
        let outcomes = try arena.outcomes(of: batch, meant: expected)
        if isEvaluated { try Computed(read, at: now).compare(batch, meant) }
        for (packet, (outcome, meant)) in zip(batch, zip(outcomes, expected)) {
            if outcome != meant { Issue.record("\(outcome), not \(meant): \(Self.text(packet, policy))") }
            counts[meant, default: 0] += 1
        }
        try #require(outcomes == expected, "the next policies would tell nothing new, slowly")
    }

    /// Checks that no packet came late, and that each outcome was tested.
    func finish() {
        #expect(arena.strays == [])
        for outcome in [Outcome.accepted, .answered, .silent] { #expect(counts[outcome, default: 0] > 200) }
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

/// What is computed of a compiled policy.
private struct Computed {
    private let tables: [Rulesets.Table]
    private let circumstances: Circumstances
    private let regions: AccessRegions

    init(_ policy: Policy, at now: Int64) throws {
        tables = [compile(policy).table]
        circumstances = Circumstances(now: now, addresses: try NftablesStore().addresses())
        regions = AccessRegions(tables, in: circumstances)
    }

    /// Compares the evaluator's and the algebra's verdict on each packet with its meaning; both know no messages of ICMP and IGMP.
    func compare(_ packets: [Packet], _ meant: [Outcome]) {
        for (packet, meant) in zip(packets, meant) where ![.icmp, .icmpv6, .igmp].contains(packet.transport) {
            var evaluated = Reachability.Packet(
                transport: packet.transport, port: packet.port, from: packet.source, interface: packet.interface)
            evaluated.destination = packet.destination?.value
            let verdict = PacketEvaluation.conclude(evaluated, through: tables, in: circumstances).verdict
            let expected: PacketVerdict = meant == .accepted ? .accept : .refuse
            if verdict != expected { Issue.record("evaluator: \(verdict), not \(expected): \(packet)") }
            guard let key = regions.key(of: evaluated) else { continue }
            let region = regions.verdict(key, port: packet.port, source: packet.source.value)
            if region != expected { Issue.record("algebra: \(region), not \(expected): \(packet)") }
        }
    }
}
