internal import Addressing

/// Translates comparisons of registers to conditions on port and source.
struct Conditions {
    /// The family, which determines the length of an address.
    let family: AddressFamily
    /// The space of sets of sources.
    let space: SourceSpace

    /// The length of an address in bytes.
    var addressLength: Int { family == .ipv4 ? 4 : 16 }

    /// The packets for which `key` is equal to `value`.
    func equal(_ key: [SymbolicByte], _ value: some Collection<UInt8>) -> Condition {
        if key.isOther(than: value) { return .never }
        var portMask: UInt16 = 0
        var portValue: UInt16 = 0
        var sourceMask: UInt128 = 0
        var sourceValue: UInt128 = 0
        var isExact = true
        for (byte, constant) in zip(key, value) {
            if byte.excludes(constant) { return .never }
            guard byte.mask != 0 else { continue }
            let wanted = constant ^ byte.flip
            switch byte.origin {
            case .port(let index):
                let shift = UInt16(8 * (1 - Int(index)))
                let mask = UInt16(byte.mask) << shift
                let bits = UInt16(wanted) << shift
                guard (portValue ^ bits) & portMask & mask == 0 else { return .never }
                portMask |= mask
                portValue |= bits
            case .source(let index):
                let shift = UInt128(8 * (addressLength - 1 - Int(index)))
                let mask = UInt128(byte.mask) << shift
                let bits = UInt128(wanted) << shift
                guard (sourceValue ^ bits) & sourceMask & mask == 0 else { return .never }
                sourceMask |= mask
                sourceValue |= bits
            case .destination, .otherIndex, .otherType, .portInUse, .segmentSize, .nextHeader, .unknown: isExact = false
            }
        }
        return box(portMask, portValue, sourceMask, sourceValue, isExact)
    }

    private func box(
        _ portMask: UInt16, _ portValue: UInt16, _ sourceMask: UInt128, _ sourceValue: UInt128, _ isExact: Bool
    ) -> Condition {
        var box = Box()
        var isExact = isExact
        if portMask != 0 {
            box.ports = IntervalSet(matching: portValue, mask: portMask, width: 16)
            if box.ports == nil { isExact = false }
        }
        if sourceMask != 0 {
            let spans = IntervalSet(matching: sourceValue, mask: sourceMask, width: 8 * addressLength)
            box.sources = spans.map(space.number)
            if spans == nil { isExact = false }
        }
        return Condition(boxes: [box], isExact: isExact)
    }

    /// The packets for which `key` is in the range from `lower` to `upper`, both included, in memory order.
    func between(_ key: ArraySlice<SymbolicByte>, _ lower: ArraySlice<UInt8>, _ upper: ArraySlice<UInt8>) -> Condition {
        if lower.elementsEqual(upper) { return equal(Array(key), lower) }
        if let least = Array(key).leastOfAll {
            if upper.lexicographicallyPrecedes(least) { return .never }
            return !least.lexicographicallyPrecedes(lower) && upper.allSatisfy { $0 == .max } ? .always : .open
        }
        guard let byte = key.first, let low = lower.first, let high = upper.first else { return .always }
        if let constant = byte.constant {
            guard (low...max(low, high)).contains(constant), low <= high else { return .never }
            let count = key.count - 1
            let rest = key.dropFirst()
            let from = constant == low ? lower.dropFirst() : Array(repeating: 0, count: count)[...]
            let to = constant == high ? upper.dropFirst() : Array(repeating: .max, count: count)[...]
            if from.allSatisfy({ $0 == 0 }) && to.allSatisfy({ $0 == .max }) { return .always }
            return from.lexicographicallyPrecedes(to) || from.elementsEqual(to) ? between(rest, from, to) : .never
        }
        guard let run = wholeRun(key) else { return .open }
        return between(run, lower, upper)
    }

    /// The first bytes of the port or the source in order, then constants.
    private struct Run {
        let isPort: Bool
        let count: Int
        let tail: [UInt8]
    }

    private func wholeRun(_ key: ArraySlice<SymbolicByte>) -> Run? {
        guard let first = key.first, first.isWhole else { return nil }
        let isPort = first.origin == .port(0)
        guard isPort || first.origin == .source(0) else { return nil }
        let origins = key.enumerated().prefix { index, byte in
            byte.isWhole && byte.origin == (isPort ? .port(UInt8(index)) : .source(UInt8(index)))
        }
        let tail = key.dropFirst(origins.count).compactMap(\.constant)
        guard tail.count == key.count - origins.count else { return nil }
        return Run(isPort: isPort, count: origins.count, tail: tail)
    }

    private func between(_ run: Run, _ lower: ArraySlice<UInt8>, _ upper: ArraySlice<UInt8>) -> Condition {
        var low = UInt128(bigEndianBytes: lower.prefix(run.count))
        var high = UInt128(bigEndianBytes: upper.prefix(run.count))
        let limit: UInt128 = run.count == 16 ? .max : (1 << UInt128(8 * run.count)) - 1
        // The constants decide whether the ends of the range are included.
        if run.tail.lexicographicallyPrecedes(lower.dropFirst(run.count)) {
            guard low < limit else { return .never }
            low += 1
        }
        if upper.dropFirst(run.count).lexicographicallyPrecedes(run.tail) {
            guard high > 0 else { return .never }
            high -= 1
        }
        guard low <= high else { return .never }
        if run.isPort {
            let shift = UInt128(8 * (2 - run.count))
            let last = (high << shift) | ((1 << shift) - 1)
            return Condition(boxes: [Box(ports: IntervalSet(UInt16(low << shift)...UInt16(last)))])
        }
        let shift = UInt128(8 * (addressLength - run.count))
        let last = (high << shift) | ((1 << shift) - 1)
        return Condition(boxes: [Box(sources: space.number(IntervalSet((low << shift)...last)))])
    }
}
