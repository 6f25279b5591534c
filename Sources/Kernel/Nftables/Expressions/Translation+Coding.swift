internal import CNftnl
internal import Rulesets

extension AddressTranslation: ExpressionCoding {
    static let kernelName = "nat"

    init?(from attributes: Attributes) {
        guard let kind = attributes.u32(NFTA_NAT_TYPE).flatMap(Kind.init), let family = attributes.u32(NFTA_NAT_FAMILY)
        else { return nil }
        self.init(
            kind, family: family, addresses: attributes.registers(NFTA_NAT_REG_ADDR_MIN, NFTA_NAT_REG_ADDR_MAX),
            ports: attributes.registers(NFTA_NAT_REG_PROTO_MIN, NFTA_NAT_REG_PROTO_MAX))
        flags = (attributes.u32(NFTA_NAT_FLAGS) ?? 0) & ~impliedFlags
    }

    /// The flags that follow from the registers: the kernel lists them all, and nft sends that of the ports.
    private var impliedFlags: UInt32 {
        (addresses == nil ? 0 : Self.mapsAddresses) | (ports == nil ? 0 : Self.mapsPorts)
    }

    /// `NF_NAT_RANGE_MAP_IPS` and `NF_NAT_RANGE_PROTO_SPECIFIED` of `linux/netfilter/nf_nat.h`.
    private static let (mapsAddresses, mapsPorts): (UInt32, UInt32) = (1 << 0, 1 << 1)

    func encode(into attributes: inout AttributeWriter) {
        attributes.u32(NFTA_NAT_TYPE, kind.rawValue)
        attributes.u32(NFTA_NAT_FAMILY, family)
        attributes.registers(NFTA_NAT_REG_ADDR_MIN, NFTA_NAT_REG_ADDR_MAX, addresses, isShort: true)
        attributes.registers(NFTA_NAT_REG_PROTO_MIN, NFTA_NAT_REG_PROTO_MAX, ports, isShort: true)
        let sent = flags | (impliedFlags & Self.mapsPorts)
        if sent != 0 { attributes.u32(NFTA_NAT_FLAGS, sent) }
    }
}

extension PortRedirection: ExpressionCoding {
    static let kernelName = "redir"

    init?(from attributes: Attributes) {
        self.init(
            ports: attributes.registers(NFTA_REDIR_REG_PROTO_MIN, NFTA_REDIR_REG_PROTO_MAX),
            flags: attributes.u32(NFTA_REDIR_FLAGS) ?? 0)
    }

    func encode(into attributes: inout AttributeWriter) {
        attributes.registers(NFTA_REDIR_REG_PROTO_MIN, NFTA_REDIR_REG_PROTO_MAX, ports)
        if flags != 0 { attributes.u32(NFTA_REDIR_FLAGS, flags) }
    }
}

extension RouteLookup: ExpressionCoding {
    static let kernelName = "fib"

    init?(from attributes: Attributes) {
        guard let result = attributes.u32(NFTA_FIB_RESULT).flatMap(Result.init),
            let flags = attributes.u32(NFTA_FIB_FLAGS), let destination = attributes.register(NFTA_FIB_DREG)
        else { return nil }
        self.init(result, flags: Flags(rawValue: flags), into: destination)
    }

    func encode(into attributes: inout AttributeWriter) {
        attributes.register(NFTA_FIB_DREG, destination)
        attributes.u32(NFTA_FIB_RESULT, result.rawValue)
        attributes.u32(NFTA_FIB_FLAGS, flags.rawValue)
    }
}

extension Attributes {
    /// Decodes a pair of registers; the kernel fills in the second if it was not given.
    fileprivate func registers(
        _ first: some RawRepresentable<UInt32>, _ last: some RawRepresentable<UInt32>
    ) -> RegisterPair? {
        guard let first = register(first) else { return nil }
        return RegisterPair(first: first, last: register(last) ?? first)
    }
}

extension AttributeWriter {
    /// Encodes a pair of registers; a short one omits the second where it is the first, as nft does.
    fileprivate mutating func registers(
        _ first: some RawRepresentable<UInt32>, _ last: some RawRepresentable<UInt32>, _ pair: RegisterPair?,
        isShort: Bool = false
    ) {
        guard let pair else { return }
        register(first, pair.first)
        if !isShort || pair.last != pair.first { register(last, pair.last) }
    }
}
