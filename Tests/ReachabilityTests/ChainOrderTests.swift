import Addressing
import TestSupport
import Testing

@testable import Reachability

/// Of chains with the same hook and priority the one that was made later runs first: each ruleset against real packets.
@Suite("Chains of the same hook and priority", .privileged, .networkNamespace)
struct ChainOrderTests {
    private static let input = "type filter hook input priority 0;"
    private static let nat = "type nat hook prerouting priority -100;"

    /// The packets to port 1, where the order decides, and to others.
    private static let packets = (1..<6 as Range<UInt16>).map {
        Packet(transport: .tcp, port: $0, from: .ipv4(0x0a01_0203), interface: "eth0")
    }

    private func outcome(_ ruleset: String) throws -> RulesetTrial.Outcome {
        try RulesetTrial(ruleset, isRestored: false, interfaces: RandomRuleset.interfaces).outcome(of: Self.packets)
    }

    @Test(
        "In one table the order is known",
        arguments: [
            ("\(input) meta mark 1 drop", "\(input) tcp dport 1 meta mark set 1"),
            ("\(input) tcp dport 1 meta mark set 1", "\(input) meta mark 1 drop"),
            ("\(nat) tcp dport 1 redirect to :2", "\(nat) tcp dport 1 redirect to :9"),
        ])
    func one(first: String, second: String) throws {
        let decision = "chain d { type filter hook input priority 10; policy drop; tcp dport 1-5 accept; }"
        let outcome = try outcome("table ip t {\nchain a { \(first); }\nchain b { \(second); }\n\(decision)\n}\n")
        #expect(outcome.wrong.isEmpty && outcome.unknown.isEmpty, "\(outcome)")
    }

    @Test(
        "Of two tables it is unknown where it decides, and nowhere else",
        arguments: [
            ("\(input) meta mark 1 drop", "\(input) tcp dport 1 meta mark set 1"),
            ("\(input) tcp dport 1 meta mark set 1", "\(input) meta mark 1 drop"),
            ("\(nat) tcp dport 1 redirect to :2", "\(nat) tcp dport 1 redirect to :9; tcp dport 3 redirect to :2"),
            ("\(nat) tcp dport 1 redirect to :9", "\(nat) tcp dport 1-2 redirect to :2"),
        ], [false, true])
    func two(chains: (String, String), isLater: Bool) throws {
        let decision = "chain d { type filter hook input priority 10; policy drop; tcp dport 1-5 accept; }"
        // The chain of the first table is made last, or first: a listing is the same.
        let first = "table ip t {\nchain a { \(chains.0); }\n}\n"
        let ruleset =
            (isLater ? "table ip t { }\n" : first)
            + "table inet u {\nchain b { \(chains.1); }\n\(decision)\n}\n" + (isLater ? first : "")
        let outcome = try outcome(ruleset)
        #expect(outcome.wrong.isEmpty, "\(outcome.wrong)")
        #expect(outcome.unknownCount == 2, "the evaluator and the algebra, of the packet to port 1: \(outcome.unknown)")
        #expect(outcome.unknown.keys.allSatisfy { $0.contains("the kernel does not tell") }, "\(outcome.unknown)")
    }

    @Test("Of two tables it is no question where it does not decide")
    func harmless() throws {
        let outcome = try outcome(
            """
            table ip t {
              chain a { \(Self.nat) tcp dport 1 redirect to :2; }
              chain i { \(Self.input) policy drop; tcp dport 2-4 accept; }
            }
            table inet u {
              chain b { \(Self.nat) tcp dport 3 redirect to :9; }
              chain i { \(Self.input) tcp dport 4 drop; }
            }

            """)
        #expect(outcome.wrong.isEmpty && outcome.unknown.isEmpty, "\(outcome)")
    }
}
