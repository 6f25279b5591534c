import Auditing
import Policies
import Testing

@Suite("The expiry of services")
struct ExpiriesTests {
    private static let end: Int64 = 1_800_000_000
    private static let week: Int64 = 7 * 86400

    static let times: [(now: Int64, Finding?)] = [
        (0, nil), (end - week - 1, nil),
        (end - week, Finding(.expiresSoon, .notice, "", service: "old", policy: .line(10))),
        (end - 1, Finding(.expiresSoon, .notice, "", service: "old", policy: .line(10))),
        (end, Finding(.expired, .warning, "", service: "old", policy: .line(10))),
        (.max, Finding(.expired, .warning, "", service: "old", policy: .line(10))),
    ]

    @Test("A notice in the last week, a warning from the first second after the end", arguments: times)
    func severity(now: Int64, expected: Finding?) throws {
        let expiry = Expiry(end: Self.end, written: "2027-01-14")
        let policy = try Policy(
            try Service("always", "22/tcp", line: 20), try Service("old", "80/tcp", line: 10, expires: expiry))
        let found = [Finding].expiries(of: policy, now: now)
        #expect(found.facts == (expected.map { [$0] } ?? []))
        #expect(found.allSatisfy { $0.message.contains("2027-01-14") })
    }
}
