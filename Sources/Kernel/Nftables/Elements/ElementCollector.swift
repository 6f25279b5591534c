internal import CNftnl
internal import Rulesets

/// Collects the elements of one set from the messages of a dump.
///
/// Plain starts and ends of ranges are kept in a flat array; the first other element converts all to `SetElement`.
struct ElementCollector {
    private enum Gathered {
        case words([TreeElement<UInt32>])
        case addresses([TreeElement<UInt128>])
        case general([SetElement])
    }

    private let definition: SetDefinition
    private var gathered: Gathered

    /// A collector for a set of this definition.
    init(_ definition: SetDefinition) {
        self.definition = definition
        switch (definition.holdsRanges, definition.keyLength) {
        case (true, 4): gathered = .words([])
        case (true, 16): gathered = .addresses([])
        default: gathered = .general([])
        }
    }

    /// Adds the elements of one message; `false` if they are invalid.
    mutating func add(_ message: Attributes) -> Bool {
        guard var rest = message[NFTA_SET_ELEM_LIST_ELEMENTS] else { return true }
        if addPlain(rest) { return true }
        while !rest.isEmpty {
            guard let element = Attributes.first(of: rest), add(element.payload) else { return false }
            rest = rest[element.bytes.endIndex...]
        }
        return true
    }

    /// Adds the elements of one message in one pass if all are plain; `false` if none was added.
    private mutating func addPlain(_ list: ArraySlice<UInt8>) -> Bool {
        switch gathered {
        case .words(var elements):
            gathered = .general([])
            defer { gathered = .words(elements) }
            return PlainElements.append(list, to: &elements)
        case .addresses(var elements):
            gathered = .general([])
            defer { gathered = .addresses(elements) }
            return PlainElements.append(list, to: &elements)
        case .general: return false
        }
    }

    private mutating func add(_ payload: ArraySlice<UInt8>) -> Bool {
        switch gathered {
        case .words(var elements):
            guard let element = TreeElement<UInt32>(payload) else { break }
            gathered = .general([])
            elements.append(element)
            gathered = .words(elements)
            return true
        case .addresses(var elements):
            guard let element = TreeElement<UInt128>(payload) else { break }
            gathered = .general([])
            elements.append(element)
            gathered = .addresses(elements)
            return true
        case .general: break
        }
        guard let attributes = Attributes(payload) else { return false }
        let element = SetElement(from: attributes)
        guard element.isOf(definition) else { return false }
        var elements = general
        gathered = .general([])
        elements.append(element)
        gathered = .general(elements)
        return true
    }

    private var general: [SetElement] {
        switch gathered {
        case .words(let elements): elements.map(\.element)
        case .addresses(let elements): elements.map(\.element)
        case .general(let elements): elements
        }
    }

    /// All elements, in the canonical form for the set.
    var elements: SetElements {
        switch gathered {
        case .words(let elements): TreeElement.ranges(elements).map(SetElements.ranges32) ?? list
        case .addresses(let elements): TreeElement.ranges(elements).map(SetElements.ranges128) ?? list
        case .general: list
        }
    }

    private var list: SetElements {
        let ascending = general.sorted { $0.precedes($1) }
        return .list(definition.usesTree ? SetElement.pairing(ascending) : ascending.withoutRepetitions)
    }
}

extension SetElement {
    /// Whether it has keys of the set's length, or is the catch-all element.
    fileprivate func isOf(_ definition: SetDefinition) -> Bool {
        let length = Int(definition.keyLength)
        return key.isEmpty && upper == nil || key.count == length && (upper?.count ?? length) == length
    }

    /// Whether the element ends an interval: its key is the first one after it.
    var isIntervalEnd: Bool { flags & NFT_SET_ELEM_INTERVAL_END.rawValue != 0 }

    /// The order by key, ends before starts, then by upper key.
    func precedes(_ other: SetElement) -> Bool {
        // A loop, since it takes most of the time of sorting: maps have many thousand elements.
        for index in 0..<min(key.count, other.key.count) where key[index] != other.key[index] {
            return key[index] < other.key[index]
        }
        if key.count != other.key.count { return key.count < other.key.count }
        if isIntervalEnd != other.isIntervalEnd { return isIntervalEnd }
        return (upper ?? []).lexicographicallyPrecedes(other.upper ?? [])
    }

    /// Merges each start with its end into one element; leaves other elements as they are.
    ///
    /// A start without an end reaches up to the next start, as nft writes adjacent ranges of a map, or to the highest key:
    /// `__nft_rbtree_lookup` takes the greatest element that is not above the key. An end without a start ends nothing: nft adds one at key
    /// zero, and the kernel lists one whose start has timed out until both are collected.
    static func pairing(_ ascending: [SetElement]) -> [SetElement] {
        var paired: [SetElement] = []
        var open = false
        for element in ascending {
            if open, let start = paired.last, element.ends(start) {
                paired[paired.count - 1].upper = element.key.predecessor
                open = false
            } else if open || !element.isPlainEnd {
                if open, let start = paired.last, element.follows(start) {
                    paired[paired.count - 1].upper = element.key.predecessor
                }
                paired.append(element)
                open = !element.isIntervalEnd && !element.key.isEmpty
            }
        }
        if open { paired[paired.count - 1].upper = paired[paired.count - 1].key.map { _ in UInt8.max } }
        return paired
    }

    /// Whether the element has no data besides its key, flags and timeout.
    private var isBare: Bool {
        value == nil && expressions.isEmpty && userdata.isEmpty && unrecognized.isEmpty && upper == nil
    }

    /// Whether the element only ends an interval.
    private var isPlainEnd: Bool { isBare && flags == NFT_SET_ELEM_INTERVAL_END.rawValue }

    /// Whether the element is the end of `start` and has no other data; nft gives ends no timeout, or 0 where the set has one.
    private func ends(_ start: SetElement) -> Bool {
        isPlainEnd && (timeout ?? 0 == 0 || timeout == start.timeout) && key.count == start.key.count
    }

    /// Whether the element is a start above `start`.
    private func follows(_ start: SetElement) -> Bool {
        !isIntervalEnd && key.count == start.key.count && start.key.lexicographicallyPrecedes(key)
    }

    /// The elements to send to the kernel: for a range in a tree, its start and its end, which may have no timeout.
    func wireElements(inTree: Bool) -> [SetElement] {
        guard inTree, let upper else { return [self] }
        var start = self
        start.upper = nil
        guard let next = upper.successor else { return [start] }
        return [start, SetElement(key: next, flags: NFT_SET_ELEM_INTERVAL_END.rawValue)]
    }
}

extension [SetElement] {
    /// The sorted elements without duplicates: a dump repeats elements of a hash table that grows meanwhile.
    fileprivate var withoutRepetitions: [SetElement] {
        reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }
}

extension [UInt8] {
    /// The number before this one, in the same number of bytes, big-endian; the number must not be zero.
    fileprivate var predecessor: [UInt8] {
        var copy = self
        for index in indices.reversed() {
            copy[index] &-= 1
            if self[index] != 0 { break }
        }
        return copy
    }

    /// The number after this one, in the same number of bytes, big-endian; `nil` after the highest.
    fileprivate var successor: [UInt8]? {
        var copy = self
        for index in indices.reversed() {
            copy[index] &+= 1
            if self[index] != UInt8.max { return copy }
        }
        return nil
    }
}
