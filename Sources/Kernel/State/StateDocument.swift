/// A file of the state directory: fields of octets under a first line with a checksum of the rest.
///
/// People can read it: `portreeve KIND 1 CHECKSUM`, then for each field its name, its length in octets and itself.
public struct StateDocument: Equatable, Sendable {
    /// One field.
    public struct Field: Equatable, Sendable {
        /// What it is: one word.
        public var name: String
        /// What it holds; a slice, so that nothing is copied where a document is read or put together.
        public var bytes: ArraySlice<UInt8>
    }

    /// What kind of document it is: one word.
    public let kind: String
    /// The fields, in order; several can have one name.
    public private(set) var fields: [Field] = []

    private static let version = "1"
    private static let newline = UInt8(ascii: "\n")

    /// A document without fields.
    public init(kind: String) { self.kind = kind }

    /// Appends a field.
    public mutating func append(_ name: String, _ bytes: [UInt8]) { append(name, bytes[...]) }

    /// Appends a field that holds some of an array.
    public mutating func append(_ name: String, _ bytes: ArraySlice<UInt8>) {
        precondition(!name.isEmpty && !name.contains { $0.isWhitespace }, "the name of a field is one word")
        fields.append(Field(name: name, bytes: bytes))
    }

    /// Appends a field, unless there is nothing to say.
    public mutating func append(_ name: String, _ text: String?) {
        if let text { append(name, Array(text.utf8)) }
    }

    /// What the first field of this name holds.
    public subscript(_ name: String) -> ArraySlice<UInt8>? { fields.first { $0.name == name }?.bytes }

    /// The same as text; `nil` also where it is none.
    public func text(_ name: String) -> String? { self[name].flatMap { String(validating: $0, as: UTF8.self) } }

    /// The same as a number.
    public func number<Number: FixedWidthInteger>(_ name: String) -> Number? { text(name).flatMap { Number($0) } }

    /// The file, in pieces that follow one another: what the fields hold is not copied.
    var pieces: [ArraySlice<UInt8>] {
        var body: [ArraySlice<UInt8>] = []
        for field in fields {
            body += [Array("\(field.name) \(field.bytes.count)\n".utf8)[...], field.bytes, [Self.newline]]
        }
        return [Array(Self.head(kind, sum: Checksum.sum(of: body)))[...]] + body
    }

    /// The file.
    public var bytes: [UInt8] {
        let pieces = pieces
        var file: [UInt8] = []
        file.reserveCapacity(pieces.reduce(0) { $0 + $1.count })
        for piece in pieces { file += piece }
        return file
    }

    /// The first line.
    private static func head(_ kind: String, sum: UInt64) -> String.UTF8View {
        let digits = String(sum, radix: 16)
        let zeros = String(repeating: "0", count: UInt64.bitWidth / 4 - digits.utf8.count)
        return "\(mark) \(kind) \(version) \(zeros)\(digits)\n".utf8
    }

    private static let mark = "portreeve"

    /// The document that a file holds; `nil` when it is torn, changed, or another kind.
    public init?(_ bytes: [UInt8], kind: String) { self.init(bytes[...], kind: kind) }

    /// The same in the middle of other octets.
    public init?(_ bytes: ArraySlice<UInt8>, kind: String) {
        guard let end = bytes.firstIndex(of: Self.newline) else { return nil }
        let body = bytes[(end + 1)...]
        let head = Self.head(kind, sum: Checksum.sum(of: [body]))
        guard bytes[...end].elementsEqual(head) else { return nil }
        self.init(kind: kind)
        guard read(body) else { return nil }
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
