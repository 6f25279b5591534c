/// A span of text on one line of a file.
struct SourceSpan {
    /// The length of the longest excerpt, in Unicode scalars.
    private static let widest = 120

    /// The file.
    let file: SourceFile
    /// The line, from 1.
    let line: Int
    /// The column, from 1, in Unicode scalars.
    let column: Int
    /// The length in Unicode scalars: at least 1.
    let length: Int

    /// The start of the span.
    var location: SourceLocation { SourceLocation(file: file.path, line: line, column: column) }

    /// The start of the span as text: `policy.yaml:3:5`.
    var description: String { "\(file.path):\(line):\(column)" }

    /// The line, or the part of a long line around the span; `nil` for an empty file.
    var excerpt: Excerpt? {
        guard let line = file.line(line), !file.bytes.isEmpty else { return nil }
        let isLong = line.count > Self.widest
        let skipped = isLong ? max(0, column - 1 - Self.widest / 2) : 0
        // A scalar has at most four bytes. The limit bounds the work for a line of megabytes.
        let window = line.dropFirst(byteLength(ofScalars: skipped, in: line)).prefix(4 * Self.widest)
        let scalars = String(decoding: window, as: UTF8.self).unicodeScalars
        let shown = scalars.prefix(Self.widest)
        let offset = min(column - 1 - skipped, shown.count)
        let isCut = shown.endIndex < scalars.endIndex || window.endIndex < line.endIndex
        let head = skipped > 0 ? "…" : ""
        return Excerpt(
            text: head + String(shown) + (isCut ? "…" : ""), offset: offset + head.unicodeScalars.count,
            length: max(1, min(length, shown.count - offset)))
    }

    private func byteLength(ofScalars count: Int, in line: ArraySlice<UInt8>) -> Int {
        var scalars = 0
        for (offset, byte) in line.enumerated() where byte & 0xC0 != 0x80 {
            if scalars == count { return offset }
            scalars += 1
        }
        return line.count
    }
}
