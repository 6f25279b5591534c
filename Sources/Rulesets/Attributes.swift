internal import Addressing

/// Netlink attributes that are kept as they are: `struct nlattr` of `linux/netlink.h` in host byte order, then the value, padded to a
/// multiple of 4 bytes.
extension [UInt8] {
    /// The value of the first attribute with this type; `nil` for none, and behind one whose length is wrong.
    public func attribute(_ type: UInt16) -> ArraySlice<UInt8>? {
        let flags: UInt16 = 0xc000  // NLA_F_NESTED, NLA_F_NET_BYTEORDER
        var start = 0
        while start + 4 <= count {
            let length = Int(UInt16(hostOrderBytes: Array(self[start..<(start + 2)])))
            guard length >= 4, start + length <= count else { return nil }
            if UInt16(hostOrderBytes: Array(self[(start + 2)..<(start + 4)])) & ~flags == type {
                return self[(start + 4)..<(start + length)]
            }
            start += (length + 3) & ~3
        }
        return nil
    }

    /// The number in network byte order of an attribute of 4 bytes.
    public func number(_ type: UInt16) -> UInt32? {
        attribute(type).flatMap { $0.count == 4 ? UInt32(bigEndianBytes: $0) : nil }
    }
}

extension SetDefinition {
    /// The type of the objects of a map, `NFTA_SET_OBJ_TYPE`: `NFT_OBJECT_…` of `linux/netfilter/nf_tables.h`; `nil` for another set.
    public var objectType: UInt32? { unrecognized.number(15) }
}
