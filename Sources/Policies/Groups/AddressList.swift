internal import Addressing

/// Parses list files: one address, prefix or range a line; `#` starts a comment.
enum AddressList {
    /// The addresses in the list; reports each invalid line.
    static func read(_ file: SourceFile, _ log: DiagnosticLog) -> AddressSet {
        var builder = AddressSetBuilder()
        let bytes = file.bytes
        var lineStart = 0
        while lineStart < bytes.count {
            // The fast path: most lines are just an IPv4 address or prefix.
            lineStart = builder.addPlainLines(of: bytes, from: lineStart)
            guard lineStart < bytes.count else { break }
            let lineEnd = end(ofLineAt: lineStart, in: bytes.span)
            let entry = entry(in: bytes.span, lineStart..<lineEnd)
            lineStart = lineEnd + 1
            guard !entry.isEmpty else { continue }
            do throws(AddressError) {
                builder.add(try AddressRange(bytes, entry))
            } catch {
                let message = "\(Printable.quoted(error.text)) \(error.reason)"
                log.error(message, at: file.place(ofBytes: entry), repair: error.repair)
            }
        }
        return builder.build()
    }

    private static func end(ofLineAt start: Int, in bytes: Span<UInt8>) -> Int {
        var index = start
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
        return index
    }

    /// The line without its comment and without the blanks around the entry.
    private static func entry(in bytes: Span<UInt8>, _ line: Range<Int>) -> Range<Int> {
        var start = line.lowerBound
        while start < line.upperBound, isBlank(bytes[start]) { start += 1 }
        var end = start
        while end < line.upperBound, bytes[end] != UInt8(ascii: "#") { end += 1 }
        while end > start, isBlank(bytes[end - 1]) { end -= 1 }
        return start..<end
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }
}
