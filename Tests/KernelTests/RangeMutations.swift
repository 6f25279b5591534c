@testable import Kernel

/// Ranges as the kernel holds them, and ranges that differ a little.
extension [ClosedRange<UInt32>] {
    var parts: [TreeElement<UInt32>] {
        flatMap { range in
            [TreeElement(key: range.lowerBound, isEnd: false)]
                + (range.upperBound == .max ? [] : [TreeElement(key: range.upperBound + 1, isEnd: true)])
        }
    }

    /// The addresses with one range replaced by others.
    func replacing(_ index: Int, by others: Self) -> Self {
        (prefix(index) + others + dropFirst(index + 1)).sorted { $0.lowerBound < $1.lowerBound }
    }

    /// Other ranges: each range deleted, moved, cut, merged; each gap filled.
    var mutations: [Self] {
        var all: [Self] = []
        for (index, range) in enumerated() {
            let (low, high) = (range.lowerBound, range.upperBound)
            all.append(replacing(index, by: []))
            if low > 0 { all.append(replacing(index, by: [low - 1...high])) }
            if high < .max { all.append(replacing(index, by: [low...high + 1])) }
            if low < high {
                all += [[low + 1...high], [low...high - 1], [low...low, low + 1...high]].map {
                    replacing(index, by: $0)
                }
            }
            if high - low > 1 {
                all.append(replacing(index, by: [low...low, low + 2...high]))
                all.append(replacing(index, by: [low + 1...high - 1]))
            }
            if high < UInt32.max - 1 { all.append(replacing(index, by: [low + 1...high + 1])) }
            if index + 1 < count {
                all.append(replacing(index, by: []).replacing(index, by: [low...self[index + 1].upperBound]))
            }
        }
        let free = [0, 1, 9, 15, 20, 29, 31, 35, 50, 55, 79, 90, 101, UInt32.max - 1, UInt32.max]
        for key in free where !contains(where: { $0.contains(key) }) {
            all.append(replacing(count, by: [key...key]))
            all += indices.map { replacing($0, by: [key...key]) }
        }
        return all.filter { mutation in
            mutation != self && zip(mutation, mutation.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound }
        }
    }
}
