internal import Addressing

/// The attributes of a message or of a nest, as received.
///
/// They are parsed in place: most are read once, and a list of them would be the costliest part of reading a message.
struct Attributes: Sequence {
    /// One attribute.
    struct Attribute {
        /// The type without its flags.
        let type: UInt32
        /// Whether `NLA_F_NESTED` is set; the kernel leaves it off many nests.
        let isNested: Bool
        /// The whole attribute: header, payload and padding.
        let bytes: ArraySlice<UInt8>
        /// The index after the payload, where padding starts.
        ///
        /// An index, not a second slice: retaining a slice costs more than cutting it from `bytes`.
        let payloadEnd: Int

        /// The payload.
        var payload: ArraySlice<UInt8> { bytes[(bytes.startIndex + AttributeWriter.headerLength)..<payloadEnd] }
    }

    /// Steps through the attributes.
    struct Iterator: IteratorProtocol {
        fileprivate let raw: ArraySlice<UInt8>
        fileprivate var place: Int

        mutating func next() -> Attribute? {
            guard let header = AttributeHeader(raw, at: place) else { return nil }
            defer { place = header.end }
            return Attribute(
                type: header.type, isNested: header.isNested, bytes: raw[place..<header.end],
                payloadEnd: header.payloadEnd)
        }
    }

    /// All attributes, as received.
    let raw: ArraySlice<UInt8>

    /// Parses attributes to the end of `raw`; `nil` if a length is invalid.
    init?(_ raw: ArraySlice<UInt8>) {
        var place = raw.startIndex
        while place != raw.endIndex {
            guard let header = AttributeHeader(raw, at: place) else { return nil }
            place = header.end
        }
        self.raw = raw
    }

    func makeIterator() -> Iterator { Iterator(raw: raw, place: raw.startIndex) }

    /// The attribute at the start of `bytes`; `nil` if its length is invalid.
    static func first(of bytes: ArraySlice<UInt8>) -> Attribute? {
        var iterator = Iterator(raw: bytes, place: bytes.startIndex)
        return iterator.next()
    }

    /// Whether there is exactly one attribute.
    var isSole: Bool { AttributeHeader(raw, at: raw.startIndex)?.end == raw.endIndex }

    /// The payload of the last attribute of this type, the one that the kernel uses.
    subscript(_ type: some RawRepresentable<UInt32>) -> ArraySlice<UInt8>? {
        var (place, payload) = (raw.startIndex, Range<Int>?.none)
        while let header = AttributeHeader(raw, at: place) {
            if header.type == type.rawValue { payload = (place + AttributeWriter.headerLength)..<header.payloadEnd }
            place = header.end
        }
        return payload.map { raw[$0] }
    }

    /// Whether every attribute has one of these types.
    func areAll(of types: AttributeTypes) -> Bool {
        var place = raw.startIndex
        while let header = AttributeHeader(raw, at: place) {
            guard types.contains(header.type) else { return false }
            place = header.end
        }
        return true
    }

    /// Whether an attribute of this type holds this name, with a NUL after it.
    func has(_ type: some RawRepresentable<UInt32>, named name: String) -> Bool {
        guard let payload = self[type] else { return false }
        guard !name.utf8.contains(UInt8(ascii: "\\")) else { return self.name(type) == name }
        let length = name.utf8.count
        return payload.count > length && payload[payload.startIndex + length] == 0
            && payload.span.hasPrefix(name.utf8.span)
    }

    /// A number of one byte.
    func u8(_ type: some RawRepresentable<UInt32>) -> UInt8? {
        guard let payload = self[type], payload.count == 1 else { return nil }
        return payload.first
    }

    /// A number of two bytes in network order.
    func u16(_ type: some RawRepresentable<UInt32>) -> UInt16? { self[type]?.bigEndian() }

    /// A number of four bytes in network order.
    func u32(_ type: some RawRepresentable<UInt32>) -> UInt32? { self[type]?.bigEndian() }

    /// A number of eight bytes in network order.
    func u64(_ type: some RawRepresentable<UInt32>) -> UInt64? { self[type]?.bigEndian() }

    /// A text in UTF-8 that ends with NUL; `nil` if it is not valid.
    func string(_ type: some RawRepresentable<UInt32>) -> String? {
        guard let payload = self[type], payload.last == 0 else { return nil }
        return String(validating: payload.dropLast(), as: UTF8.self)
    }

    /// A name up to its NUL, as `KernelName` writes it.
    func name(_ type: some RawRepresentable<UInt32>) -> String? {
        self[type].map { KernelName.text(of: $0.prefix { $0 != 0 }) }
    }

    /// The attributes in a nest; `nil` if it is missing or invalid.
    func nest(_ type: some RawRepresentable<UInt32>) -> Attributes? { self[type].flatMap(Attributes.init) }

    /// The attributes without those of these types.
    func without(_ types: AttributeTypes) -> Attributes { keeping { !types.contains($0.type) } }

    /// The attributes that `isKept` accepts.
    func keeping(_ isKept: (Attribute) -> Bool) -> Attributes {
        guard !allSatisfy(isKept) else { return self }
        var writer = AttributeWriter()
        for attribute in self where isKept(attribute) { writer.append(raw: attribute.bytes) }
        return Attributes(kept: writer.bytes)
    }

    private init(kept raw: [UInt8]) { self.raw = raw[...] }

    /// A copy of all attributes, with padding after the last one.
    var bytes: [UInt8] {
        var writer = AttributeWriter()
        writer.append(raw: raw)
        return writer.bytes
    }
}

/// The header of an attribute, `struct nlattr`.
private struct AttributeHeader {
    let type: UInt32
    let isNested: Bool
    /// The index after the payload, where padding starts.
    let payloadEnd: Int
    /// The index of the next attribute.
    let end: Int

    private static let typeMask: UInt16 = 0x3fff

    /// The header at `place`; `nil` at the end of `raw` and if its length is invalid.
    init?(_ raw: ArraySlice<UInt8>, at place: Int) {
        let (offset, rest) = (place - raw.startIndex, raw.endIndex - place)
        guard rest >= AttributeWriter.headerLength else { return nil }
        let length = Int(raw.hostOrderU16(at: offset))
        let type = raw.hostOrderU16(at: offset + 2)
        guard length >= AttributeWriter.headerLength, length <= rest else { return nil }
        self.type = UInt32(type & Self.typeMask)
        isNested = type & AttributeWriter.nestedFlag != 0
        payloadEnd = place + length
        end = place + Swift.min((length + 3) & ~3, rest)
    }
}

extension ArraySlice<UInt8> {
    /// A number of two bytes in host order, at `offset` from the start.
    func hostOrderU16(at offset: Int) -> UInt16 {
        let low = startIndex + offset
        return UInt16(littleEndian: UInt16(self[low]) | UInt16(self[low + 1]) << 8)
    }

    /// The number that these bytes encode in host order; `nil` unless the slice has exactly its length.
    func hostOrder<Number: FixedWidthInteger & BitwiseCopyable>() -> Number? {
        count == MemoryLayout<Number>.size ? span.number(at: 0) : nil
    }

    /// The number that these bytes encode in network order; `nil` unless the slice has exactly its length.
    func bigEndian<Number: FixedWidthInteger>() -> Number? {
        guard count == Number.bitWidth / 8 else { return nil }
        return reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }
}
