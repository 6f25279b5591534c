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
        let arePlain = unsafe list.withUnsafeBytes { raw in
            var offset = 0
            while offset < raw.count {
                guard let element: TreeElement<Key> = unsafe read(raw, &offset) else { return false }
                elements.append(element)
            }
            return true
        }
        if !arePlain { elements.removeSubrange(count...) }
        return arePlain
    }

    /// The element at `offset`; advances `offset` past it.
    @inline(__always)
    private static func read<Key: IntervalKey>(_ raw: UnsafeRawBufferPointer, _ offset: inout Int) -> TreeElement<Key>?
    {
        let length = MemoryLayout<Key>.size
        let startLength = 3 * headerLength + length
        guard offset + startLength <= raw.count,
            unsafe header(raw, offset + headerLength, NFTA_SET_ELEM_KEY.rawValue, 2 * headerLength + length),
            unsafe header(raw, offset + 2 * headerLength, NFTA_DATA_VALUE.rawValue, headerLength + length)
        else { return nil }
        let key = Key(
            bigEndian: unsafe raw.loadUnaligned(fromByteOffset: offset + 3 * headerLength, as: Key.self))
        if unsafe header(raw, offset, NFTA_LIST_ELEM.rawValue, startLength) {
            offset += startLength
            return TreeElement(key: key, isEnd: false)
        }
        let endLength = startLength + flagsLength
        guard offset + endLength <= raw.count,
            unsafe header(raw, offset, NFTA_LIST_ELEM.rawValue, endLength),
            unsafe header(raw, offset + startLength, NFTA_SET_ELEM_FLAGS.rawValue, flagsLength),
            unsafe word(raw, offset + startLength + headerLength).byteSwapped == NFT_SET_ELEM_INTERVAL_END.rawValue
        else { return nil }
        offset += endLength
        return TreeElement(key: key, isEnd: true)
    }

    /// Whether the header of an attribute of this type and length is at this position.
    @inline(__always)
    private static func header(_ raw: UnsafeRawBufferPointer, _ offset: Int, _ type: UInt32, _ length: Int) -> Bool {
        unsafe word(raw, offset) & mask == type << 16 | UInt32(length)
    }

    /// A number of four bytes, little-endian, as the constant headers are.
    @inline(__always)
    private static func word(_ raw: UnsafeRawBufferPointer, _ offset: Int) -> UInt32 {
        UInt32(littleEndian: unsafe raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}
