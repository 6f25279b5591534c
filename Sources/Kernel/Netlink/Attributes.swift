internal import Glibc

/// The attributes of a message or of a nest, as they were received.
///
/// They are walked where they lie: most are looked at once, and to list them would be the dearest part of reading a message.
struct Attributes: Sequence {
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

    /// Goes from one attribute to the next.
    struct Iterator: IteratorProtocol {
        fileprivate let octets: ArraySlice<UInt8>
        fileprivate var place: Int

        mutating func next() -> Attribute? {
            guard let header = AttributeHeader(octets, at: place) else { return nil }
            defer { place = header.end }
            return Attribute(
                type: header.type, isNested: header.isNested, bytes: octets[place..<header.end],
                payloadEnd: header.payloadEnd)
        }
    }

    /// All of them as they were received.
    let octets: ArraySlice<UInt8>

    /// Reads attributes to the end of `octets`; `nil` when a length leads astray.
    init?(_ octets: ArraySlice<UInt8>) {
        var place = octets.startIndex
        while place != octets.endIndex {
            guard let header = AttributeHeader(octets, at: place) else { return nil }
            place = header.end
        }
        self.octets = octets
    }

    func makeIterator() -> Iterator { Iterator(octets: octets, place: octets.startIndex) }

    /// The attribute at the start of `bytes`; `nil` when its length leads astray.
    static func first(of bytes: ArraySlice<UInt8>) -> Attribute? {
        var iterator = Iterator(octets: bytes, place: bytes.startIndex)
        return iterator.next()
    }

    /// Whether there is one, and no more.
    var isSole: Bool { AttributeHeader(octets, at: octets.startIndex)?.end == octets.endIndex }

    /// The payload of the last attribute of this type: the one that the kernel would obey.
    subscript(_ type: some RawRepresentable<UInt32>) -> ArraySlice<UInt8>? {
        var (place, payload) = (octets.startIndex, Range<Int>?.none)
        while let header = AttributeHeader(octets, at: place) {
            if header.type == type.rawValue { payload = (place + AttributeWriter.headerLength)..<header.payloadEnd }
            place = header.end
        }
        return payload.map { octets[$0] }
    }

    /// Whether each of them is of one of these types.
    func areAll(of types: AttributeTypes) -> Bool {
        var place = octets.startIndex
        while let header = AttributeHeader(octets, at: place) {
            guard types.contains(header.type) else { return false }
            place = header.end
        }
        return true
    }

    /// Whether an attribute of this type holds this name.
    func has(_ type: some RawRepresentable<UInt32>, named name: String) -> Bool {
        guard let payload = self[type] else { return false }
        var name = name
        let length = name.utf8.count
        return payload.count > length && payload[payload.startIndex + length] == 0
            && name.withUTF8 { text in unsafe payload.starts(withOctets: UnsafeRawBufferPointer(text)) }
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
    func without(_ types: AttributeTypes) -> Attributes { keeping { !types.contains($0.type) } }

    /// The same without what `isKept` refuses.
    func keeping(_ isKept: (Attribute) -> Bool) -> Attributes {
        guard !allSatisfy(isKept) else { return self }
        var writer = AttributeWriter()
        for attribute in self where isKept(attribute) { writer.append(raw: attribute.bytes) }
        return Attributes(kept: writer.bytes)
    }

    private init(kept octets: [UInt8]) { self.octets = octets[...] }

    /// All attributes as they were received, the last one filled up as the others are.
    var bytes: [UInt8] {
        var writer = AttributeWriter()
        writer.append(raw: octets)
        return writer.bytes
    }
}

/// What the header of an attribute says.
private struct AttributeHeader {
    let type: UInt32
    let isNested: Bool
    /// Where padding begins.
    let payloadEnd: Int
    /// Where the next attribute begins.
    let end: Int

    private static let typeMask: UInt16 = 0x3fff

    /// The header at `place`; `nil` at the end of `octets`, and when its length leads astray.
    init?(_ octets: ArraySlice<UInt8>, at place: Int) {
        let (offset, rest) = (place - octets.startIndex, octets.endIndex - place)
        guard rest >= AttributeWriter.headerLength else { return nil }
        let length = Int(octets.hostOrderU16(at: offset))
        let type = octets.hostOrderU16(at: offset + 2)
        guard length >= AttributeWriter.headerLength, length <= rest else { return nil }
        self.type = UInt32(type & Self.typeMask)
        isNested = type & AttributeWriter.nestedFlag != 0
        payloadEnd = place + length
        end = place + Swift.min((length + 3) & ~3, rest)
    }
}

extension ArraySlice<UInt8> {
    /// Two octets in host order, `offset` from the start.
    func hostOrderU16(at offset: Int) -> UInt16 {
        let low = startIndex + offset
        return UInt16(littleEndian: UInt16(self[low]) | UInt16(self[low + 1]) << 8)
    }

    /// Whether these octets are the first ones.
    func starts(withOctets prefix: ArraySlice<UInt8>) -> Bool {
        unsafe prefix.withUnsafeBytes { unsafe starts(withOctets: $0) }
    }

    /// The same for octets that lie elsewhere.
    fileprivate func starts(withOctets prefix: UnsafeRawBufferPointer) -> Bool {
        guard count >= prefix.count else { return false }
        return unsafe withUnsafeBytes { mine in
            guard let left = mine.baseAddress, let right = prefix.baseAddress else { return true }
            return unsafe memcmp(left, right, prefix.count) == 0
        }
    }

    /// The number that exactly these octets spell in network order.
    func bigEndian<Number: FixedWidthInteger>() -> Number? {
        guard count == Number.bitWidth / 8 else { return nil }
        return reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }
}
