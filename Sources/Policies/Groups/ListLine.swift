internal import Addressing

/// One line of a list file.
public struct ListLine {
    /// The offset of the line break, or of the end of the file.
    let end: Int
    /// The first word.
    let entry: Range<Int>
    /// All words before the comment.
    let text: Range<Int>

    /// The line that starts at an offset.
    init(at start: Int, in bytes: Span<UInt8>) {
        var (end, index) = (start, start)
        while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
        self.end = end
        while index < end, Self.isBlank(bytes[index]) { index += 1 }
        let first = index
        while index < end, !Self.isComment(bytes[index]), !Self.isSeparator(bytes[index]) { index += 1 }
        let word = index
        while index < end, !Self.isComment(bytes[index]) { index += 1 }
        while index > first, Self.isBlank(bytes[index - 1]) { index -= 1 }
        text = first..<index
        entry = first..<min(word, index)
    }

    /// The address, prefix or range of the line; throws if there is none, or if the text after it could belong to it.
    func range(in bytes: [UInt8]) throws(AddressError) -> AddressRange {
        if entry != text, !isSeparate(entry.upperBound..<text.upperBound, in: bytes) {
            return try AddressRange(bytes, text)
        }
        if entry != text, let range = try? AddressRange(bytes, entry) { return range }
        return try AddressRange(bytes, text)
    }

    /// Whether the text after an entry is no part of it: it starts with a letter, a quote or a bracket, and no word is an address.
    private func isSeparate(_ rest: Range<Int>, in bytes: [UInt8]) -> Bool {
        var start = rest.lowerBound
        while start < rest.upperBound, Self.isSeparator(bytes[start]) { start += 1 }
        guard start < rest.upperBound, Self.startsText(bytes[start]) else { return false }
        while start < rest.upperBound {
            var end = start
            while end < rest.upperBound, !Self.isSeparator(bytes[end]) { end += 1 }
            if Self.couldBeAddress(bytes[start..<end]), (try? AddressRange(bytes, start..<end)) != nil { return false }
            start = end
            while start < rest.upperBound, Self.isSeparator(bytes[start]) { start += 1 }
        }
        return true
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }

    private static func isSeparator(_ byte: UInt8) -> Bool { isBlank(byte) || byte == UInt8(ascii: ",") }

    private static func isComment(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "#") || byte == UInt8(ascii: ";") }

    private static func startsText(_ byte: UInt8) -> Bool {
        byte >= 0x80 || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || "(\"'|<".utf8.contains(byte)
    }

    /// Whether all bytes can be in an address, a prefix or a range.
    private static func couldBeAddress(_ word: ArraySlice<UInt8>) -> Bool {
        word.allSatisfy {
            UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0 | 0x20
                || ".:/-".utf8.contains($0)
        }
    }
}

extension ListLine {
    /// How many entries, as they are written, only the new text of a list has, and how many only the old one has.
    public static func difference(from old: [UInt8], to new: [UInt8]) -> (added: Int, removed: Int) {
        let (before, after) = (entries(of: old), entries(of: new))
        return (after.subtracting(before).count, before.subtracting(after).count)
    }

    private static func entries(of bytes: [UInt8]) -> Set<ArraySlice<UInt8>> {
        var (entries, start) = (Set<ArraySlice<UInt8>>(), 0)
        while start < bytes.count {
            let line = ListLine(at: start, in: bytes.span)
            if !line.entry.isEmpty { entries.insert(bytes[line.entry]) }
            start = line.end + 1
        }
        return entries
    }
}
