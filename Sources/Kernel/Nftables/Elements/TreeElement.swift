internal import CNftnl
internal import Rulesets

/// A start or an end in the tree of an interval set, and nothing that hangs on it.
///
/// The kernel keeps an interval as two elements: its start, and the first key after it, flagged
/// `NFT_SET_ELEM_INTERVAL_END`. An interval that reaches the highest key has no end.
struct TreeElement<Key: IntervalKey>: Equatable {
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
        // As dumps come, in descending order, nothing is left to sort.
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

    /// The order of the keys, an end before a start.
    private func precedes(_ other: Self) -> Bool {
        key != other.key ? key < other.key : isEnd && !other.isEnd
    }

    /// The same in the general form.
    var element: SetElement {
        var writer = AttributeWriter()
        writer.appendBigEndian(key)
        return SetElement(key: writer.bytes, flags: isEnd ? NFT_SET_ELEM_INTERVAL_END.rawValue : 0)
    }
}
