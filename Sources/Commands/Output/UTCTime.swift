/// Times of day in UTC.
enum UTCTime {
    /// `seconds` since 1970-01-01T00:00:00Z as `2027-01-31T18:00:00Z`.
    static func text(_ seconds: Int64) -> String {
        let (days, rest) = floorDivide(seconds, 86400)
        let (year, month, day) = date(days)
        let clock = [rest / 3600, rest / 60 % 60, rest % 60].map { padded($0, 2) }.joined(separator: ":")
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(clock)Z"
    }

    /// The end of a time that is over at `end`, as a policy writes it: a day that it is open to the end of, or a time.
    static func lastMoment(_ end: Int64) -> String {
        let isMidnight = floorDivide(end, 86400).1 == 0
        return isMidnight ? String(text(end - 1).prefix { $0 != "T" }) : text(end)
    }

    /// The civil date of a day number, by the era method: 400 years have 146,097 days, and years start in March.
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
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
