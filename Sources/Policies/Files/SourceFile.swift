internal import Addressing

/// A file in memory: a policy, an included file or a list.
final class SourceFile {
    /// The path as given by the caller, or as resolved from `include` or `file`.
    let path: String
    /// The position in the order of loading, from 0.
    let index: Int
    /// The contents, without a byte order mark.
    let bytes: [UInt8]
    /// Whether messages must not show the contents.
    let isHidden: Bool

    /// The offset of the start of each line; computed for the first diagnostic.
    private lazy var lineStarts: [Int] = {
        var starts = [0]
        for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") { starts.append(offset + 1) }
        return starts
    }()

    init(path: String, index: Int, bytes: [UInt8], isHidden: Bool = false) {
        self.path = path
        self.index = index
        self.bytes = bytes
        self.isHidden = isHidden
    }

    /// The first column of the first line.
    var start: SourceSpan { SourceSpan(file: self, line: 1, column: 1, length: 1) }

    /// The number of lines; text after the last line break counts as one.
    var lineCount: Int { lineStarts.last == bytes.count ? lineStarts.count - 1 : lineStarts.count }

    /// The bytes of line `number`, from 1, without its line break; `nil` beyond the last line.
    func line(_ number: Int) -> ArraySlice<UInt8>? {
        guard lineStarts.indices.contains(number - 1) else { return nil }
        let start = lineStarts[number - 1]
        var end = number < lineStarts.count ? lineStarts[number] - 1 : bytes.count
        if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        return bytes[start..<end]
    }

    /// The place of the bytes at `range`, which must be on one line.
    func place(ofBytes range: Range<Int>) -> SourceSpan {
        // The first line starts at 0.
        let line = lineStarts.partitioningIndex { $0 > range.lowerBound }
        let column = scalarCount(bytes[lineStarts[line - 1]..<range.lowerBound]) + 1
        return SourceSpan(file: self, line: line, column: column, length: max(1, scalarCount(bytes[range])))
    }

    private func scalarCount(_ slice: ArraySlice<UInt8>) -> Int {
        // Every byte but a continuation byte (10xxxxxx) starts a scalar.
        slice.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
    }
}
