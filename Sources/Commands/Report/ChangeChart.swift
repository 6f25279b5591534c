internal import Policies

/// The changes on a line of time.
struct ChangeChart {
    private struct Mark {
        let place: Double
        let style: String
        let title: String
    }

    private static let (width, height) = (720, 64)
    private static let margin = 24.0
    private static let labelHeight = 24
    private static let radius = 4
    /// The most rows between the centres of marks of the same day.
    private static let step = 9

    private let marks: [Mark]
    private let (first, last): (String, String)

    /// The changes of a report, newest first.
    init(_ changes: [JSON], made: String) {
        let times = changes.compactMap { change in
            change["time"].string.flatMap { time in UTCTime.dayNumber(ofDate: time).map { (change, time, $0) } }
        }
        // A clock that was set back may date changes after the report.
        let end = (times.map(\.2) + (UTCTime.dayNumber(ofDate: made).map { [$0] } ?? [])).max() ?? 0
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

    /// The marks; those of the same day stand on each other, closer the more they are.
    private func dots(above axis: Int) -> [HTML] {
        let columns = Dictionary(grouping: marks.reversed()) { Int($0.place.rounded()) }
        let (bottom, top) = (axis - Self.radius - 2, Self.radius + 2)
        return columns.sorted { $0.key < $1.key }.flatMap { column, marks -> [HTML] in
            let step = min(Double(Self.step), Double(bottom - top) / Double(max(1, marks.count - 1)))
            return marks.enumerated().map { level, mark in
                let row = bottom - Int((Double(level) * step).rounded())
                return .element(
                    "circle",
                    [("class", mark.style), ("cx", "\(column)"), ("cy", "\(row)"), ("r", "\(Self.radius)")],
                    [.element("title", mark.title)])
            }
        }
    }

    /// The picture, with its legend.
    var html: HTML {
        guard marks.count > 1 else { return .empty }
        let axis = Self.height - Self.labelHeight
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
                    [.element("title", "changes by day"), line] + dots(above: axis) + labels),
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
