/// One byte of a register: what is known of it before the packet is.
///
/// Its value is `(origin & mask) ^ flip`; a mask of zero makes it a constant, whatever the origin.
struct Octet: Hashable {
    /// Where the bits come from.
    enum Origin: Hashable {
        /// The destination port that the client dialled; 0 is its more significant byte.
        case port(UInt8)
        /// The source address; 0 is its most significant byte.
        case source(UInt8)
        /// The destination address, one of this host's; 0 is its most significant byte.
        case destination(UInt8)
        /// An interface index of which no more is known than that it is not `lo`'s; its byte in memory.
        case otherIndex(UInt8)
        /// What the question does not determine.
        case unknown
    }

    /// Where the bits come from.
    var origin: Origin
    /// The bits of the origin that are kept.
    var mask: UInt8
    /// The bits that are then flipped.
    var flip: UInt8

    init(_ origin: Origin, mask: UInt8 = .max, flip: UInt8 = 0) {
        self.origin = origin
        self.mask = mask
        self.flip = flip
    }

    /// A constant.
    init(_ value: UInt8) { self.init(.unknown, mask: 0, flip: value) }

    /// Anything.
    static let unknown = Octet(.unknown)

    /// The value, if nothing about it is open.
    var constant: UInt8? { mask == 0 ? flip : nil }

    /// Whether it is the whole of its origin.
    var isWhole: Bool { mask == .max && flip == 0 }

    /// The least value, with every open bit 0 in the result.
    var least: UInt8 { flip & ~mask }

    /// The greatest value, with every open bit 1 in the result.
    var greatest: UInt8 { flip | mask }

    /// `(value & mask) ^ xor`.
    func masked(_ mask: UInt8, xor: UInt8) -> Octet {
        Octet(origin, mask: self.mask & mask, flip: (flip & mask) ^ xor)
    }
}

extension [Octet] {
    /// Constants.
    init(constants bytes: some Sequence<UInt8>) { self = bytes.map { Octet($0) } }

    /// Bytes of which nothing is known.
    static func unknown(_ count: Int) -> [Octet] { Array(repeating: .unknown, count: count) }

    /// The destination port that the client dialled.
    static let dialledPort: [Octet] = [Octet(.port(0)), Octet(.port(1))]

    /// The index of an interface other than `lo`.
    static let otherIndex = (0..<4 as Range<UInt8>).map { Octet(.otherIndex($0)) }

    /// Whether the bytes are an interface index that cannot be `value`, which is `lo`'s.
    func isOtherIndex(than value: some Collection<UInt8>) -> Bool {
        self == .otherIndex && value.elementsEqual(UInt32(1).hostOrderBytes)
    }

    /// The values, if nothing about any is open.
    var constants: [UInt8]? {
        let values = compactMap(\.constant)
        return values.count == count ? values : nil
    }
}

extension FixedWidthInteger {
    /// The bytes, most significant first.
    var bigEndianBytes: [UInt8] {
        stride(from: Self.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> Self($0)) }
    }

    /// The bytes in this machine's order, as the kernel keeps numbers of its own in registers.
    var hostOrderBytes: [UInt8] { isLittleEndian ? bigEndianBytes.reversed() : bigEndianBytes }

    /// The number that these bytes spell, most significant first.
    init(bigEndianBytes bytes: some Sequence<UInt8>) { self = bytes.reduce(0) { $0 << 8 | Self($1) } }
}

/// Whether this machine keeps the least significant byte first.
let isLittleEndian = UInt16(littleEndian: 1) == 1
