internal import ArgumentParser
internal import Policies

extension TimeSpan {
    /// A duration on the command line.
    static func argument(_ text: String) throws -> TimeSpan {
        if let span = TimeSpan(text) { return span }
        throw ValidationError(hint(text))
    }

    /// The message about a duration with a minus before it; `nil` for other texts.
    static func negativeFault(_ text: String) -> String? {
        guard text.hasPrefix("-"), TimeSpan(String(text.dropFirst())) != nil else { return nil }
        return "\"\(text)\" is negative: write \(text.dropFirst())"
    }

    /// Whether it is a number with a unit, and longer than the longest time.
    static func isTooLong(_ text: String) -> Bool {
        guard let unit = text.last, "smhd".contains(unit), let number = Int64(text.dropLast()), number > 0 else {
            return false
        }
        return TimeSpan("1\(unit)") != nil && TimeSpan(text) == nil
    }

    /// What to write instead of a text that is no duration.
    private static func hint(_ text: String) -> String {
        let form = "write numbers with units, such as 90s, 2m, 1h30m or 7d, from 1s to 366d"
        if let fault = negativeFault(text) { return fault }
        if isTooLong(text) { return "the longest time is \(longest.text)" }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let word = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        guard !digits.isEmpty else { return form }
        if digits.allSatisfy({ $0 == "0" }), word.count < 2 { return "the shortest time is 1s: \(form)" }
        if word.isEmpty { return "a number needs a unit: \(text)s, \(text)m, \(text)h or \(text)d" }
        guard let unit = units.first(where: { $0.words.contains(word) }),
            let number = Int64(digits), case let (span, overflow) = number.multipliedReportingOverflow(by: unit.factor),
            !overflow, TimeSpan("\(span)\(unit.letter)") != nil
        else { return form }
        return "did you mean \"\(span)\(unit.letter)\"?"
    }

    /// The words that people write for units, and the number of smaller units in a week.
    private static let units: [(words: Set<String>, letter: Character, factor: Int64)] = [
        (["sec", "secs", "second", "seconds"], "s", 1), (["min", "mins", "minute", "minutes"], "m", 1),
        (["hr", "hrs", "hour", "hours"], "h", 1), (["day", "days"], "d", 1), (["w", "week", "weeks"], "d", 7),
    ]
}
