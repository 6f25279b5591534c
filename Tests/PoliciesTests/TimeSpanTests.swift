import Policies
import Testing

@Suite("Spans of time")
struct TimeSpanTests {
    @Test("Valid spans", arguments: [("2m", 120), ("1h30m", 5400), ("5s", 5), ("7d", 604_800)])
    func spans(_ text: String, _ seconds: Int64) {
        #expect(TimeSpan(text)?.seconds == seconds)
        #expect(TimeSpan(seconds: seconds).text == text)
    }

    @Test("Invalid spans", arguments: ["", "5", "m", "0s", "-1s", "1s1s", "1s1m", "1.5h", "999999d", "٣s"])
    func noSpans(_ text: String) { #expect(TimeSpan(text) == nil) }
}
