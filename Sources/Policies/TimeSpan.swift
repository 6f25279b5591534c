/// A length of time, written `90s`, `2m`, `1h`, `1h30m`, `7d`.
public struct TimeSpan: Hashable, Sendable {
    /// The length in seconds: from 1 to 366 days in a parsed span.
    public var seconds: Int64

    private static let units: [(letter: Character, seconds: Int64)] = [("d", 86400), ("h", 3600), ("m", 60), ("s", 1)]
    /// The longest span, a leap year: a longer one is probably a mistake.
    private static let maximum: Int64 = 366 * 86400
    /// The longest span.
    public static let longest = TimeSpan(seconds: maximum)

    /// A span of this length.
    public init(seconds: Int64) { self.seconds = seconds }

    /// Parses a span; `nil` for any other text, also for a number without a unit.
    public init?(_ text: String) {
        var rest = text[...]
        var seconds: Int64 = 0
        var units = Self.units[...]
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            guard let number = Int64(digits), number <= Self.maximum, let letter = rest.popFirst(),
                let index = units.firstIndex(where: { $0.letter == letter })
            else { return nil }
            seconds += number * units[index].seconds
            units = units[(index + 1)...]
        }
        guard (1...Self.maximum).contains(seconds) else { return nil }
        self.seconds = seconds
    }

    /// A number without a unit, with the one that was probably meant; `nil` for other texts.
    static func repair(_ text: String, unit: Character) -> String? {
        let span = "\(text)\(unit)"
        return DecimalNumber.isDigits(text[...]) && TimeSpan(span) != nil ? span : nil
    }

    /// The span as text, with its two largest units: `1h30m`.
    public var text: String {
        var rest = seconds
        var parts: [String] = []
        for unit in Self.units where rest >= unit.seconds && parts.count < 2 {
            parts.append("\(rest / unit.seconds)\(unit.letter)")
            rest %= unit.seconds
        }
        return parts.isEmpty ? "0s" : parts.joined()
    }
}
