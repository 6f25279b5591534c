/// Tells a file that is torn or was changed by accident.
///
/// It is FNV-1a over words of eight octets, each turned before the next so that no bit only ever meets the bits above it.
/// Forgery is kept out by the file's owner and mode.
enum Checksum {
    private static let start: UInt64 = 0xcbf2_9ce4_8422_2325
    private static let prime: UInt64 = 0x100_0000_01b3
    private static let turn: UInt64 = 29
    private static let wordLength = MemoryLayout<UInt64>.size

    /// The sum of these octets: the last word is filled with zeros, and the length counts.
    static func sum(of octets: ArraySlice<UInt8>) -> UInt64 {
        let whole = octets.count / wordLength * wordLength
        var sum = start ^ UInt64(octets.count)
        unsafe octets.withUnsafeBytes { raw in
            for offset in stride(from: 0, to: whole, by: wordLength) {
                let word = unsafe raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                sum = add(UInt64(littleEndian: word), to: sum)
            }
        }
        let rest = octets.dropFirst(whole)
        return rest.isEmpty ? sum : add(rest.reversed().reduce(0) { $0 << 8 | UInt64($1) }, to: sum)
    }

    private static func add(_ word: UInt64, to sum: UInt64) -> UInt64 {
        ((sum << turn | sum >> (UInt64(UInt64.bitWidth) - turn)) ^ word) &* prime
    }
}
