/// A file of the state directory: fields of octets under a first line with a checksum.
///
/// People can read it: `portreeve KIND 1 CHECKSUM`, then for each field its name, its length in octets and itself.
public struct StateDocument: Equatable, Sendable {
    /// One field.
    public struct Field: Equatable, Sendable {
        /// What it is: one word.
        public var name: String
        /// What it holds.
        public var bytes: [UInt8]
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
    public mutating func append(_ name: String, _ bytes: [UInt8]) {
        precondition(!name.isEmpty && !name.contains { $0.isWhitespace }, "the name of a field is one word")
        fields.append(Field(name: name, bytes: bytes))
    }

    /// Appends a field, unless there is nothing to say.
    public mutating func append(_ name: String, _ text: String?) {
        if let text { append(name, Array(text.utf8)) }
    }

    /// What the first field of this name holds.
    public subscript(_ name: String) -> [UInt8]? { fields.first { $0.name == name }?.bytes }

    /// The same as text; `nil` also where it is none.
    public func text(_ name: String) -> String? { self[name].flatMap { String(validating: $0, as: UTF8.self) } }

    /// The same as a number.
    public func number<Number: FixedWidthInteger>(_ name: String) -> Number? { text(name).flatMap { Number($0) } }

    /// The file.
    public var bytes: [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(fields.reduce(0) { $0 + $1.bytes.count + 64 })
        for field in fields {
            body += "\(field.name) \(field.bytes.count)\n".utf8
            body += field.bytes
            body.append(Self.newline)
        }
        return Array("\(Self.mark) \(kind) \(Self.version) \(Self.checksum(body[...]))\n".utf8) + body
    }

    private static let mark = "portreeve"

    /// The document that a file holds; `nil` when it is torn, changed, or another kind.
    public init?(_ bytes: [UInt8], kind: String) {
        guard let end = bytes.firstIndex(of: Self.newline) else { return nil }
        let body = bytes[(end + 1)...]
        let head = "\(Self.mark) \(kind) \(Self.version) \(Self.checksum(body))"
        guard bytes[..<end].elementsEqual(head.utf8) else { return nil }
        self.init(kind: kind)
        guard read(body) else { return nil }
    }

    private mutating func read(_ body: ArraySlice<UInt8>) -> Bool {
        var rest = body
        while let end = rest.firstIndex(of: Self.newline) {
            let words = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ")
            rest = rest[(end + 1)...]
            guard words.count == 2, let length = Int(words[1]), length >= 0, length < rest.count else { return false }
            fields.append(Field(name: String(words[0]), bytes: Array(rest.prefix(length))))
            rest = rest.dropFirst(length)
            guard rest.popFirst() == Self.newline else { return false }
        }
        return rest.isEmpty
    }

    /// FNV-1a over words of eight octets, the last one filled up with zeros, in hexadecimal digits: it tells a torn file.
    ///
    /// Forgery is kept out by the file's owner and mode.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> String {
        let sum = unsafe bytes.withUnsafeBytes { raw in
            var sum: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(raw.count)
            for offset in stride(from: 0, to: raw.count, by: 8) {
                var word: UInt64 = 0
                let part = unsafe UnsafeRawBufferPointer(rebasing: raw[offset..<min(offset + 8, raw.count)])
                unsafe withUnsafeMutableBytes(of: &word) { unsafe $0.copyMemory(from: part) }
                sum = (sum ^ UInt64(littleEndian: word)) &* 0x100_0000_01b3
            }
            return sum
        }
        return String(sum, radix: 16)
    }
}
