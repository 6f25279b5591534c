/// A value of a JSON text, as far as the files of other programs need it: RFC 8259.
enum JSONValue: Equatable {
    /// `null`, or a number; neither is needed.
    case other
    /// `true` or `false`.
    case bool(Bool)
    /// A string.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object; of equal names the last one counts.
    case object([String: JSONValue])

    /// Parses a text; `nil` if it is not JSON, or nests deeper than 64 levels.
    init?(_ text: String) {
        var reader = JSONReader(bytes: Array(text.utf8))
        guard let value = reader.value(depth: 0), reader.isAtEnd else { return nil }
        self = value
    }

    /// The member of an object; `nil` if there is none.
    subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    /// The text of a string.
    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The elements of an array, or the values of an object; empty for others.
    var elements: [JSONValue] {
        switch self {
        case .array(let values): values
        case .object(let members): Array(members.values)
        default: []
        }
    }
}

/// Reads a JSON text byte by byte.
private struct JSONReader {
    let bytes: [UInt8]
    private var position = 0

    private static let deepest = 64
    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "b"): 8, UInt8(ascii: "t"): 9, UInt8(ascii: "n"): 10, UInt8(ascii: "f"): 12, UInt8(ascii: "r"): 13,
        UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
        UInt8(ascii: "/"): UInt8(ascii: "/"),
    ]
    private static let words: [(text: String, value: JSONValue)] = [
        ("null", .other), ("true", .bool(true)), ("false", .bool(false)),
    ]

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Whether nothing but blanks follows.
    var isAtEnd: Bool {
        mutating get {
            skipBlanks()
            return position == bytes.count
        }
    }

    /// The next value; `nil` if there is none.
    mutating func value(depth: Int) -> JSONValue? {
        skipBlanks()
        guard depth < Self.deepest, let first = next else { return nil }
        switch first {
        case UInt8(ascii: "{"): return object(depth)
        case UInt8(ascii: "["): return array(depth)
        case UInt8(ascii: "\""): return string().map(JSONValue.string)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return number()
        default: return word()
        }
    }

    private mutating func object(_ depth: Int) -> JSONValue? {
        var members: [String: JSONValue] = [:]
        let isComplete = list(closedBy: "}") { reader in
            reader.skipBlanks()
            guard let name = reader.string(), reader.take(":"), let value = reader.value(depth: depth + 1) else {
                return false
            }
            members[name] = value
            return true
        }
        return isComplete ? .object(members) : nil
    }

    private mutating func array(_ depth: Int) -> JSONValue? {
        var values: [JSONValue] = []
        let isComplete = list(closedBy: "]") { reader in
            guard let value = reader.value(depth: depth + 1) else { return false }
            values.append(value)
            return true
        }
        return isComplete ? .array(values) : nil
    }

    /// Reads the members of a list with `read`, which returns `false` if there is none.
    private mutating func list(closedBy end: Unicode.Scalar, _ read: (inout Self) -> Bool) -> Bool {
        position += 1
        if take(end) { return true }
        repeat { if !read(&self) { return false } } while take(",")
        return take(end)
    }

    private mutating func number() -> JSONValue {
        let rest = bytes[position...].prefix { byte in
            UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "+-.eE".utf8.contains(byte)
        }
        position = rest.endIndex
        return .other
    }

    private mutating func word() -> JSONValue? {
        let found = Self.words.first { bytes[position...].starts(with: $0.text.utf8) }
        position += found?.text.utf8.count ?? 0
        return found?.value
    }

    private mutating func string() -> String? {
        guard take("\"") else { return nil }
        let start = position
        skipPlain()
        guard next == UInt8(ascii: "\"") else { return string(after: Array(bytes[start..<position])) }
        position += 1
        return String(validating: bytes[start..<(position - 1)], as: UTF8.self)
    }

    /// The rest of a string that has an escape, or no end.
    private mutating func string(after plain: [UInt8]) -> String? {
        var text = plain
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
            case UInt8(ascii: "\\"): guard escape(into: &text) else { return nil }
            case 0..<0x20: return nil
            default: text.append(byte)
            }
        }
        return nil
    }

    /// Skips the bytes of a string up to its end, an escape or a control character.
    private mutating func skipPlain() {
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
    }

    /// Appends the character after a backslash; `false` if it is none.
    private mutating func escape(into text: inout [UInt8]) -> Bool {
        guard let byte = next else { return false }
        position += 1
        if let plain = Self.escapes[byte] {
            text.append(plain)
            return true
        }
        guard byte == UInt8(ascii: "u"), let unit = unit() else { return false }
        var units = [unit]
        // The second half of a pair of surrogates: RFC 8259 7.
        if UTF16.isLeadSurrogate(unit), bytes[position...].starts(with: "\\u".utf8) {
            position += 2
            guard let second = self.unit() else { return false }
            units.append(second)
        }
        guard let character = String(validating: units, as: UTF16.self) else { return false }
        text += character.utf8
        return true
    }

    /// The four hexadecimal digits of a UTF-16 code unit.
    private mutating func unit() -> UInt16? {
        let digits = String(decoding: bytes[position...].prefix(4), as: UTF8.self)
        guard digits.utf8.count == 4, digits.allSatisfy(\.isHexDigit) else { return nil }
        position += 4
        return UInt16(digits, radix: 16)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte.isBlank { position += 1 }
    }

    /// Skips blanks and this character; `false` if another one follows.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }
}

extension UInt8 {
    /// Whether it may stand between values and signs.
    fileprivate var isBlank: Bool {
        switch self {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): true
        default: false
        }
    }
}
