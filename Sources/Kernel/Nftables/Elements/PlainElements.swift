internal import Addressing
internal import CNftnl

/// Decodes starts and ends from the bytes of a dump by their fixed layout, without parsing each attribute.
///
/// An element has the headers of element, key and value, the key, and for an end the attribute with the flags: four or
/// five constant numbers and the key. All other elements are left to the general decoder.
enum PlainElements {
    private static let headerLength = AttributeWriter.headerLength
    /// The length of the attribute with the flags, in bytes, with its header.
    private static let flagsLength = 2 * headerLength
    /// Ignores `NLA_F_NESTED`, which only some kernels set.
    private static let mask = ~(UInt32(AttributeWriter.nestedFlag) << 16)

    /// Appends the elements of a list, or none if one of them is not a plain start or end.
    ///
    /// - Returns: whether they were appended.
    static func append<Key: IntervalKey>(_ list: ArraySlice<UInt8>, to elements: inout [TreeElement<Key>]) -> Bool {
        let count = elements.count
        let bytes = list.span
        var offset = 0
        while offset < bytes.count {
            guard let element: TreeElement<Key> = read(bytes, &offset) else {
                elements.removeSubrange(count...)
                return false
            }
            elements.append(element)
        }
        return true
    }

    /// The element at `offset`; advances `offset` past it.
    @inline(__always)
    private static func read<Key: IntervalKey>(_ bytes: Span<UInt8>, _ offset: inout Int) -> TreeElement<Key>? {
        let length = MemoryLayout<Key>.size
        let startLength = 3 * headerLength + length
        guard offset + startLength <= bytes.count,
            header(bytes, offset + headerLength, NFTA_SET_ELEM_KEY.rawValue, 2 * headerLength + length),
            header(bytes, offset + 2 * headerLength, NFTA_DATA_VALUE.rawValue, headerLength + length)
        else { return nil }
        let key = Key(bigEndian: bytes.number(at: offset + 3 * headerLength))
        if header(bytes, offset, NFTA_LIST_ELEM.rawValue, startLength) {
            offset += startLength
            return TreeElement(key: key, isEnd: false)
        }
        let endLength = startLength + flagsLength
        guard offset + endLength <= bytes.count,
            header(bytes, offset, NFTA_LIST_ELEM.rawValue, endLength),
            header(bytes, offset + startLength, NFTA_SET_ELEM_FLAGS.rawValue, flagsLength),
            word(bytes, offset + startLength + headerLength).byteSwapped == NFT_SET_ELEM_INTERVAL_END.rawValue
        else { return nil }
        offset += endLength
        return TreeElement(key: key, isEnd: true)
    }

    /// Whether the header of an attribute of this type and length is at this position.
    @inline(__always)
    private static func header(_ bytes: Span<UInt8>, _ offset: Int, _ type: UInt32, _ length: Int) -> Bool {
        word(bytes, offset) & mask == type << 16 | UInt32(length)
    }

    /// A number of four bytes, little-endian, as the constant headers are.
    @inline(__always)
    private static func word(_ bytes: Span<UInt8>, _ offset: Int) -> UInt32 {
        UInt32(littleEndian: bytes.number(at: offset))
    }
}
