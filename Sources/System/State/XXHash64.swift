internal import Addressing

/// XXH64 with seed 0: the 64-bit hash of the xxHash specification, version 0.1.1.
///
/// It detects incomplete and accidentally changed files; the owner and mode of a file protect against forgery.
struct XXHash64 {
    private static let primes: (UInt64, UInt64, UInt64, UInt64, UInt64) = (
        0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0x85EB_CA77_C2B2_AE63,
        0x27D4_EB2F_1656_67C5
    )
    /// The bytes of one round, a word of eight for each lane.
    private static let stripeLength = 32

    /// The hash of the pieces in order.
    static func hash(of pieces: [ArraySlice<UInt8>]) -> UInt64 {
        var hash = XXHash64()
        for piece in pieces { hash.update(piece) }
        return hash.digest
    }

    private var lanes: SIMD4<UInt64>
    /// The bytes of an incomplete stripe.
    private var rest: [UInt8] = []
    private var length: UInt64 = 0

    init() {
        let (first, second, _, _, _) = Self.primes
        lanes = [first &+ second, second, 0, 0 &- first]
    }

    /// Adds bytes.
    mutating func update(_ bytes: ArraySlice<UInt8>) {
        length += UInt64(bytes.count)
        var bytes = bytes
        if !rest.isEmpty {
            let head = bytes.prefix(Self.stripeLength - rest.count)
            rest += head
            bytes = bytes.dropFirst(head.count)
            guard rest.count == Self.stripeLength else { return }
            addStripes(of: rest[...])
            rest.removeAll(keepingCapacity: true)
        }
        addStripes(of: bytes)
        rest += bytes.suffix(bytes.count % Self.stripeLength)
    }

    /// The hash of the bytes so far.
    var digest: UInt64 {
        let (first, second, third, fourth, fifth) = Self.primes
        var hash = fifth
        if length >= UInt64(Self.stripeLength) {
            hash = Self.rotate(lanes[0], 1) &+ Self.rotate(lanes[1], 7)
            hash = hash &+ Self.rotate(lanes[2], 12) &+ Self.rotate(lanes[3], 18)
            for index in lanes.indices {
                hash = (hash ^ Self.rotate(lanes[index] &* second, 31) &* first) &* first &+ fourth
            }
        }
        hash = hash &+ length
        var tail = rest[...]
        while tail.count >= 8 {
            let word = Self.number(tail.prefix(8))
            hash = Self.rotate(hash ^ Self.rotate(word &* second, 31) &* first, 27) &* first &+ fourth
            tail = tail.dropFirst(8)
        }
        if tail.count >= 4 {
            hash = Self.rotate(hash ^ Self.number(tail.prefix(4)) &* first, 23) &* second &+ third
            tail = tail.dropFirst(4)
        }
        for byte in tail { hash = Self.rotate(hash ^ UInt64(byte) &* fifth, 11) &* first }
        hash = (hash ^ hash >> 33) &* second
        hash = (hash ^ hash >> 29) &* third
        return hash ^ hash >> 32
    }

    /// Adds the complete stripes at the start of `bytes`.
    private mutating func addStripes(of bytes: ArraySlice<UInt8>) {
        let (first, second, _, _, _) = Self.primes
        var lanes = lanes
        let bytes = bytes.span
        let end = bytes.count / Self.stripeLength * Self.stripeLength
        for offset in stride(from: 0, to: end, by: Self.stripeLength) {
            for index in 0..<4 {
                let word = UInt64(littleEndian: bytes.number(at: offset + 8 * index))
                lanes[index] = Self.rotate(lanes[index] &+ word &* second, 31) &* first
            }
        }
        self.lanes = lanes
    }

    /// The number that the bytes encode in little-endian order.
    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func rotate(_ word: UInt64, _ count: UInt64) -> UInt64 { word << count | word >> (64 - count) }
}
