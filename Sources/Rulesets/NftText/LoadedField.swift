internal import Addressing

/// The content of a register: a field of the packet in nft's notation.
struct LoadedField {
    /// The field in nft's notation.
    var text: String
    /// The data type of the constants that it is compared with.
    var type: DataType
    /// The size of the whole field in bytes; a shorter load takes its first bytes.
    var width: Int
    /// The mask of `bitwise`; `nil` where it keeps all bits.
    var mask: BitwiseMask?
    /// The names of the interfaces that are compared by index.
    var interfaceNames: [UInt32: String] = [:]
    /// Whether it is a number in host byte order.
    var isHostOrder = false
    /// Whether it was converted to network byte order.
    var isConverted = false
    /// The field at the bits of a mask, if nft has a name for it.
    var fieldAtBits: (([UInt8]) -> HeaderField?)?
    /// The number of bits behind the field in the loaded bytes.
    var shift = 0

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
            case MetaKey(rawValue: 1): Self("meta protocol", .etherType)
            case MetaKey(rawValue: 3): Self("meta mark", .mark)
            case .outputInterface: Self("oif", .interfaceIndex)
            case .outputInterfaceName: Self("oifname", .interfaceName)
            case .outputInterfaceKind: Self("meta oifkind", .interfaceName)
            case MetaKey(rawValue: 26): Self("meta iifkind", .interfaceName)
            case .socketUser: Self("meta skuid", .user)
            case .packetType: Self("meta pkttype", .packetType)
            case MetaKey(rawValue: 11): Self("meta skgid", .group)
            default: Self("meta \(key.name ?? "key-\(key.rawValue)")", .integer)
            }
        isHostOrder = key != .time && type != .etherType && type.length > 1
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
            case .labels: Self("ct label", .conntrackLabel)
            case .destinationIPv4: Self("ct \(side)ip daddr", .ipv4Address)
            case .destinationIPv6: Self("ct \(side)ip6 daddr", .ipv6Address)
            case ConntrackLoad.Key(rawValue: 3): Self("ct mark", .mark)
            case ConntrackLoad.Key(rawValue: 11): Self("ct \(side)proto-src", .port)
            default: Self("ct \(side)\(Self.conntrackNames[load.key.rawValue] ?? "key-\(load.key.rawValue)")", .integer)
            }
        isHostOrder = ![.port, .ipv4Address, .ipv6Address].contains(type)
    }

    /// Further keys of `ct`, whose values are numbers: `NFT_CT_…` of `linux/netfilter/nf_tables.h`.
    private static let conntrackNames: [UInt32: String] = [
        5: "expiration", 7: "l3proto", 10: "protocol", 14: "packets", 15: "bytes", 16: "avgpkt", 17: "zone",
        18: "event", 23: "id",
    ]

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
        case (_, 1?) where position == (.transport, 0): self.init("icmp type", .icmpType)
        case (_, 58?) where position == (.transport, 0): self.init("icmpv6 type", .icmpv6Type)
        case (_, 6?) where position == (.transport, 13) && payload.length == 1: self.init("tcp flags", .tcpFlags)
        case (_, let transport) where payload.base == .transport && payload.length == 2 && payload.offset <= 2:
            let known = transport.map(TransportProtocol.init(rawValue:)).flatMap { $0.hasPorts ? $0 : nil }
            self.init("\(known?.name ?? "th") \(payload.offset == 0 ? "sport" : "dport")", .port)
        case (_, let transport) where HeaderField.whole(payload, family, transport) != nil:
            let field = HeaderField.whole(payload, family, transport) ?? HeaderField(text: "")
            self.init(field.text, field.type, width: Int(payload.length))
        default:
            let base = ["@ll", "@nh", "@th"]
            let name = Int(payload.base.rawValue) < base.count ? base[Int(payload.base.rawValue)] : "@ih"
            let (offset, length) = (Int(payload.offset), Int(payload.length))
            self.init("\(name),\(offset * 8),\(length * 8)", .integer, width: length)
            fieldAtBits = { HeaderField.bits($0, of: payload, family) }
        }
    }

    /// The field with a mask; the bits of a known field have its name.
    func masked(_ bitwise: BitwiseMask) -> LoadedField {
        var field = self
        guard let known = fieldAtBits?(bitwise.mask), bitwise.xor.allSatisfy({ $0 == 0 }) else {
            if field.mask != nil { field.text = "(\(field.maskedText))" }
            field.mask = bitwise
            return field
        }
        (field.text, field.shift, field.fieldAtBits) = (known.text, known.shift, nil)
        return field
    }

    /// The text of a constant that the field is compared with.
    func text(of constant: [UInt8]) -> String {
        let value = inOrder(constant)
        if type == .integer { return integerText(value) }
        if type == .interfaceName { return nameText(value) }
        if type == .interfaceIndex, value.count == 4, let name = interfaceNames[UInt32(hostOrderBytes: value)] {
            return quoted(name)
        }
        if let length = maskedPrefix { return "\(type.text(value))/\(length)" }
        guard value.count < width else { return type.text(value) }
        let padded = value + Array(repeating: 0, count: width - value.count)
        return "\(type.text(padded))/\(value.count * 8)"
    }

    /// The prefix length, where an address is masked to a prefix.
    var maskedPrefix: Int? {
        guard let mask, [.ipv4Address, .ipv6Address].contains(type), mask.xor.allSatisfy({ $0 == 0 }) else {
            return nil
        }
        return Self.prefixLength(mask.mask)
    }

    /// The field with its mask: `meta mark & 0x3`.
    var maskedText: String {
        guard let mask else { return text }
        let flipped = mask.xor.allSatisfy { $0 == 0 } ? "" : " ^ \(bitText(mask.xor))"
        let bits = bitText(mask.mask)
        return "\(text) & \(bits.contains(" | ") ? "(\(bits))" : bits)\(flipped)"
    }

    /// The bits of a mask in nft's notation.
    func bitText(_ bits: [UInt8]) -> String {
        guard type == .integer, bits.count <= 8 else { return type.text(inOrder(bits)) }
        return "0x" + String(UInt64(bigEndianBytes: inOrder(bits)), radix: 16)
    }

    /// The bytes in the order that printing expects: most significant first for an integer, host order for other types.
    private func inOrder(_ bytes: [UInt8]) -> [UInt8] {
        let isLittle = UInt16(littleEndian: 1) == 1
        guard isHostOrder, isLittle, bytes.count == 2 || bytes.count == 4 || bytes.count == 8 else { return bytes }
        return isConverted == (type == .integer) ? bytes : bytes.reversed()
    }

    /// The name of an interface, or the start of a name with `*` where the comparison stops before the final NUL.
    private func nameText(_ value: [UInt8]) -> String {
        let kept = value.prefix(mask.map { $0.mask.prefix { $0 == 0xff }.count } ?? value.count)
        let isStart = kept.count < width && !kept.contains(0)
        return quoted(String(decoding: kept.prefix { $0 != 0 }, as: UTF8.self) + (isStart ? "*" : ""))
    }

    private func integerText(_ value: [UInt8]) -> String {
        guard value.count <= 8 else { return type.text(value) }
        let number = UInt64(bigEndianBytes: value)
        return shift > 0 ? "0x" + String(number >> UInt64(shift), radix: 16) : "\(number)"
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

extension MetaKey {
    /// The word that nft writes after `meta`.
    var name: String? {
        let names: [UInt32: String] = [
            0: "length", 1: "protocol", 2: "priority", 3: "mark", 8: "iiftype", 9: "oiftype", 10: "skuid", 11: "skgid",
            12: "nftrace", 13: "rtclassid", 17: "ibrname", 18: "obrname", 19: "pkttype", 20: "cpu", 21: "iifgroup",
            22: "oifgroup", 23: "cgroup", 24: "random", 25: "ipsec", 26: "iifkind", 27: "oifkind", 31: "day",
            32: "hour",
        ]
        return names[rawValue]
    }
}
