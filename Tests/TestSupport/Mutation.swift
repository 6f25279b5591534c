internal import Foundation
internal import Testing

/// Damages inputs at random, as faults, forgers and other versions of a format do.
public struct Mutation {
    private var random: SeededGenerator
    private let words: [[UInt8]]

    /// Numbers at the edges of their types, and longer than any.
    public static let numbers = [
        "0", "-1", "255", "256", "65535", "65536", "4294967295", "4294967296", "9223372036854775807",
        "-9223372036854775808", "18446744073709551616", "1e9", "NaN", String(repeating: "9", count: 5000),
    ].map { Array($0.utf8) }

    /// Damages with these words of the format; the same seed gives the same damage.
    public init(seed: UInt64, words: [[UInt8]] = []) {
        random = SeededGenerator(seed: seed)
        self.words = words
    }

    /// A random member of `choices`, which must not be empty.
    public mutating func pick<Choices: Collection>(_ choices: Choices) -> Choices.Element { random.pick(choices) }

    /// Whether something happens that does so once in so many times.
    public mutating func happens(onceIn times: Int) -> Bool { Int.random(in: 0..<times, using: &random) == 0 }

    /// A copy of `bytes` with a few faults; parts of `other` may be spliced in.
    public mutating func damaged(_ bytes: [UInt8], splicing other: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) { damage(&bytes, other) }
        return bytes
    }

    private mutating func damage(_ bytes: inout [UInt8], _ other: [UInt8]) {
        guard !bytes.isEmpty else {
            bytes = Array(other.prefix(16))
            return
        }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = random.pick([0, 1, 4, 0x7f, 0x80, 0xff, .random(in: 0...255, using: &random)])
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + length()))
        case 3: bytes.removeSubrange((happens(onceIn: 4) ? place : max(place, bytes.count - length()))...)
        case 4: bytes.insert(contentsOf: part(of: bytes), at: place)
        case 5: bytes.insert(contentsOf: part(of: other), at: place)
        case 6: overwrite(&bytes, at: place)
        case 7: replaceNumber(&bytes, near: place)
        case 8 where !words.isEmpty: bytes.insert(contentsOf: word(), at: place)
        default: bytes.replaceSubrange(place..<min(bytes.count, place + length()), with: part(of: bytes))
        }
    }

    private mutating func length() -> Int { happens(onceIn: 8) ? 200 : Int.random(in: 1...16, using: &random) }

    private mutating func part(of bytes: [UInt8]) -> ArraySlice<UInt8> {
        guard !bytes.isEmpty else { return [] }
        return bytes[Int.random(in: 0..<bytes.count, using: &random)...].prefix(length())
    }

    /// A word, sometimes nested deeply.
    private mutating func word() -> [UInt8] {
        let word = random.pick(words)
        guard happens(onceIn: 20) else { return word }
        return Array(repeatElement(word, count: random.pick([10, 70, 3000])).joined())
    }

    /// Overwrites a length or another number of two or four bytes, in either byte order.
    private mutating func overwrite(_ bytes: inout [UInt8], at place: Int) {
        let start = place & ~3
        let number = random.pick(
            [0, 1, 3, 4, 5, 0x7f, 0xff, 0x100, 0x3fff, 0x7fff, 0x8000, 0xfffc, 0xffff] as [UInt32])
        let width = random.pick([2, 4])
        let isLittle = Bool.random(using: &random)
        for index in 0..<width where start + index < bytes.count {
            bytes[start + index] = UInt8(
                truncatingIfNeeded: number >> (8 * UInt32(isLittle ? index : width - 1 - index)))
        }
    }

    /// Replaces the first decimal number after a place.
    private mutating func replaceNumber(_ bytes: inout [UInt8], near place: Int) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let start = bytes[place...].firstIndex(where: digits.contains) else { return }
        let end = bytes[start...].firstIndex { !digits.contains($0) } ?? bytes.endIndex
        bytes.replaceSubrange(start..<end, with: random.pick(Self.numbers))
    }

    /// Bytes that have nothing to do with any format.
    public mutating func noise() -> [UInt8] {
        (0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
}

/// A run of a reader over many damaged inputs.
public enum MutationRun {
    /// The environment variable with the number of inputs of each run, or a range of their seeds: `4000..<4500`; without it, a few.
    public static let variable = "PORTREEVE_MUTATIONS"
    /// The longest time that a reader may take for an input, with room for a loaded machine.
    private static let longest = Duration.seconds(10)

    /// Reads inputs number 0 to `few`, or as many as the environment asks for.
    ///
    /// A file in the temporary directory has the number of the input that is being read, in case the process dies of it.
    ///
    /// - Parameters:
    ///   - name: the name of the reader.
    ///   - few: the number of inputs without the variable.
    ///   - read: reads the input of a seed; returns whether it was accepted.
    /// - Throws: the error of `read`.
    public static func run(_ name: String, few: Int, _ read: (UInt64) throws -> Bool) throws {
        let isAsked = ProcessInfo.processInfo.environment[variable] != nil
        let seeds = Seeds.range(UInt64(few), asked: variable)
        let progress = FileManager.default.temporaryDirectory.appending(path: "portreeve-mutation-\(name)")
        let clock = ContinuousClock()
        var (accepted, slowest) = (0, (seed: UInt64(0), time: Duration.zero))
        for seed in seeds {
            if isAsked { try Data("\(seed)\n".utf8).write(to: progress) }
            let start = clock.now
            if try read(seed) { accepted += 1 }
            let time = clock.now - start
            if time > slowest.time { slowest = (seed, time) }
        }
        #expect(slowest.time < longest, "\(name): input \(slowest.seed) took \(slowest.time)")
        guard isAsked else { return }
        try? FileManager.default.removeItem(at: progress)
        print("\(name): \(seeds.count) inputs, \(accepted) accepted, slowest \(slowest.seed) in \(slowest.time)")
    }
}
