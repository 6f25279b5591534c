internal import Addressing

/// Appends netlink attributes to one flat buffer.
///
/// An attribute is `struct nlattr` of `linux/netlink.h`: two bytes of length and two of type in host order, the
/// payload, and zeros up to a multiple of four. nf_tables wants numbers in network order. Every nest is flagged
/// `NLA_F_NESTED`, so that `Attributes.isEquivalent(to:)` knows which payloads to parse.
struct AttributeWriter {
    /// The buffer, of which `count` bytes are written: appending to an array costs several times as much.
    private var room: [UInt8] = []
    /// The number of bytes written.
    private(set) var count = 0
    /// The flag of nests.
    private let nestFlag: UInt32

    /// The length of an attribute's header in bytes.
    static let headerLength = 4
    /// `NLA_F_NESTED`, a macro that Swift cannot import.
    static let nestedFlag: UInt16 = 1 << 15
    /// The initial size of the buffer in bytes.
    private static let firstRoom = 64

    /// A writer; with `flagsNests` false, nests have no flag, as in most dumps of the kernel.
    init(flagsNests: Bool = true) { nestFlag = flagsNests ? UInt32(Self.nestedFlag) : 0 }

    /// The bytes written, as a slice of the buffer.
    var written: ArraySlice<UInt8> { room[..<count] }

    /// A copy of the bytes written.
    var bytes: [UInt8] { Array(written) }

    /// A number of one byte.
    mutating func u8(_ type: some RawRepresentable<UInt32>, _ value: UInt8) {
        unsafe attribute(type.rawValue, length: 1) { unsafe $0.storeBytes(of: value, as: UInt8.self) }
    }

    /// A number of two bytes, in network order.
    mutating func u16(_ type: some RawRepresentable<UInt32>, _ value: UInt16) {
        unsafe attribute(type.rawValue, length: 2) { unsafe $0.storeBytes(of: value.bigEndian, as: UInt16.self) }
    }

    /// A number of four bytes, in network order.
    mutating func u32(_ type: some RawRepresentable<UInt32>, _ value: UInt32) {
        unsafe attribute(type.rawValue, length: 4) { unsafe $0.storeBytes(of: value.bigEndian, as: UInt32.self) }
    }

    /// A number of eight bytes, in network order.
    mutating func u64(_ type: some RawRepresentable<UInt32>, _ value: UInt64) {
        unsafe attribute(type.rawValue, length: 8) { unsafe $0.storeBytes(of: value.bigEndian, as: UInt64.self) }
    }

    /// A text, with a NUL after it.
    mutating func string(_ type: some RawRepresentable<UInt32>, _ value: String) {
        var value = value
        value.withUTF8 { text in
            unsafe attribute(type.rawValue, length: text.count + 1) { payload in
                unsafe payload.copyMemory(from: UnsafeRawBufferPointer(text))
                unsafe payload[text.count] = 0
            }
        }
    }

    /// A name that `Attributes.name(_:)` read or that has no backslash, with a NUL after it.
    mutating func name(_ type: some RawRepresentable<UInt32>, _ value: String) {
        guard value.utf8.contains(UInt8(ascii: "\\")) else { return string(type, value) }
        bytes(type, KernelName.bytes(of: value) + [0])
    }

    /// Bytes as they are.
    mutating func bytes(_ type: some RawRepresentable<UInt32>, _ value: some Collection<UInt8>) {
        unsafe attribute(type.rawValue, length: value.count) { unsafe $0.copyBytes(from: value) }
    }

    /// A nest with the attributes that `body` writes, at most 64 KB with its header.
    mutating func nest(_ type: some RawRepresentable<UInt32>, _ body: (inout AttributeWriter) -> Void) {
        let start = count
        unsafe attribute(nestFlag | type.rawValue, length: 0) { _ in }
        body(&self)
        let length = count - start
        precondition(length <= UInt16.max, "an attribute is shorter than 64 KB")
        overwrite(at: start, UInt16(length))
    }

    /// Appends whole attributes as received.
    mutating func append(raw attributes: some Collection<UInt8>) {
        guard !attributes.isEmpty else { return }
        unsafe extend(by: Self.padded(attributes.count)) { raw in
            unsafe raw.storeBytes(of: 0, toByteOffset: raw.count - Self.headerLength, as: UInt32.self)
            unsafe raw.copyBytes(from: attributes)
        }
    }

    /// Appends a number in network order, without a header.
    mutating func appendBigEndian<Number: FixedWidthInteger & BitwiseCopyable>(_ value: Number) {
        unsafe extend(by: MemoryLayout<Number>.size) { unsafe $0.storeBytes(of: value.bigEndian, as: Number.self) }
    }

    /// Overwrites the bytes at `offset` with a number in host order.
    mutating func overwrite<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, _ value: Number) {
        precondition(offset >= 0 && offset + MemoryLayout<Number>.size <= count, "the bytes to overwrite are written")
        unsafe room.withUnsafeMutableBytes { raw in
            unsafe raw.storeBytes(of: value, toByteOffset: offset, as: Number.self)
        }
    }

    /// Overwrites the bytes at `offset` with a number in network order.
    mutating func overwriteBigEndian<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, _ value: Number) {
        overwrite(at: offset, value.bigEndian)
    }

    /// Reserves room for this many more bytes, so that a long batch is not copied as it grows.
    ///
    /// The unused part costs no memory: it is neither written nor read.
    mutating func reserve(_ more: Int) {
        guard count + more > room.count else { return }
        let old = written
        room = unsafe [UInt8](unsafeUninitializedCapacity: count + more) { [count] wider, length in
            unsafe UnsafeMutableRawBufferPointer(wider).copyBytes(from: old)
            length = count + more
        }
    }

    /// Discards the bytes written and keeps the buffer.
    mutating func clear() { count = 0 }

    /// Appends a header, the payload that `fill` writes, and padding.
    private mutating func attribute(_ type: UInt32, length: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
        let whole = Self.headerLength + length
        precondition(whole <= UInt16.max, "an attribute is shorter than 64 KB")
        unsafe extend(by: Self.padded(whole)) { raw in
            // Zero the last word first: the payload overwrites all of it but the padding.
            unsafe raw.storeBytes(of: 0, toByteOffset: raw.count - Self.headerLength, as: UInt32.self)
            unsafe raw.storeBytes(of: UInt16(whole), as: UInt16.self)
            unsafe raw.storeBytes(of: UInt16(truncatingIfNeeded: type), toByteOffset: 2, as: UInt16.self)
            unsafe fill(UnsafeMutableRawBufferPointer(rebasing: raw[Self.headerLength..<whole]))
        }
    }

    /// Appends `length` bytes, which `fill` writes.
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
