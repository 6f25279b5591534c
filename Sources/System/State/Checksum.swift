internal import Addressing

/// The checksum of state files in format 1, which portreeve 0.1.0 wrote.
///
/// It is FNV-1a over words of eight bytes; the sum is rotated left by 29 bits before each word.
struct Checksum {
    private static let start: UInt64 = 0xcbf2_9ce4_8422_2325
    private static let prime: UInt64 = 0x100_0000_01b3
    private static let turn: UInt64 = 29
    private static let wordLength = MemoryLayout<UInt64>.size

    /// The sum of the bytes of all pieces, wherever they are cut: the length counts, and the last word is filled with
    /// zeros.
    static func sum(of pieces: [ArraySlice<UInt8>]) -> UInt64 {
        var checksum = Checksum(sum: start ^ UInt64(pieces.reduce(0) { $0 + $1.count }))
        for piece in pieces { checksum.add(piece) }
        if checksum.shift > 0 { checksum.addWord(checksum.word) }
        return checksum.sum
    }

    private var sum: UInt64
    /// The bytes of an incomplete word.
    private var word: UInt64 = 0
    /// The number of bits in it.
    private var shift: UInt64 = 0

    private init(sum: UInt64) { self.sum = sum }

    private mutating func add(_ piece: ArraySlice<UInt8>) {
        let begun = shift == 0 ? 0 : min(piece.count, Self.wordLength - Int(shift / 8))
        for byte in piece.prefix(begun) { add(byte) }
        let rest = piece.dropFirst(begun)
        let whole = rest.count / Self.wordLength * Self.wordLength
        let bytes = rest.span
        for offset in stride(from: 0, to: whole, by: Self.wordLength) {
            addWord(UInt64(littleEndian: bytes.number(at: offset)))
        }
        for byte in rest.dropFirst(whole) { add(byte) }
    }

    private mutating func add(_ byte: UInt8) {
        word |= UInt64(byte) << shift
        shift += 8
        guard shift == UInt64(UInt64.bitWidth) else { return }
        addWord(word)
        word = 0
        shift = 0
    }

    private mutating func addWord(_ word: UInt64) {
        sum = ((sum << Self.turn | sum >> (UInt64(UInt64.bitWidth) - Self.turn)) ^ word) &* Self.prime
    }
}
