/// Appends netlink attributes to one flat buffer.
///
/// An attribute is `struct nlattr` of `linux/netlink.h`: two octets of length and two of type in host order, the
/// payload, and zeros up to a multiple of four. nf_tables wants numbers in network order. Every nest is flagged
/// `NLA_F_NESTED`, which tells `Attributes.isEquivalent(to:)` where there is something to look into.
struct AttributeWriter {
    /// Room, of which the first `count` octets are written: to append to an array costs several times as much.
    private var room: [UInt8] = []
    /// How many octets were written so far.
    private(set) var count = 0
    /// What nests are flagged with.
    private let nestFlag: UInt32

    /// The length of an attribute's header.
    static let headerLength = 4
    /// `NLA_F_NESTED`, which the importer cannot read.
    static let nestedFlag: UInt16 = 1 << 15
    /// The room that a writer begins with.
    private static let firstRoom = 64

    /// A writer; `flagsNests` unless it is to write as most of the kernel's own dumps do.
    init(flagsNests: Bool = true) { nestFlag = flagsNests ? UInt32(Self.nestedFlag) : 0 }

    /// What was written so far.
    var octets: ArraySlice<UInt8> { room[..<count] }

    /// A copy of what was written so far.
    var bytes: [UInt8] { Array(octets) }

    /// One octet.
    mutating func u8(_ type: some RawRepresentable<UInt32>, _ value: UInt8) {
        unsafe attribute(type.rawValue, length: 1) { unsafe $0.storeBytes(of: value, as: UInt8.self) }
    }

    /// Four octets in network order.
    mutating func u32(_ type: some RawRepresentable<UInt32>, _ value: UInt32) {
        unsafe attribute(type.rawValue, length: 4) { unsafe $0.storeBytes(of: value.bigEndian, as: UInt32.self) }
    }

    /// Eight octets in network order.
    mutating func u64(_ type: some RawRepresentable<UInt32>, _ value: UInt64) {
        unsafe attribute(type.rawValue, length: 8) { unsafe $0.storeBytes(of: value.bigEndian, as: UInt64.self) }
    }

    /// A text and a NUL.
    mutating func string(_ type: some RawRepresentable<UInt32>, _ value: String) {
        var value = value
        value.withUTF8 { text in
            unsafe attribute(type.rawValue, length: text.count + 1) { payload in
                unsafe payload.copyMemory(from: UnsafeRawBufferPointer(text))
                unsafe payload[text.count] = 0
            }
        }
    }

    /// Octets as they are.
    mutating func octets(_ type: some RawRepresentable<UInt32>, _ value: some Collection<UInt8>) {
        unsafe attribute(type.rawValue, length: value.count) { unsafe $0.copyBytes(from: value) }
    }

    /// An attribute that holds the attributes that `body` writes, 64 KB at most with its header.
    mutating func nest(_ type: some RawRepresentable<UInt32>, _ body: (inout AttributeWriter) -> Void) {
        let start = count
        unsafe attribute(nestFlag | type.rawValue, length: 0) { _ in }
        body(&self)
        let length = count - start
        precondition(length <= UInt16.max, "an attribute is shorter than 64 KB")
        overwrite(at: start, UInt16(length))
    }

    /// Whole attributes, as they were read.
    mutating func append(raw attributes: some Collection<UInt8>) {
        guard !attributes.isEmpty else { return }
        unsafe extend(by: Self.padded(attributes.count)) { raw in
            unsafe raw.storeBytes(of: 0, toByteOffset: raw.count - Self.headerLength, as: UInt32.self)
            unsafe raw.copyBytes(from: attributes)
        }
    }

    /// A number in network order, without a header.
    mutating func appendBigEndian<Number: FixedWidthInteger & BitwiseCopyable>(_ value: Number) {
        unsafe extend(by: MemoryLayout<Number>.size) { unsafe $0.storeBytes(of: value.bigEndian, as: Number.self) }
    }

    /// Puts a number in host order in the place of what is at `offset`.
    mutating func overwrite<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, _ value: Number) {
        precondition(offset >= 0 && offset + MemoryLayout<Number>.size <= count, "what is overwritten is there")
        unsafe room.withUnsafeMutableBytes { raw in
            unsafe raw.storeBytes(of: value, toByteOffset: offset, as: Number.self)
        }
    }

    /// Puts a number in network order in the place of what is at `offset`.
    mutating func overwriteBigEndian<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, _ value: Number) {
        overwrite(at: offset, value.bigEndian)
    }

    /// Makes room for more, so that a long batch is not copied as it grows.
    ///
    /// What is not used costs no memory: nothing is written to it, and nothing read.
    mutating func reserve(_ more: Int) {
        guard count + more > room.count else { return }
        let old = octets
        room = unsafe [UInt8](unsafeUninitializedCapacity: count + more) { [count] wider, length in
            unsafe UnsafeMutableRawBufferPointer(wider).copyBytes(from: old)
            length = count + more
        }
    }

    /// Forgets what was written, and keeps the room for it.
    mutating func clear() { count = 0 }

    /// Writes a header, and behind it the payload that `fill` puts there, filled up with zeros.
    private mutating func attribute(_ type: UInt32, length: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
        let whole = Self.headerLength + length
        precondition(whole <= UInt16.max, "an attribute is shorter than 64 KB")
        unsafe extend(by: Self.padded(whole)) { raw in
            // The last word first: what the payload leaves of it is padding.
            unsafe raw.storeBytes(of: 0, toByteOffset: raw.count - Self.headerLength, as: UInt32.self)
            unsafe raw.storeBytes(of: UInt16(whole), as: UInt16.self)
            unsafe raw.storeBytes(of: UInt16(truncatingIfNeeded: type), toByteOffset: 2, as: UInt16.self)
            unsafe fill(UnsafeMutableRawBufferPointer(rebasing: raw[Self.headerLength..<whole]))
        }
    }

    /// Has `fill` write the next octets.
    @inline(__always)
    private mutating func extend(by length: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
        let end = count + length
        if end > room.count { reserve(max(length, room.count, Self.firstRoom)) }
        let start = count
        unsafe room.withUnsafeMutableBytes { raw in
            unsafe fill(UnsafeMutableRawBufferPointer(rebasing: raw[start..<end]))
        }
        count = end
    }

    private static func padded(_ length: Int) -> Int { (length + 3) & ~3 }
}
