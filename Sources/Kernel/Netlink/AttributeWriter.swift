/// Appends netlink attributes to one flat buffer.
///
/// An attribute is `struct nlattr` of `linux/netlink.h`: two octets of length and two of type in host order, the
/// payload, and zeros up to a multiple of four. nf_tables wants numbers in network order. Every nest is flagged
/// `NLA_F_NESTED`, which tells `Attributes.isEquivalent(to:)` where there is something to look into.
struct AttributeWriter {
    /// What was written so far.
    private(set) var bytes: [UInt8] = []

    /// The length of an attribute's header.
    static let headerLength = 4
    /// `NLA_F_NESTED`, which the importer cannot read.
    static let nestedFlag: UInt16 = 1 << 15

    /// One octet.
    mutating func u8(_ type: some RawRepresentable<UInt32>, _ value: UInt8) {
        header(type.rawValue, payloadLength: 1)
        bytes.append(contentsOf: [value, 0, 0, 0])
    }

    /// Four octets in network order.
    mutating func u32(_ type: some RawRepresentable<UInt32>, _ value: UInt32) {
        header(type.rawValue, payloadLength: 4)
        appendBigEndian(value)
    }

    /// Eight octets in network order.
    mutating func u64(_ type: some RawRepresentable<UInt32>, _ value: UInt64) {
        header(type.rawValue, payloadLength: 8)
        appendBigEndian(value)
    }

    /// A text and a NUL.
    mutating func string(_ type: some RawRepresentable<UInt32>, _ value: String) {
        header(type.rawValue, payloadLength: value.utf8.count + 1)
        bytes.append(contentsOf: value.utf8)
        bytes.append(0)
        pad()
    }

    /// Octets as they are.
    mutating func octets(_ type: some RawRepresentable<UInt32>, _ value: some Collection<UInt8>) {
        header(type.rawValue, payloadLength: value.count)
        bytes.append(contentsOf: value)
        pad()
    }

    /// An attribute that holds the attributes that `body` writes, 64 KB at most with its header.
    mutating func nest(_ type: some RawRepresentable<UInt32>, _ body: (inout AttributeWriter) -> Void) {
        let start = bytes.count
        header(UInt32(Self.nestedFlag) | type.rawValue, payloadLength: 0)
        body(&self)
        let length = bytes.count - start
        precondition(length <= UInt16.max, "an attribute is shorter than 64 KB")
        overwrite(at: start, UInt16(length))
    }

    /// Whole attributes, as they were read.
    mutating func append(raw attributes: some Collection<UInt8>) {
        bytes.append(contentsOf: attributes)
        pad()
    }

    /// A number in network order, without a header.
    mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// Puts a number in host order in the place of what is at `offset`.
    mutating func overwrite(at offset: Int, _ value: some FixedWidthInteger) {
        let lowFirst = value.littleEndian
        for index in 0..<(value.bitWidth / 8) {
            bytes[offset + index] = UInt8(truncatingIfNeeded: lowFirst >> (8 * index))
        }
    }

    /// Puts a number in network order in the place of what is at `offset`.
    mutating func overwriteBigEndian<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, _ value: Number) {
        precondition(offset >= 0 && offset + MemoryLayout<Number>.size <= bytes.count, "what is overwritten is there")
        unsafe bytes.withUnsafeMutableBytes { raw in
            unsafe raw.storeBytes(of: value.bigEndian, toByteOffset: offset, as: Number.self)
        }
    }

    /// Makes room for more, so that a long batch is not copied as it grows.
    mutating func reserve(_ count: Int) { bytes.reserveCapacity(bytes.count + count) }

    private mutating func header(_ type: UInt32, payloadLength: Int) {
        let start = bytes.count
        let length = Self.headerLength + payloadLength
        precondition(length <= UInt16.max, "an attribute is shorter than 64 KB")
        bytes.append(contentsOf: [0, 0, 0, 0])
        overwrite(at: start, UInt16(length))
        overwrite(at: start + 2, UInt16(truncatingIfNeeded: type))
    }

    private mutating func pad() {
        while !bytes.count.isMultiple(of: 4) { bytes.append(0) }
    }
}
