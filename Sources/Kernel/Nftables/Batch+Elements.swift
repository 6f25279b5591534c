internal import CMnl
internal import CNftnl
internal import Rulesets

extension Batch {
    /// Adds elements to a set in ascending order: in random order the kernel takes up to twice the time.
    mutating func addElements(
        _ elements: SetElements, set: String, _ definition: SetDefinition, number: UInt32?, step: Int
    ) {
        append(NFT_MSG_NEWSETELEM, flags: NLM_F_CREATE, elements, set: set, definition, number: number, step: step)
    }

    /// Deletes elements from a set.
    mutating func deleteElements(_ elements: SetElements, set: String, _ definition: SetDefinition, step: Int) {
        append(NFT_MSG_DELSETELEM, flags: 0, elements, set: set, definition, number: nil, step: step)
    }

    private mutating func append(
        _ type: nf_tables_msg_types, flags: Int32, _ elements: SetElements, set: String, _ definition: SetDefinition,
        number: UInt32?, step: Int
    ) {
        switch elements {
        case .ranges32(let ranges):
            append(type, flags: flags, ranges, keyLength: 4, set: set, number: number, step: step)
        case .ranges128(let ranges):
            append(type, flags: flags, ranges, keyLength: 16, set: set, number: number, step: step)
        case .list(let list):
            let inTree = definition.usesTree
            let keyOnly = type == NFT_MSG_DELSETELEM
            self.elements(type, flags: flags, step: step, set: set, number: number, list) { element, attributes in
                for part in element.wireElements(inTree: inTree) { part.encode(into: &attributes, keyOnly: keyOnly) }
            }
        }
    }

    private mutating func append<Key: IntervalKey>(
        _ type: nf_tables_msg_types, flags: Int32, _ ranges: [ClosedRange<Key>], keyLength: Int, set: String,
        number: UInt32?, step: Int
    ) {
        let encoder = RangeEncoder(keyLength: keyLength)
        // An eighth more for the headers and the rest of the batch: growing the buffer would copy everything.
        reserve(ranges.count * encoder.length / 8 * 9)
        let fillsSet = type == NFT_MSG_NEWSETELEM && (number != nil || emptied.contains(set))
        var opening = fillsSet ? TreeElement<Key>.opening(of: ranges) : nil
        let blocks = stride(from: 0, to: ranges.count, by: RangeEncoder.blockLength).lazy.map { start in
            ranges[start..<min(start + RangeEncoder.blockLength, ranges.count)]
        }
        elements(type, flags: flags, step: step, set: set, number: number, blocks) { block, list in
            if let element = opening {
                encoder.encode(element, into: &list)
                opening = nil
            }
            encoder.encode(block, into: &list)
        }
    }
}
