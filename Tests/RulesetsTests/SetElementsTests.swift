import Rulesets
import TestSupport
import Testing

private func list(_ keys: [UInt8]) -> SetElements { .list(keys.map { SetElement(key: [$0]) }) }

@Suite("The elements of sets")
struct SetElementsTests {
    static let elements: [(SetElements, count: Int, isList: Bool)] = [
        (.ranges32([]), 0, false), (.ranges32([1...2, 3...3]), 2, false), (.ranges128([0...UInt128.max]), 1, false),
        (.list([]), 0, true), (list([1, 2, 3]), 3, true),
    ]

    @Test("Their number, their form and their first ones", arguments: elements)
    func form(elements: SetElements, count: Int, isList: Bool) {
        #expect(elements.count == count && elements.isEmpty == (count == 0) && elements.isList == isList)
        #expect(elements.prefix(count) == elements && elements.prefix(count + 9) == elements)
        #expect(elements.prefix(1).count == min(1, count) && elements.prefix(0).isEmpty)
        #expect(elements.prefix(0).isSameForm(as: elements))
        #expect(elements.targets == Array(repeating: nil, count: count))
    }

    @Test("Two forms are never the same")
    func forms() {
        let forms: [SetElements] = [.ranges32([]), .ranges128([]), .list([])]
        for (first, one) in forms.enumerated() {
            for (second, other) in forms.enumerated() { #expect(one.isSameForm(as: other) == (first == second)) }
        }
    }

    @Test("The chains that elements lead to")
    func targets() {
        let verdicts: [Verdict] = [.jump("a"), .goto("b"), .accept, .other(3)]
        let elements = SetElements.list(verdicts.map { SetElement(key: [0], value: .verdict($0)) })
        #expect(elements.targets == ["a", "b", nil, nil])
        #expect(SetElements.list([SetElement(key: [0], value: .bytes([1]))]).targets == [nil])
    }

    static let definitions: [(SetDefinition.Flags, length: UInt32, SetElements)] = [
        (.interval, 4, .ranges32([])), (.interval, 16, .ranges128([])), ([.interval, .constant], 4, .ranges32([])),
        (.interval, 2, .list([])), ([], 4, .list([])), ([.interval, .map], 4, .list([])),
        ([.interval, .object], 4, .list([])), ([.interval, .concatenated], 16, .list([])),
        ([.interval, .timeout], 4, .list([])), ([.interval, .dynamic], 16, .list([])),
    ]

    @Test("Only intervals of 4 or 16 bytes without values and timeouts are flat ranges", arguments: definitions)
    func flat(flags: SetDefinition.Flags, length: UInt32, none: SetElements) {
        let definition = SetDefinition(keyType: 7, keyLength: length, flags: flags)
        #expect(definition.noElements == none && definition.holdsRanges == !none.isList)
    }

    @Test("Elements are in the order of their keys; the end of a range comes before a start")
    func order() {
        let end = SetElement(key: [2], flags: 1)
        let elements = [
            SetElement(key: [3]), SetElement(key: [2]), SetElement(key: [1, 9]), end, SetElement(key: [1]),
        ]
        #expect(
            elements.sortedByKey() == [
                SetElement(key: [1]), SetElement(key: [1, 9]), end, SetElement(key: [2]), SetElement(key: [3]),
            ])
    }
}

@Suite("Adding and removing elements")
struct SetElementsChangingTests {
    static let additions: [(SetElements, SetElements, SetElements?)] = [
        (.ranges32([]), .ranges32([5...6]), .ranges32([5...6])),
        (.ranges32([5...6]), .ranges32([1...2, 7...7]), .ranges32([1...2, 5...6, 7...7])),
        (.ranges32([5...6]), .ranges32([6...7]), nil), (.ranges32([5...6]), .ranges32([5...6]), nil),
        (.ranges32([0...UInt32.max]), .ranges32([1...1]), nil), (.ranges128([1...2]), .ranges128([2...9]), nil),
        (.ranges128([3...4]), .ranges128([1...2]), .ranges128([1...2, 3...4])),
        (list([1, 3]), list([2]), list([1, 2, 3])), (list([1, 3]), list([3]), nil),
        (.ranges32([1...2]), .ranges128([5...6]), nil), (list([1]), .ranges32([5...6]), nil),
    ]

    @Test("An element that exists, or overlaps, cannot be added", arguments: additions)
    func adding(old: SetElements, added: SetElements, new: SetElements?) { #expect(old.adding(added) == new) }

    static let removals: [(SetElements, SetElements, SetElements?)] = [
        (.ranges32([1...2, 5...6]), .ranges32([1...2]), .ranges32([5...6])),
        (.ranges32([1...2]), .ranges32([1...1]), nil),
        (.ranges32([1...2]), .ranges32([]), .ranges32([1...2])),
        (.ranges128([1...2]), .ranges128([1...2]), .ranges128([])),
        (list([1, 2]), list([2]), list([1])), (list([1, 2]), list([3]), nil), (list([1]), .ranges32([1...1]), nil),
    ]

    @Test("An element that does not exist cannot be removed", arguments: removals)
    func removing(old: SetElements, removed: SetElements, new: SetElements?) { #expect(old.removing(removed) == new) }

    @Test("A key with another flag or another end is another element; another value is not")
    func identity() {
        let start = SetElements.list([SetElement(key: [1], value: .verdict(.accept))])
        #expect(start.adding(.list([SetElement(key: [1], flags: 1)]))?.count == 2)
        #expect(start.adding(.list([SetElement(key: [1], upper: [2])]))?.count == 2)
        #expect(start.adding(.list([SetElement(key: [1], value: .verdict(.drop))])) == nil)
    }
}
