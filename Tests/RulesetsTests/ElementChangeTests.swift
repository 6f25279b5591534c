import Rulesets
import TestSupport
import Testing

@Suite("The change of a set's elements")
struct ElementChangeTests {
    private static let ranges = SetDefinition(keyType: 7, keyLength: 4, flags: .interval)
    private static let long = SetDefinition(keyType: 8, keyLength: 16, flags: .interval)
    private static let map = SetDefinition(keyType: 13, keyLength: 2, flags: .map, dataType: SetDefinition.verdictType)

    private static func list(_ verdicts: [(UInt8, Verdict)]) -> SetElements {
        .list(verdicts.map { SetElement(key: [0, $0.0], value: .verdict($0.1)) })
    }

    static let changes: [(SetDefinition, SetElements, SetElements, flushes: Bool, SetElements, SetElements)] = [
        (ranges, .ranges32([1...2]), .ranges32([1...2]), false, .ranges32([]), .ranges32([])),
        (ranges, .ranges32([]), .ranges32([1...2, 4...5]), false, .ranges32([]), .ranges32([1...2, 4...5])),
        (ranges, .ranges32([1...2, 4...5]), .ranges32([]), true, .ranges32([]), .ranges32([])),
        (ranges, .ranges32([1...2, 4...5]), .ranges32([4...6]), false, .ranges32([1...2, 4...5]), .ranges32([4...6])),
        (ranges, .ranges32([1...9]), .ranges32([1...4, 5...9]), false, .ranges32([1...9]), .ranges32([1...4, 5...9])),
        (
            long, .ranges128([1...2, 9...9]), .ranges128([0...0, 9...9]), false, .ranges128([1...2]),
            .ranges128([0...0])
        ),
        (
            map, list([(1, .accept), (2, .drop)]), list([(2, .drop), (3, .accept)]), false, list([(1, .accept)]),
            list([(3, .accept)])
        ),
        (map, list([(1, .accept)]), list([(1, .drop)]), false, list([(1, .accept)]), list([(1, .drop)])),
        // Elements that are not plain ranges in a set of ranges were made by another program.
        (ranges, list([(1, .accept)]), .ranges32([1...2]), true, .ranges32([]), .ranges32([1...2])),
    ]

    @Test("Is as small as the kernel allows", arguments: changes)
    func change(
        definition: SetDefinition, old: SetElements, new: SetElements, flushes: Bool, deleted: SetElements,
        added: SetElements
    ) {
        let change = ElementChange(from: old, to: new, of: definition)
        #expect(change.flushes == flushes && change.deleted == deleted && change.added == added)
    }

    @Test("An element that leads to a deleted chain is deleted and added again")
    func losing() {
        let elements = Self.list([(1, .jump("gone")), (2, .goto("kept")), (3, .accept)])
        let change = ElementChange(from: elements, to: elements, of: Self.map, losing: ["gone"])
        #expect(!change.flushes)
        #expect(change.deleted == Self.list([(1, .jump("gone"))]) && change.added == change.deleted)
    }

    @Test("Turns the old elements into the new ones", arguments: 0..<200 as Range<UInt64>)
    func applied(seed: UInt64) throws {
        var tables = RelatedTables(seed: seed)
        let (old, new) = (tables.next(), tables.next())
        for set in old.sets {
            guard let wanted = new.set(set.name), wanted.definition == set.definition else { continue }
            let change = ElementChange(from: set.elements, to: wanted.elements, of: set.definition)
            let rest = change.flushes ? set.definition.noElements : set.elements.removing(change.deleted)
            #expect(try #require(rest).adding(change.added) == wanted.elements)
        }
    }
}
