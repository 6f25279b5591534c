import Auditing
import Policies
import Testing

@Suite("The review of services")
struct ReviewsTests {
    private static let day: Int64 = 86400
    private static let reviewed: Int64 = 1_800_000_000

    private func findings(every span: String?, _ review: Review?, now: Int64) throws -> [Finding] {
        var service = try Service("web", "80/tcp", line: 10)
        service.reviewed = review
        var policy = try Policy(service)
        policy.defaults.reviewEvery = span.flatMap(TimeSpan.init)
        return [Finding].reviews(of: policy, now: now)
    }

    static let times: [(days: Int64, Finding.Severity?)] = [
        (0, nil), (22, nil), (23, .notice), (29, .notice), (30, .warning), (300, .warning),
    ]

    @Test("A notice in the week before, a warning from the time on", arguments: times)
    func severity(days: Int64, severity: Finding.Severity?) throws {
        let review = Review(time: Self.reviewed, written: "2027-01-14")
        let found = try findings(every: "30d", review, now: Self.reviewed + days * Self.day)
        #expect(
            found.facts == (severity.map { [Finding(.reviewDue, $0, "", service: "web", policy: .line(10))] } ?? []))
        #expect(found.allSatisfy { $0.message.contains("2027-01-14") })
    }

    @Test("A service without a review is due as soon as the policy asks for reviews")
    func never() throws {
        let found = try findings(every: "30d", nil, now: Self.reviewed)
        #expect(found.map(\.severity) == [.warning])
        let advice = "confirm that it is still needed and write \"reviewed: 2027-01-15\", or delete it"
        #expect(found.map(\.message) == ["service \"web\" was never reviewed: \(advice)"])
        #expect(try findings(every: nil, nil, now: Self.reviewed) == [])
    }
}
