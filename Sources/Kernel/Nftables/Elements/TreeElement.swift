internal import CNftnl
internal import Rulesets

/// A start or an end in the tree of an interval set, and nothing that hangs on it.
///
/// The kernel keeps an interval as two elements: its start, and the first key after it, flagged
/// `NFT_SET_ELEM_INTERVAL_END`. An interval that reaches the highest key has no end.
struct TreeElement<Key: FixedWidthInteger & UnsignedInteger & Sendable>: Equatable {
    /// The start, or the first key after the interval.
    var key: Key
    /// Which of the two it is.
    var isEnd: Bool

    /// The start at this key, or the end there.
    init(key: Key, isEnd: Bool) {
        self.key = key
        self.isEnd = isEnd
    }

    /// Reads an element's attributes in place; `nil` when there is more to it than a key and the flag.
    init?(_ payload: ArraySlice<UInt8>) {
        guard let first = Attributes.first(of: payload), first.type == NFTA_SET_ELEM_KEY.rawValue,
            let data = Attributes.first(of: first.payload), data.type == NFTA_DATA_VALUE.rawValue,
            data.bytes.endIndex == first.payload.endIndex, let key: Key = data.payload.bigEndian()
        else { return nil }
        self.key = key
        let rest = payload[first.bytes.endIndex...]
        isEnd = false
        guard !rest.isEmpty else { return }
        guard let other = Attributes.first(of: rest), other.bytes.endIndex == rest.endIndex else { return nil }
        switch other.type {
        case NFTA_SET_ELEM_USERDATA.rawValue where SetElement.isListingHint(other.payload): break
        case NFTA_SET_ELEM_FLAGS.rawValue where other.payload.bigEndian() == NFT_SET_ELEM_INTERVAL_END.rawValue:
            isEnd = true
        default: return nil
        }
    }

    /// Pairs starts and ends; `nil` when one is alone, other than a start with nothing behind it.
    static func ranges(_ elements: [Self]) -> [ClosedRange<Key>]? {
        let ascending = elements.reversed().sorted { ($0.key, $0.isEnd ? 0 : 1) < ($1.key, $1.isEnd ? 0 : 1) }
        var ranges: [ClosedRange<Key>] = []
        ranges.reserveCapacity(elements.count / 2 + 1)
        var open: Key?
        for (index, element) in ascending.enumerated() {
            if let start = open {
                guard element.isEnd else { return nil }
                ranges.append(start...(element.key - 1))
                open = nil
            } else if element.isEnd {
                guard index == 0, element.key == 0 else { return nil }
            } else {
                open = element.key
            }
        }
        if let start = open { ranges.append(start...Key.max) }
        return ranges
    }

    /// The same in the general form.
    var element: SetElement {
        var writer = AttributeWriter()
        writer.appendBigEndian(key)
        return SetElement(key: writer.bytes, flags: isEnd ? NFT_SET_ELEM_INTERVAL_END.rawValue : 0)
    }
}

/// Writes ranges of addresses as the kernel wants them: start and end, ascending.
///
/// A hundred thousand of them are copies of two templates with another key in it.
struct RangeEncoder {
    private let start: [UInt8]
    private let end: [UInt8]
    /// Where the key is in both templates: behind the headers of element, key and value.
    private static let keyOffset = 3 * AttributeWriter.headerLength

    /// An encoder of keys of this many octets.
    init(keyLength: Int) {
        let key = Array(repeating: UInt8(0), count: keyLength)
        start = Self.template(SetElement(key: key))
        end = Self.template(SetElement(key: key, flags: NFT_SET_ELEM_INTERVAL_END.rawValue))
    }

    private static func template(_ element: SetElement) -> [UInt8] {
        var writer = AttributeWriter()
        element.encode(into: &writer, keyOnly: true)
        return writer.bytes
    }

    /// Appends a start or an end.
    func encode<Key>(_ element: TreeElement<Key>, into list: inout AttributeWriter) {
        append(element.isEnd ? end : start, key: element.key, to: &list)
    }

    /// Appends a start and, unless the range reaches the highest key, an end.
    func encode<Key: FixedWidthInteger & UnsignedInteger>(_ range: ClosedRange<Key>, into list: inout AttributeWriter) {
        append(start, key: range.lowerBound, to: &list)
        if range.upperBound < Key.max { append(end, key: range.upperBound + 1, to: &list) }
    }

    private func append(_ template: [UInt8], key: some FixedWidthInteger, to list: inout AttributeWriter) {
        let offset = list.bytes.count + Self.keyOffset
        list.append(raw: template)
        list.overwriteBigEndian(at: offset, key)
    }

    /// The octets of one range.
    var length: Int { start.count + end.count }
}
