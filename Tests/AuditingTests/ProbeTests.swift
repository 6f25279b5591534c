import Addressing
import Auditing
import Listeners
import Policies
import Testing

@Suite("Probes of another host")
struct ProbeTests {
    private static let address = IPAddress.ipv4(0xC000_0201)

    private func plan(_ services: [Service], from source: UInt32 = 0x0A00_0007) throws -> ProbePlan {
        let policy = Policy(services: services)
        return ProbePlan(
            of: policy, at: Self.address, from: .ipv4(source), and: [ProbeTarget(.tcp, 23), ProbeTarget(.udp, 161)],
            now: 0)
    }

    /// The verdict on each port for the same answer from all of them, and from another one if that is given.
    private func verdicts(_ seen: ProbeAnswer, _ control: ProbeAnswer = .open) throws -> [String: ProbeResult.Verdict] {
        let plan = try plan([
            try Service("control", "1/tcp"),
            try Service("open", "22/tcp", "22/udp", from: ["10.0.0.0/8"]),
            try Service("shut", "25/tcp", "25/udp", from: ["192.0.2.0/24"]),
            try Service("lan", "80/tcp", interfaces: [InterfacePattern(name: "eth0", isPrefix: false)]),
        ])
        let answers = plan.questions.map { $0.target.port == 1 ? control : seen }
        let results = [ProbeResult](of: plan, answers)
        #expect(results.count == plan.questions.count)
        return Dictionary(
            uniqueKeysWithValues: results.filter { $0.question.target.port != 1 }.map {
                ("\($0.question.target.transport)/\($0.question.target.port)", $0.verdict)
            })
    }

    @Test("A connection is proof; silence and prohibition are, where another port answers; a reset never is")
    func verdicts() throws {
        #expect(
            try verdicts(.open) == [
                "tcp/22": .asDeclared, "udp/22": .asDeclared, "tcp/25": .openThoughClosed, "udp/25": .openThoughClosed,
                "tcp/23": .openThoughClosed, "udp/161": .openThoughClosed, "tcp/80": .notProved,
            ])
        #expect(
            try verdicts(.silence) == [
                "tcp/22": .closedThoughOpen, "udp/22": .notProved, "tcp/25": .asDeclared, "udp/25": .notProved,
                "tcp/23": .asDeclared, "udp/161": .notProved, "tcp/80": .notProved,
            ])
        #expect(
            try verdicts(.prohibited) == [
                "tcp/22": .closedThoughOpen, "udp/22": .closedThoughOpen, "tcp/25": .asDeclared, "udp/25": .asDeclared,
                "tcp/23": .asDeclared, "udp/161": .asDeclared, "tcp/80": .notProved,
            ])
        let unreachable = [ProbeAnswer.unreachable(.link), .unreachable(.router(.ipv4(0x0A00_0001)))]
        for seen in [ProbeAnswer.closed, .failure("no")] + unreachable {
            #expect(try Set(verdicts(seen).values) == [.notProved], "\(seen)")
        }
    }

    @Test("Without a port that answers nothing is proved", arguments: [ProbeAnswer.silence, .closed, .prohibited])
    func control(control: ProbeAnswer) throws {
        for seen in [ProbeAnswer.silence, .prohibited, .closed] {
            #expect(try Set(verdicts(seen, control).values) == [.notProved], "\(seen)")
        }
    }

    @Test("Three ports of a range are tried, open ones first, and the others are counted")
    func ranges() throws {
        let plan = try plan([
            try Service("many", "8000-8100/tcp", "23/tcp"),
            try Service("all", "1-65535/udp", from: ["192.0.2.0/24"]),
            try Service("gone", "7000/sctp"),
        ])
        let targets = plan.questions.map { "\($0.target.transport)/\($0.target.port)" }
        #expect(
            targets == ["tcp/23", "tcp/8000", "tcp/8050", "tcp/8100", "udp/1", "udp/161", "udp/32768", "udp/65535"])
        #expect(plan.questions.map(\.service) == ["many", "many", "many", "many", "all", "all", "all", "all"])
        #expect(plan.leftOut == 98 + 65_531 + 1)
    }

    @Test("The verdict of the policy is that on the source, at the address that is dialled")
    func source() throws {
        var one = try Service("one", "22/tcp", from: ["10.0.0.0/8"])
        one.destinations = try SourceList(["192.0.2.1"], line: 3)
        var other = try Service("other", "25/tcp", from: ["10.0.0.0/8"])
        other.destinations = try SourceList(["192.0.2.2"], line: 4)
        let services = [one, other]
        func expected(_ source: UInt32) throws -> [UInt16: ConnectionVerdict] {
            Dictionary(
                uniqueKeysWithValues: try plan(services, from: source).questions.map { ($0.target.port, $0.expected) })
        }
        #expect(try expected(0x0A00_0007) == [22: .accept, 25: .refuse, 23: .refuse, 161: .refuse])
        #expect(try expected(0xC633_6407) == [22: .refuse, 25: .refuse, 23: .refuse, 161: .refuse])
    }
}
