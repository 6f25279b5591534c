internal import CNftnl
internal import Rulesets

/// A start or an end in the tree of an interval set, without any other data.
///
/// The kernel stores an interval as two elements: its start, and the first key after it, flagged
/// `NFT_SET_ELEM_INTERVAL_END`. An interval that reaches the highest key has no end.
struct TreeElement<Key: IntervalKey>: Equatable {
    /// The first key of the interval, or the first key after it.
    var key: Key
    /// Whether this is an end.
    var isEnd: Bool

    /// The start or the end at this key.
    init(key: Key, isEnd: Bool) {
        self.key = key
        self.isEnd = isEnd
    }

    /// Decodes an element's attributes in place; `nil` if it has more than a key and the flag.
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

    /// Merges starts and ends into ranges; `nil` if one has no partner, except a last start.
    static func ranges(_ elements: [Self]) -> [ClosedRange<Key>]? {
        // Dumps come in descending order: reversed, they are sorted already.
        var ascending = Array(elements.reversed())
        let isSorted = ascending.indices.dropFirst().allSatisfy { ascending[$0 - 1].precedes(ascending[$0]) }
        if !isSorted { ascending.sort { $0.precedes($1) } }
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

    /// The order by key, an end before a start.
    private func precedes(_ other: Self) -> Bool {
        key != other.key ? key < other.key : isEnd && !other.isEnd
    }

    /// The element in its general form.
    var element: SetElement {
        var writer = AttributeWriter()
        writer.appendBigEndian(key)
        return SetElement(key: writer.bytes, flags: isEnd ? NFT_SET_ELEM_INTERVAL_END.rawValue : 0)
    }
}
