internal import Addressing

/// The content of a register: a field of the packet in nft's notation.
struct LoadedField {
    /// The field in nft's notation.
    var text: String
    /// The data type of the constants that it is compared with.
    var type: DataType
    /// The size of the whole field in bytes; a shorter load takes its first bytes.
    var width: Int
    /// The bits that `bitwise` keeps; `nil` for all.
    var mask: [UInt8]?

    init(_ text: String, _ type: DataType, width: Int? = nil) {
        self.text = text
        self.type = type
        self.width = width ?? type.length
    }

    /// The field that `meta` loads.
    init(_ key: MetaKey) {
        self =
            switch key {
            case .inputInterface: Self("iif", .interfaceIndex)
            case .inputInterfaceName: Self("iifname", .interfaceName)
            case .networkProtocol: Self("meta nfproto", .networkProtocol)
            case .transportProtocol: Self("meta l4proto", .transportProtocol)
            case .time: Self("meta time", .time)
            case MetaKey(rawValue: 3): Self("meta mark", .mark)
            case MetaKey(rawValue: 5): Self("oif", .interfaceIndex)
            case MetaKey(rawValue: 7): Self("oifname", .interfaceName)
            default: Self("meta key-\(key.rawValue)", .integer)
            }
    }

    /// The field of the connection that `ct` loads.
    init(_ load: ConntrackLoad) {
        let side = load.direction.map { $0 == 0 ? "original " : "reply " } ?? ""
        self =
            switch load.key {
            case .state: Self("ct state", .conntrackState)
            case .direction: Self("ct direction", .conntrackDirection)
            case .status: Self("ct status", .conntrackStatus)
            case .destinationPort: Self("ct \(side)proto-dst", .port)
            case ConntrackLoad.Key(rawValue: 3): Self("ct mark", .mark)
            case ConntrackLoad.Key(rawValue: 11): Self("ct \(side)proto-src", .port)
            default: Self("ct \(side)key-\(load.key.rawValue)", .integer)
            }
    }

    /// The result that `fib` loads.
    init(_ query: RouteLookup) {
        let names: [(RouteLookup.Flags, String)] = [
            (.source, "saddr"), (.destination, "daddr"), (.mark, "mark"), (.inputInterface, "iif"),
            (.outputInterface, "oif"),
        ]
        let key = names.filter { query.flags.contains($0.0) }.map(\.1).joined(separator: " . ")
        let isPresence = query.flags.contains(.isPresent)
        switch query.result {
        case .interface: self.init("fib \(key) oif", isPresence ? .boolean : .interfaceIndex)
        case .interfaceName: self.init("fib \(key) oifname", isPresence ? .boolean : .interfaceName)
        case .addressType: self.init("fib \(key) type", .addressType)
        }
    }

    /// The field of the packet that `payload` loads; `family` and `transport` are known from earlier matches.
    init(_ payload: Payload, family: TableFamily?, transport: UInt8?) {
        let position = (payload.base, payload.offset)
        switch (family, transport) {
        case (.ipv4?, _) where position == (.network, 12): self.init("ip saddr", .ipv4Address)
        case (.ipv4?, _) where position == (.network, 16): self.init("ip daddr", .ipv4Address)
        case (.ipv6?, _) where position == (.network, 8): self.init("ip6 saddr", .ipv6Address)
        case (.ipv6?, _) where position == (.network, 24): self.init("ip6 daddr", .ipv6Address)
        case (.ipv6?, _) where position == (.network, 7): self.init("ip6 hoplimit", .integer, width: 1)
        case (_, 1?) where position == (.transport, 0): self.init("icmp type", .icmpType)
        case (_, 58?) where position == (.transport, 0): self.init("icmpv6 type", .icmpv6Type)
        case (_, let transport) where payload.base == .transport && payload.length == 2 && payload.offset <= 2:
            let name = transport.flatMap(TransportProtocol.init(rawValue:))?.name ?? "th"
            self.init("\(name) \(payload.offset == 0 ? "sport" : "dport")", .port)
        default:
            let base = ["@ll", "@nh", "@th"]
            let name = Int(payload.base.rawValue) < base.count ? base[Int(payload.base.rawValue)] : "@ih"
            self.init("\(name),\(payload.offset * 8),\(payload.length * 8)", .integer, width: Int(payload.length))
        }
    }

    /// The text of a constant that the field is compared with.
    func text(of value: [UInt8]) -> String {
        if type == .integer { return integerText(value) }
        if type == .interfaceName, !value.contains(0), value.count < width {
            return quoted(String(decoding: value, as: UTF8.self) + "*")
        }
        if let mask, let length = Self.prefixLength(mask) { return "\(type.text(value))/\(length)" }
        guard value.count < width else { return type.text(value) }
        let padded = value + Array(repeating: 0, count: width - value.count)
        return "\(type.text(padded))/\(value.count * 8)"
    }

    private func integerText(_ value: [UInt8]) -> String {
        value.count <= 8 ? "\(UInt64(bigEndianBytes: value))" : type.text(value)
    }

    /// The number of leading ones; `nil` if a one follows a zero.
    private static func prefixLength(_ mask: [UInt8]) -> Int? {
        let length = mask.reduce(0) { $0 + $1.nonzeroBitCount }
        let leading = mask.enumerated().allSatisfy { index, byte in
            byte == UInt8(truncatingIfNeeded: 0xff00 >> min(8, max(0, length - index * 8)))
        }
        return leading ? length : nil
    }
}
