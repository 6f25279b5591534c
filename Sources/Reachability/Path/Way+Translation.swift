internal import Addressing
internal import Rulesets

extension Way {
    /// Replaces the destination by what the registers hold.
    ///
    /// An address that is not known for this host's own, or lies in 127.0.0.0/8 or is ::1, is taken for another host's.
    mutating func translate(
        _ addresses: RegisterPair?, _ ports: RegisterPair?, toThisHost: Bool, _ registers: RegisterFile,
        _ setting: Setting
    ) {
        isTranslated = true
        if let ports { headerPort = Self.value(ports, 2, registers) }
        if toThisHost { destination = nil }
        guard let addresses else { return }
        let address = Self.value(addresses, setting.family == .ipv4 ? 4 : 16, registers)
        destination = address
        let isOwn = address.constants.map(setting.destinations.contains) ?? false
        isForwarded = !isOwn && !Self.isLoopback(address, setting.family)
    }

    /// The value that both registers hold; any where they differ.
    private static func value(_ pair: RegisterPair, _ count: Int, _ registers: RegisterFile) -> [Octet] {
        let first = registers.load(pair.first, count)
        return first == registers.load(pair.last, count) ? first : .unknown(count)
    }

    /// Whether the address is this host's own in every network namespace: RFC 1122 3.2.1.3, RFC 4291 2.5.3.
    private static func isLoopback(_ address: [Octet], _ family: AddressFamily) -> Bool {
        guard let bytes = address.constants else { return false }
        return family == .ipv4 ? bytes.first == 127 : UInt128(bigEndianBytes: bytes) == 1
    }
}

extension Octet {
    /// The octet of this packet.
    func resolved(_ packet: Packet) -> Octet {
        let value: UInt8
        switch origin {
        case .port(let index): value = packet.port.bigEndianBytes[Int(index)]
        case .source(let index):
            let bytes = packet.source.bigEndianBytes
            value = bytes[Int(index) + (packet.family == .ipv4 ? 12 : 0)]
        case .destination, .otherIndex, .unknown: return self
        }
        return Octet((value & mask) ^ flip)
    }
}
