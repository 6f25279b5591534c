import Addressing
import Compiler
import Glibc
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
        packets = RandomPackets(seed: seed, areForHost: !isForwarded)
    }

    /// Loads the next policy from the text of its file and sends `count` packets; `isEvaluated` compares the computed verdicts, too,
    /// which takes seconds.
    mutating func compareNext(
        _ count: Int, isEvaluated: Bool = false, _ meaning: (Meaning, Packet, Int64) -> Outcome
    ) throws {
        let now = Int64(time(nil))
        let policy = policies.next(now: now)
        let read = try Firewall.policy(policy.text)
        try Firewall.load(read)
        let batch = packets.next(count, for: policy, over: RandomPolicy.interfaces)
        let meant = batch.map { meaning(Meaning(policy: policy), $0, now) }
        let outcomes = try arena.outcomes(of: batch, meant: meant)
        if isEvaluated { Computed(read, at: now).compare(batch, meant) }
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

/// What is computed of a compiled policy.
private struct Computed {
    private let tables: [Rulesets.Table]
    private let circumstances: Circumstances
    private let regions: AccessRegions

    init(_ policy: Policy, at now: Int64) {
        tables = [compile(policy).table]
        circumstances = Circumstances(now: now)
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

extension AccessRegions {
    /// The most specific key of a packet; `nil` for a protocol that no rule names.
    fileprivate func key(of packet: Reachability.Packet) -> Key? {
        let fitting = keys.filter { key in
            key.family == packet.family && key.transport == packet.transport
                && packet.destination.map { key.destination.contains($0.address(packet.family)) } ?? true
        }
        func first(_ holds: (InterfaceClass.Kind) -> Bool) -> Key? { fitting.first { holds($0.interface.kind) } }
        let starts = fitting.compactMap { if case .prefixed(let start) = $0.interface.kind { start } else { nil } }
        let longest = starts.filter(packet.interface.hasPrefix).max { $0.utf8.count < $1.utf8.count }
        return first { $0 == .named(packet.interface) } ?? longest.flatMap { start in first { $0 == .prefixed(start) } }
            ?? first { $0 == .other }
    }
}

extension UInt128 {
    /// The address of this number.
    fileprivate func address(_ family: AddressFamily) -> IPAddress {
        family == .ipv4 ? .ipv4(UInt32(truncatingIfNeeded: self)) : .ipv6(self)
    }
}
