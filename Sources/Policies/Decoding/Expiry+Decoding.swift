extension Expiry {
    /// The expiry in a scalar: `2027-01-31`, or `2027-01-31T18:00:00Z`; `nil` after an error.
    ///
    /// - Parameters:
    ///   - node: the scalar.
    ///   - key: its key.
    ///   - aim: when to omit the key.
    ///   - log: the log for problems.
    init?(
        decoding node: YamlNode, as key: String = "expires", without aim: String = "if the service is to stay open",
        _ log: DiagnosticLog
    ) {
        guard let text = node.text(as: key, log) else { return nil }
        let parts = text.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
        guard let (year, month, day) = Self.numbers(parts[0], widths: (4, 2, 2), separator: "-") else {
            let example = "is not a date such as 2027-01-31 or a time such as 2027-01-31T18:00:00Z"
            log.error("\(Printable.quoted(text)) \(example)", at: node.place)
            return nil
        }
        guard let midnight = UTCTime.midnight(year: year, month: month, day: day) else {
            log.error("\(Printable.quoted(text)) is a date that does not exist", at: node.place)
            return nil
        }
        // The kernel's clock is nanoseconds since 1970 in 63 bits, which end in 2262.
        guard (1970...2261).contains(year) else {
            let advice = "omit \"\(key)\" \(aim)"
            log.error("\(Printable.quoted(text)) is not between 1970 and 2261; \(advice)", at: node.place)
            return nil
        }
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
}

extension Review {
    /// The review in a scalar: `2026-10-01`, or `2026-10-01T18:00:00Z`; `nil` after an error.
    init?(decoding node: YamlNode, _ log: DiagnosticLog) {
        guard let day = Expiry(decoding: node, as: "reviewed", without: "if it was never reviewed", log) else {
            return nil
        }
        self.init(time: day.end, written: day.written)
    }
}
