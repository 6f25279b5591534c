/// The attributes of a message or of a nest, as they were received.
struct Attributes {
    /// One of them.
    struct Attribute {
        /// The type without its flags.
        let type: UInt32
        /// Whether it is flagged as a nest; the kernel leaves the flag off many nests.
        let isNested: Bool
        /// All of it, with header and padding.
        let bytes: ArraySlice<UInt8>
        /// Where padding begins.
        ///
        /// It is not a second slice: to retain and release that costs more than to cut it out.
        let payloadEnd: Int

        /// What it holds.
        var payload: ArraySlice<UInt8> { bytes[(bytes.startIndex + AttributeWriter.headerLength)..<payloadEnd] }
    }

    /// All of them, in order.
    private(set) var all: [Attribute] = []

    private static let usualCount = 6

    /// Reads attributes to the end of `bytes`; `nil` when a length leads astray.
    init?(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        // Most hold a few: one allocation instead of three.
        all.reserveCapacity(Self.usualCount)
        while !rest.isEmpty {
            guard let attribute = Self.first(of: rest) else { return nil }
            all.append(attribute)
            rest = rest[attribute.bytes.endIndex...]
        }
    }

    /// The attribute at the start of `bytes`; `nil` when its length leads astray.
    static func first(of bytes: ArraySlice<UInt8>) -> Attribute? {
        guard bytes.count >= AttributeWriter.headerLength else { return nil }
        let length = Int(bytes.hostOrderU16(at: 0))
        let type = bytes.hostOrderU16(at: 2)
        guard length >= AttributeWriter.headerLength, length <= bytes.count else { return nil }
        let start = bytes.startIndex
        let end = min(start + (length + 3) & ~3, bytes.endIndex)
        return Attribute(
            type: UInt32(type & 0x3fff), isNested: type & AttributeWriter.nestedFlag != 0,
            bytes: bytes[start..<end], payloadEnd: start + length)
    }

    /// The payload of the last attribute of this type: the one that the kernel would obey.
    subscript(_ type: some RawRepresentable<UInt32>) -> ArraySlice<UInt8>? {
        all.last { $0.type == type.rawValue }?.payload
    }

    /// One octet.
    func u8(_ type: some RawRepresentable<UInt32>) -> UInt8? {
        guard let payload = self[type], payload.count == 1 else { return nil }
        return payload.first
    }

    /// Four octets in network order.
    func u32(_ type: some RawRepresentable<UInt32>) -> UInt32? { self[type]?.bigEndian() }

    /// Eight octets in network order.
    func u64(_ type: some RawRepresentable<UInt32>) -> UInt64? { self[type]?.bigEndian() }

    /// A text in UTF-8 that ends with a NUL.
    func string(_ type: some RawRepresentable<UInt32>) -> String? {
        guard let payload = self[type], payload.last == 0 else { return nil }
        return String(validating: payload.dropLast(), as: UTF8.self)
    }

    /// A name, with marks in the place of what is not UTF-8.
    func name(_ type: some RawRepresentable<UInt32>) -> String? {
        self[type].map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// The attributes in a nest.
    func nest(_ type: some RawRepresentable<UInt32>) -> Attributes? { self[type].flatMap(Attributes.init) }

    /// The same without the attributes of these types.
    func without(_ types: [any RawRepresentable<UInt32>]) -> Attributes {
        let dropped = types.map { $0.rawValue }
        return filter { !dropped.contains($0.type) }
    }

    /// The same without what `isKept` refuses.
    func filter(_ isKept: (Attribute) -> Bool) -> Attributes {
        var copy = self
        copy.all = all.filter(isKept)
        return copy
    }

    /// All attributes as they were received.
    var bytes: [UInt8] {
        var writer = AttributeWriter()
        for attribute in all { writer.append(raw: attribute.bytes) }
        return writer.bytes
    }
}

extension Attributes {
    /// Whether the kernel would take both for the same.
    ///
    /// Order among types, padding and missing nest flags do not count; order among attributes of one type does. What is
    /// flagged as a nest in `encoded` is looked into.
    func isEquivalent(to encoded: Attributes) -> Bool {
        guard all.count == encoded.all.count else { return false }
        // Mostly the kernel's order is ours, and sorting would be the dearest part of reading a rule.
        return zip(all, encoded.all).allSatisfy { Self.isEquivalent($0, to: $1) }
            || zip(all.sortedByType, encoded.all.sortedByType).allSatisfy { Self.isEquivalent($0, to: $1) }
    }

    /// The attributes that `encoded` does not repeat.
    func unexplained(by encoded: Attributes) -> Attributes {
        filter { mine in !encoded.all.contains { Self.isEquivalent(mine, to: $0) } }
    }

    private static func isEquivalent(_ received: Attribute, to encoded: Attribute) -> Bool {
        guard received.type == encoded.type else { return false }
        if received.payload.elementsEqual(encoded.payload) { return true }
        guard encoded.isNested, let inner = Attributes(received.payload), let same = Attributes(encoded.payload)
        else { return false }
        return inner.isEquivalent(to: same)
    }
}

extension [Attributes.Attribute] {
    fileprivate var sortedByType: Self { sorted { $0.type < $1.type } }
}

extension ArraySlice<UInt8> {
    /// Two octets in host order, `offset` from the start.
    func hostOrderU16(at offset: Int) -> UInt16 {
        let low = startIndex + offset
        return UInt16(littleEndian: UInt16(self[low]) | UInt16(self[low + 1]) << 8)
    }

    /// The number that exactly these octets spell in network order.
    func bigEndian<Number: FixedWidthInteger>() -> Number? {
        guard count == Number.bitWidth / 8 else { return nil }
        return reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }
}
