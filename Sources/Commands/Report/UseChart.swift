internal import Auditing
internal import Policies

/// The connections to a service by day, as bars.
struct UseChart {
    private static let (days, height) = (Int(ServiceUsage.longestDays), 24)
    private static let barWidth = 2

    private let counts: [Int: Int]

    /// The use of a service up to the day of a report: objects with `day` and `connections`.
    init(_ use: [JSON], made: String) {
        guard let last = UTCTime.dayNumber(ofDate: made) else {
            counts = [:]
            return
        }
        let pairs = use.compactMap { entry -> (Int, Int)? in
            guard let day = entry["day"].string.flatMap(UTCTime.dayNumber(ofDate:)),
                let count = entry["connections"].number, (0..<Int64(Self.days)).contains(last - day)
            else { return nil }
            return (Self.days - 1 - Int(last - day), count)
        }
        counts = Dictionary(pairs) { first, _ in first }
    }

    /// The picture; nothing without use.
    var html: HTML {
        let most = counts.values.max() ?? 0
        guard most > 0 else { return .empty }
        let bars = counts.sorted { $0.key < $1.key }.filter { $0.value > 0 }.map { day, count in
            let height = max(2, Int((Double(count) / Double(most) * Double(Self.height)).rounded()))
            return "M\(day * Self.barWidth) \(Self.height)v-\(height)h\(Self.barWidth)v\(height)z"
        }
        let used = counts.values.count { $0 > 0 }
        let title = "connections on \(counted(used, "day")), at most \(most) on one"
        return .element(
            "svg",
            [
                ("class", "use"), ("viewBox", "0 0 \(Self.days * Self.barWidth) \(Self.height)"), ("role", "img"),
                ("aria-label", title),
            ],
            [
                .element("title", title),
                .element("path", [("class", "axis"), ("d", "M0 \(Self.height)h\(Self.days * Self.barWidth)")]),
                .element("path", [("class", "bars"), ("d", bars.joined())]),
            ])
    }
}
