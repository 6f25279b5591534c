/// A length of time as people write it: `90s`, `2m`, `1h`, `1h30m`, `7d`.
public struct TimeSpan: Hashable, Sendable {
    /// Its length in seconds.
    public var seconds: Int64

    private static let units: [(letter: Character, seconds: Int64)] = [("d", 86400), ("h", 3600), ("m", 60), ("s", 1)]
    /// Nobody means more than a year.
    private static let maximum: Int64 = 366 * 86400

    /// A span of this length.
    public init(seconds: Int64) { self.seconds = seconds }

    /// The span that a text spells; `nil` for anything else, also for a bare number: nobody knows its unit.
    public init?(_ text: String) {
        var (rest, seconds, units) = (text[...], Int64(0), Self.units[...])
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

    /// The span as it is written, the two greatest units at most.
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
