/// Numbers as bytes: in network order, and in this machine's own as the kernel keeps numbers in registers.
extension FixedWidthInteger {
    /// The bytes, most significant first.
    @inlinable public var bigEndianBytes: [UInt8] {
        stride(from: Self.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> Self($0)) }
    }

    /// The bytes in this machine's order.
    @inlinable public var hostOrderBytes: [UInt8] {
        Self(littleEndian: 1) == 1 ? bigEndianBytes.reversed() : bigEndianBytes
    }

    /// The number of these bytes, most significant first.
    @inlinable public init(bigEndianBytes bytes: some Sequence<UInt8>) { self = bytes.reduce(0) { $0 << 8 | Self($1) } }

    /// The number of these bytes in this machine's order.
    @inlinable public init(hostOrderBytes bytes: [UInt8]) {
        self.init(bigEndianBytes: Self(littleEndian: 1) == 1 ? bytes.reversed() : bytes)
    }
}
