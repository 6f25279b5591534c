internal import Addressing

/// A byte sequence that is not allowed in a policy or a list.
struct TextFault: Hashable {
    /// Its offset in bytes.
    let offset: Int
    /// Its length in bytes.
    let length: Int
    /// The predicate of a sentence about the file.
    let message: String

    /// The first fault in `bytes`; `nil` for UTF-8 without control characters, in lines that end in LF or CRLF.
    static func first(in bytes: [UInt8]) -> TextFault? {
        let span = bytes.span
        var index = 0
        while index < span.count {
            index = endOfPlainWords(in: span, from: index)
            guard index < span.count else { break }
            let byte = span[index]
            if byte >= 0x20, byte < 0x7F {
                index += 1
            } else if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\t") {
                index += 1
            } else if byte == UInt8(ascii: "\r"), index + 1 < span.count, span[index + 1] == UInt8(ascii: "\n") {
                index += 2
            } else {
                guard let scalar = scalar(in: span, at: index) else {
                    return TextFault(offset: index, length: 1, message: "is not UTF-8")
                }
                let length = UTF8.width(scalar)
                if Printable.isControl(scalar) {
                    let digits = String(scalar.value, radix: 16, uppercase: true)
                    let code = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
                    return TextFault(offset: index, length: length, message: "has the control character U+\(code)")
                }
                index += length
            }
        }
        return nil
    }

    /// The end of the run of eight-byte words that are printable ASCII and LF only: the fast path for most of a file.
    private static func endOfPlainWords(in bytes: Span<UInt8>, from start: Int) -> Int {
        let length = MemoryLayout<UInt64>.size
        var index = start
        while index + length <= bytes.count, isPlain(bytes.number(at: index)) { index += length }
        return index
    }

    /// Whether each byte of `word` is from 0x20 to 0x7E or LF.
    @inline(__always)
    private static func isPlain(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        guard word & tops == 0 else { return false }
        // No carry crosses a byte: each byte is below 0x80, and its top bit is set before the subtraction.
        let printable = (word | tops) - 0x20 * ones
        let other = (word ^ (0x0A * ones)) + 0x7F * ones
        let delete = (word ^ (0x7F * ones)) + 0x7F * ones
        return (printable | ~other) & delete & tops == tops
    }

    /// The scalar that starts at `index`, RFC 3629; `nil` for an invalid, overlong or truncated sequence.
    private static func scalar(in bytes: Span<UInt8>, at index: Int) -> Unicode.Scalar? {
        let lead = bytes[index]
        let (length, minimum, mask): (Int, UInt32, UInt8) =
            switch lead {
            case 0..<0x80: (1, 0, 0x7F)
            case 0xC2..<0xE0: (2, 0x80, 0x1F)
            case 0xE0..<0xF0: (3, 0x800, 0x0F)
            case 0xF0..<0xF5: (4, 0x10000, 0x07)
            default: (0, 0, 0)
            }
        guard length > 0, index + length <= bytes.count else { return nil }
        var value = UInt32(lead & mask)
        for next in (index + 1)..<(index + length) {
            guard bytes[next] & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(bytes[next] & 0x3F)
        }
        return value < minimum ? nil : Unicode.Scalar(value)
    }
}

extension UTF8 {
    /// The length of `scalar` in UTF-8, in bytes.
    fileprivate static func width(_ scalar: Unicode.Scalar) -> Int { String(scalar).utf8.count }
}
