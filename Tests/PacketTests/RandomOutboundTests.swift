import Addressing
import Auditing
import Compiler
import Glibc
import Policies
import Reachability
import TestSupport
import Testing

/// Random lines of `outbound`: the kernel, the lines, one packet and the regions agree with what they mean.
@Suite("Random policies of what this host sends", .privileged, .networkNamespace)
struct RandomOutboundTests {
    private static let ports: [UInt16] = [25, 53, 80, 123, 443, 5432, 9050]
    private static let users: [UInt32] = [0, 8, 33, 42]
    private static let destinations = [
        "192.0.2.1", "192.0.2.7", "192.0.2.8", "192.0.2.53", "192.0.2.54", "198.51.100.7", "198.51.100.9",
        "203.0.113.66",
        "2001:db8::53", "2001:db8::54", "2001:db8:7::7", "2001:db9::1",
    ]

    @Test("Attempts of several users, by both interfaces", .serialized, arguments: Seeds.range(3))
    func agreement(seed: UInt64) throws {
        let departures = try Departures(to: Self.ports)
        var random = RandomOutbound(seed: seed)
        var counts = (accepted: 0, refused: 0)
        for number in 0..<12 {
            let now = Int64(time(nil))
            let meaning = random.next(now: now)
            let policy = try Firewall.policy(meaning.text)
            let table = compile(policy).table
            try Firewall.load(table)
            let lines = OutboundLines(policy, now: now)
            let circumstances = Circumstances(now: now)
            let regions = number % 3 == 0 ? AccessRegions([table], in: circumstances, path: .leaving) : nil
            for _ in 0..<80 {
                let attempt = Attempt(
                    kind: random.generator.pick([.tcp, .udp]), destination: random.generator.pick(Self.destinations),
                    port: random.generator.pick(Self.ports), user: random.generator.pick(Self.users))
                let isMeant = try meaning.letsOut(attempt, at: now)
                if isMeant { counts.accepted += 1 } else { counts.refused += 1 }
                try #require(
                    try departures.goesOut(attempt) == isMeant, "kernel, not \(isMeant): \(attempt)\n\(meaning.text)")
                let call = OutboundCall(
                    attempt.kind, to: try IPAddress(attempt.destination), port: attempt.port,
                    user: .number(attempt.user), interface: attempt.interface)
                let answer = if case .accepted = lines.answer(to: call) { true } else { false }
                try #require(answer == isMeant, "lines, not \(isMeant): \(attempt)\n\(meaning.text)")
                let expected: PacketVerdict = isMeant ? .accept : .refuse
                let verdict = PacketEvaluation.conclude(
                    try attempt.packet, through: [table], in: circumstances, path: .leaving
                ).verdict
                try #require(verdict == expected, "packet, not \(expected): \(attempt)\n\(meaning.text)")
                guard let region = try regions?.verdict(on: attempt) else { continue }
                try #require(region == expected, "regions, not \(expected): \(attempt)\n\(meaning.text)")
            }
        }
        #expect(counts.accepted > 20 && counts.refused > 100, "\(counts)")
    }
}
