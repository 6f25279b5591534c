internal import CNftnl
internal import Rulesets

/// A key of an interval set: an address as a number.
typealias IntervalKey = FixedWidthInteger & UnsignedInteger & Sendable & BitwiseCopyable

/// Encodes ranges of addresses as the kernel wants them: starts and ends, ascending.
///
/// It copies two templates, or a block of both, and fills in the keys, which is fast for a hundred thousand ranges.
struct RangeEncoder {
    private let start: [UInt8]
    private let end: [UInt8]
    /// `blockLength` ranges: starts and ends in turn.
    private let block: [UInt8]
    /// The offset of the key in both templates: after the headers of element, key and value.
    private static let keyOffset = 3 * AttributeWriter.headerLength

    /// The most ranges to encode in one call: at most 4 KB.
    static let blockLength = 64

    /// An encoder for keys of this many bytes.
    init(keyLength: Int) {
        let key = Array(repeating: UInt8(0), count: keyLength)
        start = Self.template(SetElement(key: key))
        end = Self.template(SetElement(key: key, flags: NFT_SET_ELEM_INTERVAL_END.rawValue))
        block = Array(repeatElement(start + end, count: Self.blockLength).joined())
    }

    private static func template(_ element: SetElement) -> [UInt8] {
        var writer = AttributeWriter()
        element.encode(into: &writer, keyOnly: true)
        return writer.bytes
    }

    /// The bytes of one range.
    var length: Int { start.count + end.count }

    /// Appends a start or an end.
    func encode<Key: IntervalKey>(_ element: TreeElement<Key>, into list: inout AttributeWriter) {
        append(element.isEnd ? end : start, key: element.key, to: &list)
    }

    /// Appends a start and an end for each range; no end for a range that reaches the highest key.
    ///
    /// The ranges must ascend; there are at most `blockLength` of them.
    func encode<Key: IntervalKey>(_ ranges: ArraySlice<ClosedRange<Key>>, into list: inout AttributeWriter) {
        let closed = ranges.last?.upperBound == Key.max ? ranges.dropLast() : ranges
        var offset = list.count + Self.keyOffset
        list.append(raw: block.prefix(closed.count * length))
        for range in closed {
            list.overwriteBigEndian(at: offset, range.lowerBound)
            list.overwriteBigEndian(at: offset + start.count, range.upperBound + 1)
            offset += length
        }
        if let last = ranges.last, closed.count < ranges.count { append(start, key: last.lowerBound, to: &list) }
    }

    private func append<Key: IntervalKey>(_ template: [UInt8], key: Key, to list: inout AttributeWriter) {
        let offset = list.count + Self.keyOffset
        list.append(raw: template)
        list.overwriteBigEndian(at: offset, key)
    }
}
