internal import Policies
internal import System

extension Excerpt {
    /// The excerpt with its ends cut until it fits a terminal: first behind the marked span, then before it.
    func cut(to columns: Int) -> Excerpt {
        let scalars = Array(text.unicodeScalars)
        var kept = scalars.indices
        func part() -> String {
            var text = String.UnicodeScalarView()
            if kept.lowerBound > 0 { text.append("…") }
            text.append(contentsOf: scalars[kept])
            if kept.upperBound < scalars.count { text.append("…") }
            return String(text)
        }
        let leastEnd = min(scalars.count, offset + min(length, Self.shownSpan))
        while TextWidth.columns(of: part()) > columns, kept.upperBound > max(leastEnd, 1) {
            kept = kept.lowerBound..<(kept.upperBound - 1)
        }
        while TextWidth.columns(of: part()) > columns, kept.lowerBound < min(offset, kept.upperBound - 1) {
            kept = (kept.lowerBound + 1)..<kept.upperBound
        }
        let start = offset - kept.lowerBound + (kept.lowerBound > 0 ? 1 : 0)
        return Excerpt(text: part(), offset: start, length: max(1, min(length, kept.upperBound - offset)))
    }

    /// At least so much of a long span is shown.
    private static let shownSpan = 16
}
