import Addressing
import TestSupport
import Testing

@testable import Reachability

/// Rules about what clients choose in the headers of their first packets, each with a plain packet and with another one.
@Suite("Rules that match options and extension headers", .privileged, .networkNamespace)
struct ClientHeaderTests {
    /// A rule, the policy of its chain, the family, the other packet, the claim, and whether the kernel accepts the other packet.
    struct Sample: CustomTestStringConvertible {
        let rule: String
        var policy = "accept"
        var family = AddressFamily.ipv4
        var headers = Wire.Headers()
        /// The source port of the other packet.
        var port: UInt16 = 30_000
        let claim: String
        let accepts: Bool

        var testDescription: String { rule }
    }

    private static let destinationOptions = Wire.Headers(hasDestinationOptions: true)
    private static let option = Wire.Headers(hasOption: true)
    private static let small = Wire.Headers(segmentSize: 100)

    static let samples: [Sample] = [
        Sample(
            rule: "ip6 nexthdr tcp tcp dport 22 drop", family: .ipv6, headers: destinationOptions, claim: "unknown",
            accepts: true),
        Sample(
            rule: "ip6 nexthdr tcp tcp dport 22 accept", policy: "drop", family: .ipv6, headers: destinationOptions,
            claim: "accept", accepts: false),
        Sample(
            rule: "ip6 nexthdr { udp, ipv6-icmp } accept", policy: "drop", family: .ipv6, headers: destinationOptions,
            claim: "refuse", accepts: false),
        Sample(
            rule: "exthdr dst exists drop", family: .ipv6, headers: destinationOptions, claim: "accept", accepts: false),
        Sample(
            rule: "exthdr dst exists accept", policy: "drop", family: .ipv6, headers: destinationOptions,
            claim: "unknown", accepts: true),
        Sample(rule: "rt type 0 drop", family: .ipv6, headers: destinationOptions, claim: "accept", accepts: true),
        Sample(rule: "ip hdrlength > 5 drop", headers: option, claim: "accept", accepts: false),
        Sample(rule: "ip hdrlength 6 accept", policy: "drop", headers: option, claim: "unknown", accepts: true),
        Sample(rule: "ip option ra exists drop", headers: option, claim: "accept", accepts: false),
        Sample(rule: "tcp option maxseg size 1-535 drop", headers: small, claim: "accept", accepts: false),
        Sample(rule: "tcp option maxseg size != 536-65535 drop", headers: small, claim: "accept", accepts: false),
        Sample(rule: "tcp option maxseg size < 500 drop", headers: small, claim: "accept", accepts: false),
        Sample(
            rule: "tcp option maxseg size 1-535 accept", policy: "drop", headers: small, claim: "unknown", accepts: true
        ),
        Sample(
            rule: "tcp option maxseg size > 1400 accept", policy: "drop", headers: small, claim: "unknown",
            accepts: false),
        Sample(
            rule: "tcp option maxseg exists accept", policy: "drop", headers: Wire.Headers(segmentSize: nil),
            claim: "accept", accepts: false),
        Sample(rule: "tcp option sack-perm exists drop", headers: small, claim: "unknown", accepts: true),
        Sample(rule: "tcp sport 0 drop", port: 0, claim: "accept", accepts: false),
        Sample(rule: "tcp sport 0 accept", policy: "drop", port: 0, claim: "unknown", accepts: true),
        Sample(rule: "tcp sport 1-65535 accept", policy: "drop", port: 0, claim: "accept", accepts: false),
        Sample(rule: "tcp sport < 1 drop", port: 0, claim: "accept", accepts: false),
        Sample(rule: "meta l4proto tcp ct original proto-src 0 drop", port: 0, claim: "accept", accepts: false),
        Sample(rule: "tcp sport 30000 drop", claim: "unknown", accepts: false),
    ]

    @Test(
        "A client with plain headers gets what is claimed, and no refusal is claimed where another one gets in",
        arguments: samples)
    func claim(sample: Sample) throws {
        let text =
            "table inet t {\nchain c {\ntype filter hook input priority 0; policy \(sample.policy)\n\(sample.rule)\n}\n}"
        let trial = try RulesetTrial(text, isRestored: false, interfaces: ["eth0"])
        let source: IPAddress = sample.family == .ipv4 ? .ipv4(0xcb00_7109) : .ipv6(0x2001_0db8_0005 << 80 | 9)
        let packet = Packet(transport: .tcp, port: 22, from: source, interface: "eth0")
        let isPlainAccepted = try trial.accepted([packet])[0].isAccepted
        #expect(
            try trial.accepted([packet], from: sample.port, headers: sample.headers)[0].isAccepted == sample.accepts)
        try check(trial, packet, sample.claim)
        switch sample.claim {
        case "accept": #expect(isPlainAccepted)
        case "refuse": #expect(!isPlainAccepted && !sample.accepts)
        default: break
        }
    }

    @Test(
        "So do matches of iptables",
        arguments: [
            ("-p tcp -m tcpmss ! --mss 536:65535 -j DROP", "accept", false),
            ("-p tcp -m tcpmss --mss 1:500 -j DROP", "accept", false),
            ("-p tcp -m tcpmss --mss 1:600 -j DROP", "unknown", false),
            ("-p tcp --sport 0 -j DROP", "accept", true),
        ])
    func iptables(rule: String, claim: String, accepts: Bool) throws {
        let text = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT \(rule)\nCOMMIT\n"
        let trial = try RulesetTrial(text, isRestored: true, interfaces: ["eth0"])
        let packet = Packet(transport: .tcp, port: 22, from: .ipv4(0xcb00_7109), interface: "eth0")
        #expect(try trial.accepted([packet])[0].isAccepted)
        #expect(try trial.accepted([packet], from: 30_000, headers: Self.small)[0].isAccepted == accepts)
        try check(trial, packet, claim)
    }

    /// Compares what is said of one packet, and of all from any source.
    private func check(_ trial: RulesetTrial, _ packet: Packet, _ claim: String) throws {
        let circumstances = try trial.wire.circumstances()
        let verdict = PacketEvaluation.conclude(packet, through: trial.tables, in: circumstances).verdict
        #expect("\(verdict)".hasPrefix(claim), "\(verdict)")
        let exposure = AccessRegions(trial.tables, in: circumstances).exposure(.tcp, 22...22, packet.family)
        #expect(exposure.isOpen == (claim == "accept") && exposure.isUnknown == (claim == "unknown"))
    }
}
