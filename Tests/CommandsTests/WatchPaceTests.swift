import Changes
import Testing

@Suite("The pace of a watch")
struct WatchPaceTests {
    /// A host whose sockets were looked at, and that was verified, in a millisecond each.
    private func pace(at now: Int64) -> WatchPace {
        var pace = WatchPace(at: now)
        pace.noteVerification(from: now, to: now + 1)
        pace.noteGlance(from: now, to: now + 1)
        return pace
    }

    @Test("Idle it looks twice a second, and verifies every minute")
    func idle() {
        var pace = pace(at: 0)
        #expect(pace.rest(at: 1) == 500 && !pace.isGlanceDue(at: 500) && pace.isGlanceDue(at: 501))
        pace.noteGlance(from: 501, to: 503)
        #expect(pace.rest(at: 503) == 500 && !pace.isVerificationDue(at: 59_999) && pace.isVerificationDue(at: 60_000))
    }

    @Test("A change is verified a tenth of a second later, and one that goes on in less than half a second")
    func settling() {
        var pace = pace(at: 0)
        pace.noteChange(at: 1000)
        #expect(pace.hasChange && pace.rest(at: 1000) == 100 && pace.isVerificationDue(at: 1100))
        for time in stride(from: Int64(1050), through: 1350, by: 50) { pace.noteChange(at: time) }
        #expect(!pace.isVerificationDue(at: 1399) && pace.isVerificationDue(at: 1400))
        #expect(!pace.isGlanceDue(at: 1400))
        pace.noteVerification(from: 1400, to: 1410)
        #expect(!pace.hasChange && pace.isGlanceDue(at: 1410))
    }

    @Test("Changes in quick succession are each verified at once")
    func succession() {
        var pace = pace(at: 0)
        for start in stride(from: Int64(1000), to: 5000, by: 1000) {
            pace.noteChange(at: start)
            #expect(pace.isVerificationDue(at: start + 100))
            pace.noteVerification(from: start + 100, to: start + 900)
        }
    }

    @Test("Changes that never end take a tenth of the time in the long run")
    func storm() {
        var pace = pace(at: 0)
        var (now, verifications, work): (Int64, Int, Int64) = (10, 0, 0)
        while now < 60_000 {
            pace.noteChange(at: now)
            if pace.isVerificationDue(at: now) {
                pace.noteVerification(from: now, to: now + 200)
                (verifications, work, now) = (verifications + 1, work + 200, now + 200)
            }
            now += 1
        }
        #expect(work <= 5000 + now / 10 + 200 && verifications > 40)
    }

    @Test("Looks that take long are rare, and a verification that fails is repeated some seconds later")
    func slow() {
        var pace = pace(at: 0)
        pace.noteGlance(from: 1000, to: 1050)
        #expect(pace.rest(at: 1050) == 5000)
        pace.noteFailure(at: 2000)
        #expect(!pace.isVerificationDue(at: 6999) && pace.isVerificationDue(at: 7000))
    }
}
