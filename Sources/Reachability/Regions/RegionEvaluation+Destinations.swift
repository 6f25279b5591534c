internal import Addressing
internal import Rulesets

extension RegionEvaluation {
    /// Records that a comparison reads the destination.
    func track(_ comparison: Comparison, _ key: [SymbolicByte], _ thread: Thread) {
        track(key, thread) { key in
            let value = comparison.value
            return switch comparison.operator {
            case .equal, .notEqual: key.range(equalTo: value)
            case .lessOrEqual, .greater: key.range(Array(repeating: 0, count: value.count), value)
            case .greaterOrEqual, .less: key.range(value, Array(repeating: .max, count: value.count))
            }
        }
    }

    /// Records that a comparison with a range reads the destination.
    func track(_ range: RangeComparison, _ key: [SymbolicByte], _ thread: Thread) {
        track(key, thread) { $0.range(range.lower, range.upper) }
    }

    /// Records that a look-up in a set reads the destination; the elements are `nil` if they are not known.
    func track(
        _ elements: SetElements?, _ definition: SetDefinition, _ key: [SymbolicByte], _ thread: Thread
    ) {
        guard tracksDestinations, key.contains(where: \.isOfDestination) else { return }
        let found = elements.flatMap { DestinationKey(key, setting.family).ranges(of: $0, definition) }
        outcome.destinationTests.add(thread.pieces, setting.destinations.addresses(decidedBy: found))
    }

    /// Records that a query of the routing tables reads the destination.
    func trackRoute(_ thread: Thread) {
        guard tracksDestinations else { return }
        outcome.destinationTests.add(thread.pieces, nil)
    }

    private func track(
        _ key: [SymbolicByte], _ thread: Thread, _ range: (DestinationKey) -> ClosedRange<UInt128>?
    ) {
        guard tracksDestinations, key.contains(where: \.isOfDestination) else { return }
        let found = range(DestinationKey(key, setting.family))
        outcome.destinationTests.add(thread.pieces, setting.destinations.addresses(dividedBy: found))
    }
}

/// A key with bytes of the destination.
private struct DestinationKey {
    private let bytes: [SymbolicByte]
    /// The length of an address in bytes.
    private let width: Int

    init(_ bytes: [SymbolicByte], _ family: AddressFamily) {
        self.bytes = bytes
        width = family == .ipv4 ? 4 : 16
    }

    /// The destinations for which the key may be equal to a value, and outside of which it is not; `nil` if they are not one
    /// range.
    func range(equalTo value: [UInt8]) -> ClosedRange<UInt128>? {
        var mask = [UInt8](repeating: 0, count: width)
        var bits = mask
        for (byte, constant) in zip(bytes, value) where byte.isOfDestination {
            guard case .destination(let index) = byte.origin, mask[Int(index)] == 0 else { return nil }
            let wanted = constant ^ byte.flip
            guard wanted & ~byte.mask == 0 else { return nil }
            mask[Int(index)] = byte.mask
            bits[Int(index)] = wanted
        }
        let free = zip(bits, mask).map { $0 | ~$1 }
        // The first bits of the address alone make one range.
        let hole = UInt128(bigEndianBytes: mask.map { ~$0 })
        guard hole & (hole &+ 1) == 0 else { return nil }
        return UInt128(bigEndianBytes: bits)...UInt128(bigEndianBytes: free)
    }

    /// The destinations for which the key is in a range; `nil` if the key is not the first bytes of the destination.
    func range(_ lower: [UInt8], _ upper: [UInt8]) -> ClosedRange<UInt128>? {
        let whole = bytes.indices.map { SymbolicByte(.destination(UInt8($0))) }
        guard bytes == whole, bytes.count <= width, lower.count == bytes.count, upper.count == bytes.count else {
            return nil
        }
        let rest = width - bytes.count
        let first = UInt128(bigEndianBytes: lower + Array(repeating: 0, count: rest))
        let last = UInt128(bigEndianBytes: upper + Array(repeating: .max, count: rest))
        return first <= last ? first...last : nil
    }

    /// Destinations outside of which no element is found because of them, except by a catch-all element; `nil` if they
    /// cannot be told.
    func ranges(of elements: SetElements, _ definition: SetDefinition) -> [ClosedRange<UInt128>]? {
        var found: [ClosedRange<UInt128>] = []
        func add(_ range: ClosedRange<UInt128>?) -> Bool {
            if let range { found.append(range) }
            return range != nil
        }
        let isComplete =
            switch elements {
            case .ranges32(let ranges):
                ranges.allSatisfy { add(range($0.lowerBound.bigEndianBytes, $0.upperBound.bigEndianBytes)) }
            case .ranges128(let ranges):
                ranges.allSatisfy { add(range($0.lowerBound.bigEndianBytes, $0.upperBound.bigEndianBytes)) }
            case .list(let list):
                // What is not modelled is found, or not, whatever the key is.
                list.filter { $0.flags == 0 && $0.unrecognized.isEmpty }.allSatisfy { add(range(of: $0, definition)) }
            }
        return isComplete ? found : nil
    }

    private func range(of element: SetElement, _ definition: SetDefinition) -> ClosedRange<UInt128>? {
        guard let upper = element.upper, upper != element.key else { return range(equalTo: element.key) }
        return definition.flags.contains(.concatenated) ? nil : range(element.key, upper)
    }
}
