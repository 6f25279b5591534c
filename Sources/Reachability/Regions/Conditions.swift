internal import Addressing

/// Turns comparisons of registers into conditions on port and source.
struct Conditions {
    /// The family, which gives an address its length.
    let family: AddressFamily
    /// The sets of sources.
    let space: SourceSpace

    /// The length of an address in bytes.
    var addressLength: Int { family == .ipv4 ? 4 : 16 }

    /// The packets whose bytes are these.
    func equal(_ key: [Octet], _ value: some Collection<UInt8>) -> Condition {
        if key.isOtherIndex(than: value) { return .never }
        var (portMask, portValue): (UInt16, UInt16) = (0, 0)
        var (sourceMask, sourceValue): (UInt128, UInt128) = (0, 0)
        var isExact = true
        for (octet, byte) in zip(key, value) {
            let wanted = byte ^ octet.flip
            guard wanted & ~octet.mask == 0 else { return .never }
            guard octet.mask != 0 else { continue }
            switch octet.origin {
            case .port(let index):
                let shift = UInt16(8 * (1 - Int(index)))
                let (mask, bits) = (UInt16(octet.mask) << shift, UInt16(wanted) << shift)
                guard (portValue ^ bits) & portMask & mask == 0 else { return .never }
                (portMask, portValue) = (portMask | mask, portValue | bits)
            case .source(let index):
                let shift = UInt128(8 * (addressLength - 1 - Int(index)))
                let (mask, bits) = (UInt128(octet.mask) << shift, UInt128(wanted) << shift)
                guard (sourceValue ^ bits) & sourceMask & mask == 0 else { return .never }
                (sourceMask, sourceValue) = (sourceMask | mask, sourceValue | bits)
            case .destination, .otherIndex, .unknown: isExact = false
            }
        }
        return box(portMask, portValue, sourceMask, sourceValue, isExact)
    }

    private func box(
        _ portMask: UInt16, _ portValue: UInt16, _ sourceMask: UInt128, _ sourceValue: UInt128, _ isExact: Bool
    ) -> Condition {
        var (box, isExact) = (Box(), isExact)
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

    /// The packets whose bytes lie between these, both included, in memory order.
    func between(_ key: ArraySlice<Octet>, _ lower: ArraySlice<UInt8>, _ upper: ArraySlice<UInt8>) -> Condition {
        if lower.elementsEqual(upper) { return equal(Array(key), lower) }
        guard let octet = key.first, let low = lower.first, let high = upper.first else { return .always }
        if let constant = octet.constant {
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

    /// Bytes that start with those of the port or the source in their order, and go on with constants.
    private struct Run {
        let isPort: Bool
        let count: Int
        let tail: [UInt8]
    }

    private func wholeRun(_ key: ArraySlice<Octet>) -> Run? {
        guard let first = key.first, first.isWhole else { return nil }
        let isPort = first.origin == .port(0)
        guard isPort || first.origin == .source(0) else { return nil }
        let origins = key.enumerated().prefix { index, octet in
            octet.isWhole && octet.origin == (isPort ? .port(UInt8(index)) : .source(UInt8(index)))
        }
        let tail = key.dropFirst(origins.count).compactMap(\.constant)
        guard tail.count == key.count - origins.count else { return nil }
        return Run(isPort: isPort, count: origins.count, tail: tail)
    }

    private func between(_ run: Run, _ lower: ArraySlice<UInt8>, _ upper: ArraySlice<UInt8>) -> Condition {
        var low = UInt128(bigEndianBytes: lower.prefix(run.count))
        var high = UInt128(bigEndianBytes: upper.prefix(run.count))
        let limit: UInt128 = run.count == 16 ? .max : (1 << UInt128(8 * run.count)) - 1
        // The constants behind decide at the ends.
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
