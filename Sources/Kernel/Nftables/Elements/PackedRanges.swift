internal import Addressing
internal import Rulesets
internal import System

/// The ranges of a big set as bytes: the lower and the upper end of each range, little-endian, 4 or 16 bytes each.
///
/// A tenth of the size of the messages that load the set, and as fast to read as to copy.
enum PackedRanges {
    /// The names of the fields with ranges of 4-byte and of 16-byte keys.
    private static let (name32, name128) = ("ranges32", "ranges128")

    /// Appends a field with the ranges of a set; `false` if the elements are not just ranges.
    static func append(_ elements: SetElements, to document: inout StateDocument) -> Bool {
        switch elements {
        case .ranges32(let ranges): document.append(name32, bytes(ranges))
        case .ranges128(let ranges): document.append(name128, bytes(ranges))
        case .list: return false
        }
        return true
    }

    /// The elements of a field; `nil` for other fields, and if the ranges do not ascend.
    static func elements(_ field: StateDocument.Field) -> SetElements? {
        switch field.name {
        case name32: ranges(field.bytes).map(SetElements.ranges32)
        case name128: ranges(field.bytes).map(SetElements.ranges128)
        default: nil
        }
    }

    private static func bytes<Key: FixedWidthInteger & BitwiseCopyable>(_ ranges: [ClosedRange<Key>]) -> [UInt8] {
        let length = MemoryLayout<Key>.size
        var bytes = [UInt8](repeating: 0, count: 2 * length * ranges.count)
        var span = bytes.mutableSpan
        for (index, range) in ranges.enumerated() {
            let offset = 2 * length * index
            span.store(range.lowerBound.littleEndian, at: offset)
            span.store(range.upperBound.littleEndian, at: offset + length)
        }
        return bytes
    }

    /// Decodes ranges; `nil` if they do not ascend or overlap.
    private static func ranges<Key: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: ArraySlice<UInt8>
    ) -> [ClosedRange<Key>]? {
        let length = MemoryLayout<Key>.size
        guard bytes.count.isMultiple(of: 2 * length) else { return nil }
        var ranges: [ClosedRange<Key>] = []
        ranges.reserveCapacity(bytes.count / (2 * length))
        let span = bytes.span
        var last: Key?
        for offset in stride(from: 0, to: span.count, by: 2 * length) {
            let low = Key(littleEndian: span.number(at: offset))
            let high = Key(littleEndian: span.number(at: offset + length))
            guard low <= high, last.map({ $0 < low }) ?? true else { return nil }
            ranges.append(low...high)
            last = high
        }
        return ranges
    }
}
