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

/// The changes on a line of time.
struct ChangeChart {
    private struct Mark {
        let place: Double
        let style: String
        let title: String
    }

    private static let (width, height) = (720, 64)
    private static let margin = 24.0

    private let marks: [Mark]
    private let (first, last): (String, String)

    /// The changes of a report, newest first.
    init(_ changes: [JSON], made: String) {
        let times = changes.compactMap { change in
            change["time"].string.flatMap { time in UTCTime.dayNumber(ofDate: time).map { (change, time, $0) } }
        }
        let end = UTCTime.dayNumber(ofDate: made) ?? times.first?.2 ?? 0
        let start = min(times.map(\.2).min() ?? end, end - 1)
        let scale = (Double(Self.width) - 2 * Self.margin) / Double(max(1, end - start))
        marks = times.map { change, time, day in
            Mark(
                place: Self.margin + Double(day - start) * scale, style: Self.style(change),
                title: "\(time): change \(change["change"].scalar ?? ""), \(change["summary"].string ?? "")")
        }
        (first, last) = (UTCTime.date(ofDay: start), UTCTime.date(ofDay: end))
    }

    private static func style(_ change: JSON) -> String {
        if !change["gained"].items.isEmpty { return "gained" }
        return change["lost"].items.isEmpty ? "same" : "lost"
    }

    /// The picture, with its legend.
    var html: HTML {
        guard marks.count > 1 else { return .empty }
        let axis = Self.height - 24
        // Marks of the same day stand on each other.
        var heights: [Int: Int] = [:]
        let dots = marks.reversed().map { mark -> HTML in
            let column = Int(mark.place.rounded())
            let level = min(heights[column, default: 0], 4)
            heights[column, default: 0] += 1
            return .element(
                "circle", [("class", mark.style), ("cx", "\(column)"), ("cy", "\(axis - 6 - level * 9)"), ("r", "4")],
                [.element("title", mark.title)])
        }
        let labels: [HTML] = [
            .element("text", [("x", "\(Int(Self.margin))"), ("y", "\(Self.height - 6)")], [HTML(first)]),
            .element(
                "text",
                [("x", "\(Self.width - Int(Self.margin))"), ("y", "\(Self.height - 6)"), ("text-anchor", "end")],
                [HTML(last)]),
        ]
        let line = HTML.element(
            "path", [("class", "axis"), ("d", "M\(Int(Self.margin)) \(axis)H\(Self.width - Int(Self.margin))")])
        return .element(
            "figure", [],
            [
                .element(
                    "svg", [("class", "changes"), ("viewBox", "0 0 \(Self.width) \(Self.height)"), ("role", "img")],
                    [.element("title", "changes by day"), line] + dots + labels),
                .element(
                    "figcaption", [],
                    [
                        .element("span", class: "gained", "gave access"),
                        .element("span", class: "lost", "took access"),
                        .element("span", class: "same", "neither"),
                    ]),
            ])
    }
}
