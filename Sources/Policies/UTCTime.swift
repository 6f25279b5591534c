/// Dates and times in UTC, by the Gregorian calendar.
///
/// The calendar of the C library is no alternative: with any value of `TZ`, its `gmtime_r` and `timegm` open the file of
/// a time zone, which the loading of a policy at boot must not depend on (glibc 2.36). The sums are those of Howard
/// Hinnant, "chrono-Compatible Low-Level Date Algorithms".
public enum UTCTime {
    /// A date of the calendar.
    private struct CivilDate: Equatable {
        var year: Int64
        var month: Int64
        var day: Int64
    }

    private static let day: Int64 = 86400
    /// The days in 400 years.
    private static let era: Int64 = 146_097
    /// The days from 0000-03-01 to 1970-01-01: a year that begins in March has its leap day at the end.
    private static let epoch: Int64 = 719_468

    /// `seconds` since 1970-01-01T00:00:00Z as `2027-01-31T18:00:00Z`.
    public static func text(_ seconds: Int64) -> String {
        let (days, rest) = floorDivide(seconds, day)
        let date = civilDate(days)
        let clock = [rest / 3600, rest / 60 % 60, rest % 60].map { padded($0, 2) }.joined(separator: ":")
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T\(clock)Z"
    }

    /// The date of a day, by the number of days since 1970-01-01, as `2027-01-31`.
    public static func date(ofDay number: Int64) -> String { String(text(number * day).prefix { $0 != "T" }) }

    /// The number of days from 1970-01-01 to a time in seconds.
    public static func dayNumber(of seconds: Int64) -> Int64 { floorDivide(seconds, day).0 }

    /// The number of days from 1970-01-01 to the date at the start of a text such as `text` returns; `nil` for another text.
    public static func dayNumber(ofDate text: String) -> Int64? {
        let parts = text.prefix { $0 != "T" }.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2],
            (1970...9999).contains(year)
        else { return nil }
        return midnight(year: year, month: month, day: day).map(dayNumber)
    }

    /// The end of a time that is over at `end`, as a policy writes it: a day that it is open to the end of, or a time.
    public static func lastMoment(_ end: Int64) -> String {
        floorDivide(end, day).1 == 0 ? String(text(end - 1).prefix { $0 != "T" }) : text(end)
    }

    /// The start of a day in seconds since 1970-01-01T00:00:00Z; `nil` for a date that does not exist.
    static func midnight(year: Int, month: Int, day: Int) -> Int64? {
        let date = CivilDate(year: Int64(year), month: Int64(month), day: Int64(day))
        guard (1...12).contains(month), (1...31).contains(day) else { return nil }
        let (era, yearOfEra) = floorDivide(month <= 2 ? date.year - 1 : date.year, 400)
        let dayOfYear = (153 * (month <= 2 ? date.month + 9 : date.month - 3) + 2) / 5 + date.day - 1
        let days = era * Self.era + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - epoch
        // A 30th of February would come back as the 2nd of March.
        return civilDate(days) == date ? days * Self.day : nil
    }

    /// The date of a number of days since 1970-01-01.
    private static func civilDate(_ days: Int64) -> CivilDate {
        let (era, dayOfEra) = floorDivide(days + epoch, era)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return CivilDate(year: year, month: month, day: dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> (Int64, Int64) {
        let remainder = ((value % divisor) + divisor) % divisor
        return ((value - remainder) / divisor, remainder)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
