extension Expiry {
    /// The expiry in a scalar: `2027-01-31`, or `2027-01-31T18:00:00Z`; `nil` after an error.
    init?(decoding node: YamlNode, _ log: DiagnosticLog) {
        guard let text = node.text(as: "expires", log) else { return nil }
        let parts = text.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
        guard let (year, month, day) = Self.numbers(parts[0], widths: (4, 2, 2), separator: "-") else {
            let example = "is not a date such as 2027-01-31 or a time such as 2027-01-31T18:00:00Z"
            log.error("\(Printable.quoted(text)) \(example)", at: node.place)
            return nil
        }
        guard (1...12).contains(month), (1...Self.days(inMonth: month, of: year)).contains(day) else {
            log.error("\(Printable.quoted(text)) is a date that does not exist", at: node.place)
            return nil
        }
        // The kernel's clock is nanoseconds since 1970 in 63 bits, which end in 2262.
        guard (1970...2261).contains(year) else {
            let advice = "omit \"expires\" if the service is to stay open"
            log.error("\(Printable.quoted(text)) is not between 1970 and 2261; \(advice)", at: node.place)
            return nil
        }
        let midnight = Self.daysSinceEpoch(year: year, month: month, day: day) * 86400
        guard parts.count == 2 else {
            self.init(end: midnight + 86400, written: text)
            return
        }
        guard let seconds = Self.secondOfDay(parts[1], of: text, node.place, log) else { return nil }
        self.init(end: midnight + seconds, written: text)
    }

    /// The seconds from midnight to a time such as `18:00:00Z`; `nil` after an error.
    private static func secondOfDay(
        _ time: Substring, of text: String, _ place: SourceSpan, _ log: DiagnosticLog
    ) -> Int64? {
        guard time.hasSuffix("Z"),
            let (hour, minute, second) = numbers(time.dropLast(), widths: (2, 2, 2), separator: ":")
        else {
            log.error("\(Printable.quoted(text)) is not a time in UTC such as 2027-01-31T18:00:00Z", at: place)
            return nil
        }
        guard hour < 24, minute < 60, second < 60 else {
            log.error("\(Printable.quoted(text)) is a time that does not exist", at: place)
            return nil
        }
        return Int64(hour * 3600 + minute * 60 + second)
    }

    /// Three numbers of these widths in digits, separated by `separator`.
    private static func numbers(
        _ text: Substring, widths: (Int, Int, Int), separator: Character
    ) -> (Int, Int, Int)? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy(DecimalNumber.isDigits),
            parts[0].utf8.count == widths.0, parts[1].utf8.count == widths.1, parts[2].utf8.count == widths.2,
            let first = Int(parts[0]), let second = Int(parts[1]), let third = Int(parts[2])
        else { return nil }
        return (first, second, third)
    }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    /// The days from 1970-01-01 to a later date of the Gregorian calendar.
    private static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int64 {
        let leapDays = (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 - 477
        let before = (1..<month).reduce(0) { $0 + days(inMonth: $1, of: year) }
        return Int64((year - 1970) * 365 + leapDays + before + day - 1)
    }
}
