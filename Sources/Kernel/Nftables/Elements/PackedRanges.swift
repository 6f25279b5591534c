internal import Rulesets
internal import System

/// The ranges of a big set as octets: lower and upper end of each, in little-endian order, one after the other.
///
/// Ten times shorter than the messages that load the set, and read as fast as they are copied.
enum PackedRanges {
    /// What a document calls the ranges of 4-byte and of 16-byte keys.
    private static let (name32, name128) = ("ranges32", "ranges128")

    /// Appends the ranges of a set under their name; `false` where the elements are more than ranges.
    static func append(_ elements: SetElements, to document: inout StateDocument) -> Bool {
        switch elements {
        case .ranges32(let ranges): document.append(name32, octets(ranges))
        case .ranges128(let ranges): document.append(name128, octets(ranges))
        case .list: return false
        }
        return true
    }

    /// The elements that a field holds; `nil` for another field, or when they do not ascend.
    static func elements(_ field: StateDocument.Field) -> SetElements? {
        switch field.name {
        case name32: ranges(field.bytes).map(SetElements.ranges32)
        case name128: ranges(field.bytes).map(SetElements.ranges128)
        default: nil
        }
    }

    private static func octets<Key: FixedWidthInteger & BitwiseCopyable>(_ ranges: [ClosedRange<Key>]) -> [UInt8] {
        let length = MemoryLayout<Key>.size
        var octets = [UInt8](repeating: 0, count: 2 * length * ranges.count)
        unsafe octets.withUnsafeMutableBytes { raw in
            for (index, range) in ranges.enumerated() {
                let offset = 2 * length * index
                unsafe raw.storeBytes(of: range.lowerBound.littleEndian, toByteOffset: offset, as: Key.self)
                unsafe raw.storeBytes(of: range.upperBound.littleEndian, toByteOffset: offset + length, as: Key.self)
            }
        }
        return octets
    }

    /// Ranges that ascend and are disjoint.
    private static func ranges<Key: FixedWidthInteger & BitwiseCopyable>(
        _ octets: ArraySlice<UInt8>
    ) -> [ClosedRange<Key>]? {
        let length = MemoryLayout<Key>.size
        guard octets.count.isMultiple(of: 2 * length) else { return nil }
        var ranges: [ClosedRange<Key>] = []
        ranges.reserveCapacity(octets.count / (2 * length))
        let areSound = unsafe octets.withUnsafeBytes { raw in
            var last: Key?
            for offset in stride(from: 0, to: raw.count, by: 2 * length) {
                let low = Key(littleEndian: unsafe raw.loadUnaligned(fromByteOffset: offset, as: Key.self))
                let high = Key(littleEndian: unsafe raw.loadUnaligned(fromByteOffset: offset + length, as: Key.self))
                guard low <= high, last.map({ $0 < low }) ?? true else { return false }
                ranges.append(low...high)
                last = high
            }
            return true
        }
        return areSound ? ranges : nil
    }
}
