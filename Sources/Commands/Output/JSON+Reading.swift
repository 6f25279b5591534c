extension JSON {
    /// The value of a member; `null` if there is none, or if this is no object.
    subscript(_ key: String) -> JSON {
        guard case .object(let members) = self else { return .null }
        return members.first { $0.0 == key }?.1 ?? .null
    }

    /// The elements of an array; none of another value.
    var items: [JSON] {
        guard case .array(let values) = self else { return [] }
        return values
    }

    /// The text of a string; `nil` of another value.
    var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The number; `nil` of another value.
    var number: Int? {
        guard case .number(let value) = self else { return nil }
        return value
    }

    /// Whether it is `true`.
    var isTrue: Bool {
        guard case .bool(let value) = self else { return false }
        return value
    }

    /// A string, or a number in digits; `nil` of another value.
    var scalar: String? { string ?? number.map { "\($0)" } }

    /// The object with more members at the end.
    func adding(_ more: [(String, JSON)]) -> JSON {
        guard case .object(let members) = self else { return self }
        return .object(members + more)
    }
}

extension JSON {
    /// Why a text is no JSON.
    struct Fault: Error, Equatable {
        /// The offset of the first byte that cannot be understood.
        let offset: Int
    }

    /// Reads a text of RFC 8259; numbers with a fraction or an exponent lose them.
    ///
    /// - Throws: `Fault` for anything else, and for values nested deeper than 64.
    init(parsing text: String) throws(Fault) {
        var reader = JSONReader(bytes: Array(text.utf8))
        self = try reader.document()
    }
}

/// A reader of JSON.
private struct JSONReader {
    let bytes: [UInt8]
    private var position = 0

    private static let maximumDepth = 64

    init(bytes: [UInt8]) { self.bytes = bytes }

    private var fault: JSON.Fault { JSON.Fault(offset: position) }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func document() throws(JSON.Fault) -> JSON {
        let value = try value(depth: 0)
        skipBlanks()
        guard next == nil else { throw fault }
        return value
    }

    private mutating func value(depth: Int) throws(JSON.Fault) -> JSON {
        guard depth < Self.maximumDepth else { throw fault }
        if take("{") { return try object(depth) }
        if take("[") { return try array(depth) }
        if take("\"") { return .string(try string()) }
        for (word, value) in [("null", JSON.null), ("true", .bool(true)), ("false", .bool(false))]
        where bytes[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return value
        }
        return try number()
    }

    private mutating func object(_ depth: Int) throws(JSON.Fault) -> JSON {
        var members: [(String, JSON)] = []
        if take("}") { return .object(members) }
        repeat {
            guard take("\"") else { throw fault }
            let key = try string()
            guard take(":") else { throw fault }
            members.append((key, try value(depth: depth + 1)))
        } while take(",")
        guard take("}") else { throw fault }
        return .object(members)
    }

    private mutating func array(_ depth: Int) throws(JSON.Fault) -> JSON {
        var values: [JSON] = []
        if take("]") { return .array(values) }
        repeat { values.append(try value(depth: depth + 1)) } while take(",")
        guard take("]") else { throw fault }
        return .array(values)
    }

    private mutating func number() throws(JSON.Fault) -> JSON {
        let start = position
        while let byte = next, byte.isASCIIDigit || byte == UInt8(ascii: "-") && position == start { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Int(text) else { throw fault }
        while let byte = next, byte.isASCIIDigit || ".eE+-".utf8.contains(byte) { position += 1 }
        return .number(value)
    }

    /// The text after a quote, up to the next one.
    private mutating func string() throws(JSON.Fault) -> String {
        var text: [UInt8] = []
        while let byte = next, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw fault }
            position += 1
            if byte == UInt8(ascii: "\\") { text += try escape() } else { text.append(byte) }
        }
        guard next != nil else { throw fault }
        position += 1
        return String(decoding: text, as: UTF8.self)
    }

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "n"): 0x0A, UInt8(ascii: "t"): 0x09, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "b"): 0x08,
        UInt8(ascii: "f"): 0x0C, UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
        UInt8(ascii: "/"): UInt8(ascii: "/"),
    ]

    private mutating func escape() throws(JSON.Fault) -> [UInt8] {
        guard let kind = next else { throw fault }
        position += 1
        if let byte = Self.escapes[kind] { return [byte] }
        guard kind == UInt8(ascii: "u") else { throw fault }
        var units = [try codeUnit()]
        if UTF16.isLeadSurrogate(units[0]), bytes[position...].starts(with: "\\u".utf8) {
            position += 2
            units.append(try codeUnit())
        }
        return Array(String(decoding: units, as: UTF16.self).utf8)
    }

    private mutating func codeUnit() throws(JSON.Fault) -> UInt16 {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16) else {
            throw fault
        }
        position += 4
        return unit
    }
}

extension UInt8 {
    fileprivate var isASCIIDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
}
