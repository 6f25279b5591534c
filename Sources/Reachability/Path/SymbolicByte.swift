internal import Addressing

/// A byte of a register that depends on the packet.
///
/// Its value is `(origin & mask) ^ flip`; with a mask of zero it is a constant.
struct SymbolicByte: Hashable {
    /// The origin of the bits.
    enum Origin: Hashable {
        /// A byte of the destination port that the client dialled; 0 is the more significant one.
        case port(UInt8)
        /// A byte of the source address; 0 is the most significant one.
        case source(UInt8)
        /// A byte of the destination, an address of this host; 0 is the most significant one.
        case destination(UInt8)
        /// A byte in memory order of an interface index that is unknown but not that of `lo`.
        case otherIndex(UInt8)
        /// A byte in memory order of a hardware type that is unknown but not that of `lo`.
        case otherType(UInt8)
        /// A byte of a source port that is not known, but is not 0.
        case portInUse(UInt8)
        /// A byte of the size of a segment of TCP that is not known, but is at least `leastSegmentSize`.
        case segmentSize(UInt8)
        /// The number of the first header behind that of IPv6: this one of a transport protocol, or that of an extension header.
        case nextHeader(UInt8)
        /// A byte that is not known of the packets under evaluation.
        case unknown
    }

    /// The origin of the bits.
    var origin: Origin
    /// The bits of the origin to keep.
    var mask: UInt8
    /// The bits to flip after that.
    var flip: UInt8

    init(_ origin: Origin, mask: UInt8 = .max, flip: UInt8 = 0) {
        self.origin = origin
        self.mask = mask
        self.flip = flip
    }

    /// A constant.
    init(_ value: UInt8) { self.init(.unknown, mask: 0, flip: value) }

    /// Any value.
    static let unknown = SymbolicByte(.unknown)

    /// The value of a constant; `nil` if it depends on the packet.
    var constant: UInt8? { mask == 0 ? flip : nil }

    /// Whether it is the unchanged origin.
    var isWhole: Bool { mask == .max && flip == 0 }

    /// The smallest possible value.
    var least: UInt8 { flip & ~mask }

    /// The greatest possible value.
    var greatest: UInt8 { flip | mask }

    /// Whether the byte certainly has another value.
    func excludes(_ value: UInt8) -> Bool {
        if case .nextHeader(let transport) = origin, isWhole {
            return value != transport && !Self.extensionHeaders.contains(value)
        }
        return (flip ^ value) & ~mask != 0
    }

    /// The extension headers that `ipv6_skip_exthdr` of the kernel passes: hop-by-hop options, routing, fragment, authentication,
    /// destination options.
    private static let extensionHeaders: Set<UInt8> = [0, 43, 44, 51, 60]
    /// The size of a segment that every host can receive: RFC 9293 3.7.1.
    static let leastSegmentSize: UInt16 = 536

    /// `(value & mask) ^ xor`.
    func masked(_ mask: UInt8, xor: UInt8) -> SymbolicByte {
        SymbolicByte(origin, mask: self.mask & mask, flip: (flip & mask) ^ xor)
    }
}

extension SymbolicByte {
    /// The byte in this packet.
    func resolved(_ packet: Packet) -> SymbolicByte {
        let value: UInt8
        switch origin {
        case .port(let index): value = packet.port.bigEndianBytes[Int(index)]
        case .source(let index):
            let bytes = packet.source.bigEndianBytes
            value = bytes[Int(index) + (packet.family == .ipv4 ? 12 : 0)]
        case .destination, .otherIndex, .otherType, .portInUse, .segmentSize, .nextHeader, .unknown: return self
        }
        return SymbolicByte((value & mask) ^ flip)
    }
}

extension [SymbolicByte] {
    /// Constants.
    init(constants bytes: some Sequence<UInt8>) { self = bytes.map { SymbolicByte($0) } }

    /// Bytes of any value.
    static func unknown(_ count: Int) -> [SymbolicByte] { Array(repeating: .unknown, count: count) }

    /// The destination port that the client dialled.
    static let dialledPort: [SymbolicByte] = [SymbolicByte(.port(0)), SymbolicByte(.port(1))]

    /// The index of an interface other than `lo`.
    static let otherIndex = (0..<4 as Range<UInt8>).map { SymbolicByte(.otherIndex($0)) }

    /// The hardware type of an interface other than `lo`.
    static let otherType = (0..<2 as Range<UInt8>).map { SymbolicByte(.otherType($0)) }

    /// A source port other than 0: 2 bytes, network byte order.
    static let portInUse = (0..<2 as Range<UInt8>).map { SymbolicByte(.portInUse($0)) }

    /// A size of segments of TCP of at least `SymbolicByte.leastSegmentSize`: 2 bytes, network byte order.
    static let segmentSize = (0..<2 as Range<UInt8>).map { SymbolicByte(.segmentSize($0)) }

    /// The least value where that is more than what the bytes show one by one; `nil` for other bytes.
    var leastOfAll: [UInt8]? {
        switch first?.origin {
        case .portInUse where self == .portInUse: UInt16(1).bigEndianBytes
        case .segmentSize where self == .segmentSize: SymbolicByte.leastSegmentSize.bigEndianBytes
        default: nil
        }
    }

    /// `ARPHRD_LOOPBACK` of `linux/if_arp.h`, which `lo` alone has.
    static let loopbackType: UInt16 = 772

    /// Whether the bytes are the index or the type of an interface other than `lo`, and `value` is that of `lo`.
    func isOther(than value: some Collection<UInt8>) -> Bool {
        self == .otherIndex && value.elementsEqual(UInt32(1).hostOrderBytes)
            || self == .otherType && value.elementsEqual(Self.loopbackType.hostOrderBytes)
            || leastOfAll.map { value.lexicographicallyPrecedes($0) } == true
    }

    /// The values of constants; `nil` if one depends on the packet.
    var constants: [UInt8]? {
        let values = compactMap(\.constant)
        return values.count == count ? values : nil
    }
}

/// Whether host byte order is least significant byte first.
let isLittleEndian = UInt16(littleEndian: 1) == 1
