import Policies
import Testing

/// `reviewed`, `review-every` and `unused-after`.
@Suite struct ReviewTests {
    @Test func readsTheDay() throws {
        let folder = try PolicyFolder()
        try folder.write(
            """
            version: 1
            defaults: {review-every: 180d}
            services: {web: {ports: 80, from: any, why: x, reviewed: 2026-10-01}}
            trusted: {lan: {interfaces: eth1, why: x, reviewed: 2026-10-02}}

            """, to: "policy.yaml")
        let policy = try #require(folder.read().policy)
        #expect(policy.defaults.reviewEvery == TimeSpan("180d"))
        #expect(policy.services[0].reviewed == Review(time: 1_790_899_200, written: "2026-10-01"))
        #expect(policy.trusted[0].reviewed == Review(time: 1_790_985_600, written: "2026-10-02"))
    }

    @Test(
        arguments: [
            (
                "defaults: {review-every: ⟨180⟩}",
                "\"review-every\" must be a time such as 90d or 180d, or off, not \"180\"; did you mean \"180d\"?"
            ),
            (
                "trusted: {lan: {interfaces: e, why: x, reviewed: ⟨never⟩}}",
                "\"never\" is not a date such as 2027-01-31 or a time such as 2027-01-31T18:00:00Z"
            ),
        ])
    func refuses(line: String, message: String) throws {
        try expectErrors("version: 1\nservices: {}\n\(line)\n", [message])
    }

    @Test(arguments: [("off", nil), ("no", nil), ("30d", "30d"), ("", "90d")])
    func readsUnusedAfter(written: String, span: String?) throws {
        let folder = try PolicyFolder()
        let line = written.isEmpty ? "" : "defaults: {unused-after: \(written)}\n"
        try folder.write("version: 1\n\(line)services: {}\n", to: "policy.yaml")
        let policy = try #require(folder.read().policy)
        #expect(policy.defaults.unusedAfter == span.flatMap(TimeSpan.init))
    }

    @Test func refusesAWrongTime() throws {
        try expectErrors(
            "version: 1\nservices: {}\ndefaults: {unused-after: ⟨3 months⟩}\n",
            ["\"unused-after\" must be a time such as 90d or 180d, or off, not \"3 months\""])
    }

    @Test func warnsOfTheFuture() throws {
        // 2026-06-01
        try expectErrors(
            "version: 1\nservices:\n  web: {ports: 80, from: any, why: x, reviewed: ⟨2026-06-03⟩}\n",
            ["\"reviewed\" is in the future: 2026-06-03"], severity: .warning, now: 1_780_272_000)
    }
}
