extension RuleText {
    /// Adds a redirection.
    mutating func append(_ redirection: PortRedirection) {
        let flags = NATFlags(redirection.flags).text
        words.append("redirect" + (ports(redirection.ports).map { " to :\($0)" } ?? "") + flags)
    }

    /// A translation in nft's notation.
    func text(of translation: AddressTranslation) -> String {
        let flags = NATFlags(translation.flags)
        let port = ports(translation.ports).map { ":" + $0 } ?? ""
        if translation.kind == .source, translation.addresses == nil {
            return "masquerade" + (port.isEmpty ? "" : " to \(port)") + flags.text
        }
        let isIPv4 = translation.family == UInt32(TableFamily.ipv4.rawValue)
        let kind = translation.kind == .destination ? "dnat" : "snat"
        if translation.addresses == nil, translation.family == UInt32(TableFamily.inet.rawValue) {
            return "\(kind) to \(port)\(flags.text)"
        }
        let address = range(translation.addresses, isIPv4 ? .ipv4Address : .ipv6Address) ?? ""
        let isMapped = translation.addresses.map { mapped[$0.first] != nil } ?? false
        let bracketed = !isIPv4 && !port.isEmpty && !address.isEmpty && !isMapped ? "[\(address)]" : address
        let prefix = flags.mapsPrefixes ? " prefix" : ""
        return "\(kind) \(isIPv4 ? "ip" : "ip6")\(prefix) to \(bracketed)\(port)\(flags.text)"
    }

    /// A masquerade in nft's notation.
    func text(of masquerade: MasqueradeStatement) -> String {
        text(
            of: AddressTranslation(
                .source, family: UInt32(TableFamily.inet.rawValue), addresses: nil, ports: masquerade.ports,
                flags: masquerade.flags))
    }

    private func ports(_ pair: RegisterPair?) -> String? { range(pair, .port) }

    /// The values in the registers: a constant, a range of two, a map; `nil` for those that come with a map of addresses.
    private func range(_ pair: RegisterPair?, _ type: DataType) -> String? {
        guard let pair else { return nil }
        if let map = mapped[pair.first] { return map }
        if type == .port, constants[pair.first] == nil, !mapped.isEmpty { return nil }
        let ends = [pair.first, pair.last].map { register in
            constants[register].map { type.text(Array($0.prefix(type.length))) } ?? "[register \(register.rawValue)]"
        }
        return ends[0] == ends[1] ? ends[0] : ends.joined(separator: "-")
    }
}

/// The flags of a translation, `NF_NAT_RANGE_…` of `linux/netfilter/nf_nat.h`.
struct NATFlags {
    private let bits: UInt32

    /// The flags of these bits.
    init(_ bits: UInt32) { self.bits = bits }

    /// Whether it replaces the prefix of an address and keeps the rest: `NF_NAT_RANGE_NETMAP`.
    var mapsPrefixes: Bool { bits & 64 != 0 }

    /// nft's words, with a space before them; empty for none.
    var text: String {
        // NF_NAT_RANGE_PROTO_RANDOM, NF_NAT_RANGE_PROTO_RANDOM_FULLY, NF_NAT_RANGE_PERSISTENT
        let words = [(UInt32(4), "random"), (16, "fully-random"), (8, "persistent")]
        let set = words.filter { bits & $0.0 != 0 }.map(\.1)
        return set.isEmpty ? "" : " " + set.joined(separator: ",")
    }
}
