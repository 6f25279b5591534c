import Rulesets
import TestSupport

@testable import Reachability

extension RandomRuleset {
    mutating func addressSet(_ number: Int, _ length: UInt32) -> NamedSet {
        let definition = SetDefinition(keyType: length == 4 ? 7 : 8, keyLength: length, flags: .interval)
        let base: UInt128 = length == 4 ? 0x0a00_0000 : 0xfd << 120
        var ranges: [ClosedRange<UInt128>] = []
        var next: UInt128 = 0
        while next < 8 {
            let upper = min(7, next + UInt128(Int.random(in: 0..<3, using: &generator)))
            if generator.flips(0.5) { ranges.append((base + next)...(base + upper)) }
            next = upper + 1
        }
        let elements: SetElements =
            length == 4 ? .ranges32(ranges.map { UInt32($0.lowerBound)...UInt32($0.upperBound) }) : .ranges128(ranges)
        return NamedSet(name: "addresses-\(length)", definition: definition, elements: elements)
    }

    mutating func portSet() -> NamedSet {
        let elements = (0..<UInt8(8)).filter { _ in generator.flips(0.4) }.map { SetElement(key: [0, $0]) }
        return NamedSet(name: "ports", definition: SetDefinition(keyType: 13, keyLength: 2), elements: .list(elements))
    }

    mutating func protocolMap(_ targets: [String]) -> NamedSet {
        let definition = SetDefinition(
            keyType: 12 << 6 | 13, keyLength: 8, flags: .map, dataType: SetDefinition.verdictType)
        let keys = ([6, 17, 50] as [UInt8]).flatMap { number -> [[UInt8]] in
            (0..<UInt8(8)).map { [number, 0, 0, 0, 0, $0, 0, 0] }
        }
        // A limit that no test reaches, so that its verdict holds, or does not.
        let limit = RateLimit(rate: 90_000, unit: 1, burst: 60_000, isOver: generator.flips(0.5))
        let expressions: [Expression] = generator.flips(0.3) ? [.limit(limit)] : []
        var elements = keys.filter { _ in generator.flips(0.4) }.map {
            SetElement(key: $0, value: .verdict(verdict(targets)), expressions: expressions)
        }
        if generator.flips(0.2) {
            elements.append(SetElement(key: [], flags: SetElement.catchAll, value: .verdict(verdict(targets))))
        }
        return NamedSet(name: "protocols", definition: definition, elements: .list(elements))
    }

    mutating func portMap(_ targets: [String]) -> NamedSet {
        let definition = SetDefinition(
            keyType: 13, keyLength: 2, flags: [.map, .interval], dataType: SetDefinition.verdictType)
        var elements: [SetElement] = []
        var next: UInt8 = 0
        while next < 8 {
            let upper = min(7, next + UInt8.random(in: 0..<3, using: &generator))
            if generator.flips(0.6) {
                elements.append(SetElement(key: [0, next], upper: [0, upper], value: .verdict(verdict(targets))))
            }
            next = upper + 2
        }
        return NamedSet(name: "ports-to", definition: definition, elements: .list(elements))
    }

    mutating func concatenatedSet() -> NamedSet {
        let definition = SetDefinition(
            keyType: 7 << 6 | 13, keyLength: 8, flags: [.interval, .concatenated], fieldLengths: [4, 2])
        var elements: [SetElement] = []
        for start in [UInt8(0), 3, 6] where generator.flips(0.6) {
            let upper = UInt8.random(in: start..<(start + 2), using: &generator)
            let port = UInt8.random(in: 0..<7, using: &generator)
            elements.append(
                SetElement(key: [10, 0, 0, start, 0, port, 0, 0], upper: [10, 0, 0, upper, 0, port + 1, 0, 0]))
        }
        return NamedSet(name: "pairs", definition: definition, elements: .list(elements))
    }
}
