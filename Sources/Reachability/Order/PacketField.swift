internal import Addressing
internal import Rulesets

/// A field of a packet in a register.
struct PacketField {
    enum Kind { case family, transport, source, destination, port }

    let kind: Kind
    /// The length of the whole field in bytes, of which the first are loaded.
    let width: Int
    /// The number of bytes that are loaded.
    let loaded: Int
    /// The bits of the value that are compared, from the first byte on; empty for all.
    private(set) var mask: [UInt8] = []

    init?(_ key: MetaKey) {
        loaded = 1
        switch key {
        case .networkProtocol: (kind, width) = (.family, 1)
        case .transportProtocol: (kind, width) = (.transport, 1)
        default: return nil
        }
    }

    /// A field of the header of a family: RFC 791 3.1, RFC 8200 3; the ports are at the same offset in all protocols.
    init?(_ payload: Payload, _ family: AddressFamily?) {
        loaded = Int(payload.length)
        switch (payload.base, family, payload.offset) {
        case (.transport, _, 2) where payload.length == 2: (kind, width) = (.port, 2)
        case (.network, .ipv4, 9) where payload.length == 1: (kind, width) = (.transport, 1)
        case (.network, .ipv4, 12) where payload.length <= 4: (kind, width) = (.source, 4)
        case (.network, .ipv4, 16) where payload.length <= 4: (kind, width) = (.destination, 4)
        case (.network, .ipv6, 8) where payload.length <= 16: (kind, width) = (.source, 16)
        case (.network, .ipv6, 24) where payload.length <= 16: (kind, width) = (.destination, 16)
        default: return nil
        }
    }

    /// The field with only some bits compared.
    func masked(by mask: [UInt8]) -> PacketField? {
        guard self.mask.isEmpty else { return nil }
        var field = self
        field.mask = mask
        return field
    }

    /// The least number of the whole field with these first bytes under the mask, or the greatest one.
    func number(_ bytes: some Collection<UInt8>, isUpper: Bool = false) -> UInt128 {
        let free: UInt8 = isUpper ? .max : .min
        let known = bytes.prefix(loaded).enumerated().map { index, byte in
            isUpper && index < mask.count ? byte | ~mask[index] : byte as UInt8
        }
        return UInt128(bigEndianBytes: known + Array(repeating: free, count: width - known.count))
    }
}

extension AddressFamily {
    /// The family of all packets of a table; `nil` for a table of several.
    init?(_ table: TableFamily) {
        switch table {
        case .ipv4: self = .ipv4
        case .ipv6: self = .ipv6
        default: return nil
        }
    }
}
