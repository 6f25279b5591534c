internal import Rulesets

/// The memory as 32-bit words in host order, for it does not outlive a boot: a mark, a checksum of the rest, the rest.
extension SetMemory {
    /// The first word: `prv` and the version of this form.
    private static let mark: UInt32 = 0x7072_7601
    /// The words before the rest.
    private static let headerLength = 3

    /// All words.
    var words: [UInt32] {
        var words: [UInt32] = [Self.mark, 0, 0]
        words.reserveCapacity(sets.values.reduce(100) { $0 + 8 * $1.count })
        words.append(identity.namespace)
        words.append(identity.boot)
        words.append(generation)
        words.append(UInt32(table.family.rawValue))
        words.append(table.name)
        words.append(UInt32(sets.count))
        for (name, elements) in sets.sorted(by: { $0.key < $1.key }) {
            words.append(name)
            switch elements {
            case .ranges32(let ranges): words.append(ranges)
            case .ranges128(let ranges): words.append(ranges)
            case .list: preconditionFailure("only ranges are remembered")
            }
        }
        let sum = Self.checksum(words[Self.headerLength...])
        (words[1], words[2]) = (UInt32(truncatingIfNeeded: sum), UInt32(truncatingIfNeeded: sum >> 32))
        return words
    }

    /// Reads what `words` gives; `nil` for anything else.
    init?(words: [UInt32]) {
        guard words.count > Self.headerLength, words[0] == Self.mark else { return nil }
        let sum = Self.checksum(words[Self.headerLength...])
        guard UInt64(words[1]) | UInt64(words[2]) << 32 == sum else { return nil }
        var rest = WordReader(words: words, position: Self.headerLength)
        guard let namespace: UInt64 = rest.number(), let boot = rest.text(), let generation: UInt32 = rest.number(),
            let family: UInt32 = rest.number(), let octet = UInt8(exactly: family), let table = rest.text(),
            let count: UInt32 = rest.number()
        else { return nil }
        var sets: [String: SetElements] = [:]
        for _ in 0..<count {
            guard let name = rest.text(), let elements = rest.elements() else { return nil }
            sets[name] = elements
        }
        self.init(
            identity: Identity(namespace: namespace, boot: boot), generation: generation,
            table: TableName(family: TableFamily(rawValue: octet), name: table), sets: sets)
    }

    /// FNV-1a over words instead of octets: it tells a torn file, not a forged one.
    private static func checksum(_ words: ArraySlice<UInt32>) -> UInt64 {
        words.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}

extension [UInt32] {
    /// Appends the words of a number, lowest first.
    fileprivate mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        for shift in stride(from: 0, to: Number.bitWidth, by: UInt32.bitWidth) {
            append(UInt32(truncatingIfNeeded: number >> shift))
        }
    }

    fileprivate mutating func append(_ text: String) {
        append(UInt32(text.utf8.count))
        append(contentsOf: text.utf8.map(UInt32.init))
    }

    fileprivate mutating func append<Key: FixedWidthInteger>(_ ranges: [ClosedRange<Key>]) {
        append(UInt32(Key.bitWidth))
        append(UInt32(ranges.count))
        for range in ranges {
            append(range.lowerBound)
            append(range.upperBound)
        }
    }
}

/// Reads words one after the other.
private struct WordReader {
    let words: [UInt32]
    var position: Int

    private var remaining: Int { words.count - position }

    mutating func number<Number: FixedWidthInteger>() -> Number? {
        remaining >= Number.bitWidth / UInt32.bitWidth ? next() : nil
    }

    /// The next number, which is there.
    private mutating func next<Number: FixedWidthInteger>() -> Number {
        var value: Number = 0
        for shift in stride(from: 0, to: Number.bitWidth, by: UInt32.bitWidth) {
            value |= Number(truncatingIfNeeded: words[position]) << shift
            position += 1
        }
        return value
    }

    mutating func text() -> String? {
        guard let count: UInt32 = number(), remaining >= count else { return nil }
        let octets = words[position..<(position + Int(count))].map { UInt8(truncatingIfNeeded: $0) }
        position += Int(count)
        return String(validating: octets, as: UTF8.self)
    }

    mutating func elements() -> SetElements? {
        guard let width: UInt32 = number(), let count: UInt32 = number() else { return nil }
        switch Int(width) {
        case UInt32.bitWidth: return ranges(Int(count)).map(SetElements.ranges32)
        case UInt128.bitWidth: return ranges(Int(count)).map(SetElements.ranges128)
        default: return nil
        }
    }

    /// Ranges that ascend and are disjoint.
    private mutating func ranges<Key: FixedWidthInteger>(_ count: Int) -> [ClosedRange<Key>]? {
        guard remaining >= 2 * count * Key.bitWidth / UInt32.bitWidth else { return nil }
        var ranges: [ClosedRange<Key>] = []
        ranges.reserveCapacity(count)
        for _ in 0..<count {
            let (low, high): (Key, Key) = (next(), next())
            guard low <= high else { return nil }
            if let last = ranges.last, last.upperBound >= low { return nil }
            ranges.append(low...high)
        }
        return ranges
    }
}
