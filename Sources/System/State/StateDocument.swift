/// A file of the state directory: a first line with a checksum, and fields of bytes.
///
/// It is readable text: `portreeve KIND FORMAT CHECKSUM`, then for each field its name, its length in bytes and its
/// value. Format 2 has the XXH64 of the fields as 16 hexadecimal digits. Format 1, of portreeve 0.1.0, has its own
/// checksum and is read, not written.
public struct StateDocument: Equatable, Sendable {
    /// One field.
    public struct Field: Equatable, Sendable {
        /// The name: one word.
        public var name: String
        /// The value; a slice, so that reading and composing a document copy nothing.
        public var bytes: ArraySlice<UInt8>
    }

    /// The reason why a file is not used.
    public enum Defect: Error, Hashable, Sendable {
        /// The file is incomplete, was changed, or is not such a document.
        case corrupt
        /// A later version of portreeve wrote the file, in this format.
        case newer(format: Int)
    }

    /// The kind of document: one word.
    public let kind: String
    /// The fields in order; names may repeat.
    public private(set) var fields: [Field] = []

    private static let format = 2
    /// The format of portreeve 0.1.0.
    private static let firstFormat = 1
    private static let newline = UInt8(ascii: "\n")

    /// A document without fields.
    public init(kind: String) { self.kind = kind }

    /// Appends a field.
    public mutating func append(_ name: String, _ bytes: [UInt8]) { append(name, bytes[...]) }

    /// Appends a field with a slice of an array.
    public mutating func append(_ name: String, _ bytes: ArraySlice<UInt8>) {
        precondition(!name.isEmpty && !name.contains { $0.isWhitespace }, "the name of a field is one word")
        fields.append(Field(name: name, bytes: bytes))
    }

    /// Appends a field with a text, unless it is `nil`.
    public mutating func append(_ name: String, _ text: String?) {
        if let text { append(name, Array(text.utf8)) }
    }

    /// The value of the first field with this name.
    public subscript(_ name: String) -> ArraySlice<UInt8>? { fields.first { $0.name == name }?.bytes }

    /// The value as text; `nil` also if it is not UTF-8.
    public func text(_ name: String) -> String? { self[name].flatMap { String(validating: $0, as: UTF8.self) } }

    /// The value as a decimal number; `nil` also if it is not one.
    public func number<Number: FixedWidthInteger>(_ name: String) -> Number? { text(name).flatMap { Number($0) } }

    /// The value as a decimal number in a range, so that sums of a few such numbers cannot overflow; `nil` also if it is not.
    public func number<Number: FixedWidthInteger>(_ name: String, in range: ClosedRange<Number>) -> Number? {
        number(name).flatMap { range.contains($0) ? $0 : nil }
    }

    /// The value as a time in seconds since 1970-01-01T00:00:00Z, until the year 9999.
    public func time(_ name: String) -> Int64? { number(name, in: 0...Self.lastSecond) }

    private static let lastSecond: Int64 = 253_402_300_799

    /// The file in consecutive pieces; the values of the fields are not copied.
    var pieces: [ArraySlice<UInt8>] {
        var body: [ArraySlice<UInt8>] = []
        for field in fields {
            body += [Array("\(field.name) \(field.bytes.count)\n".utf8)[...], field.bytes, [Self.newline]]
        }
        return [Array("\(Self.head(kind, Self.format, body))\n".utf8)[...]] + body
    }

    /// The file.
    public var bytes: [UInt8] {
        let pieces = pieces
        var file: [UInt8] = []
        file.reserveCapacity(pieces.reduce(0) { $0 + $1.count })
        for piece in pieces { file += piece }
        return file
    }

    /// The first line, without its newline.
    private static func head(_ kind: String, _ format: Int, _ body: [ArraySlice<UInt8>]) -> String {
        let sum = format == firstFormat ? Checksum.sum(of: body) : XXHash64.hash(of: body)
        let digits = String(sum, radix: 16)
        let zeros = String(repeating: "0", count: UInt64.bitWidth / 4 - digits.utf8.count)
        return "\(mark) \(kind) \(format) \(zeros)\(digits)"
    }

    private static let mark = "portreeve"

    /// Reads a document of this kind.
    ///
    /// - Throws: the reason why the bytes are not such a document.
    public init(_ bytes: [UInt8], kind: String) throws(Defect) { try self.init(bytes[...], kind: kind) }

    /// Reads a document from a slice of a longer array.
    public init(_ bytes: ArraySlice<UInt8>, kind: String) throws(Defect) {
        guard let end = bytes.firstIndex(of: Self.newline) else { throw .corrupt }
        let (line, body) = (bytes[..<end], bytes[(end + 1)...])
        let format = try Self.format(of: line, kind: kind)
        guard line.elementsEqual(Self.head(kind, format, [body]).utf8) else { throw .corrupt }
        self.init(kind: kind)
        guard read(body) else { throw .corrupt }
    }

    /// The format in a first line; throws if this version cannot read it.
    private static func format(of line: ArraySlice<UInt8>, kind: String) throws(Defect) -> Int {
        let words = String(decoding: line, as: UTF8.self).split(separator: " ")
        guard words.count >= 3, words[0] == mark, words[1] == kind, let named = Int(words[2]), named >= firstFormat
        else { throw .corrupt }
        guard named <= format else { throw .newer(format: named) }
        return named
    }

    private mutating func read(_ body: ArraySlice<UInt8>) -> Bool {
        var rest = body
        while let end = rest.firstIndex(of: Self.newline) {
            let words = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ")
            rest = rest[(end + 1)...]
            guard words.count == 2, let length = Int(words[1]), length >= 0, length < rest.count else { return false }
            fields.append(Field(name: String(words[0]), bytes: rest.prefix(length)))
            rest = rest.dropFirst(length)
            guard rest.popFirst() == Self.newline else { return false }
        }
        return rest.isEmpty
    }
}

extension StateDocument.Defect: CustomStringConvertible {
    /// The predicate of a sentence whose subject is the path of the file.
    public var description: String {
        switch self {
        case .corrupt: "is incomplete or was changed, and is not used"
        case .newer(let format): "was written by a later version of portreeve (format \(format)), and is not used"
        }
    }
}
