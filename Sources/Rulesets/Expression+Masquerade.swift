/// A translation of the source to the address of the interface by which a packet leaves.
public struct MasqueradeStatement: Hashable, Sendable {
    /// The registers with the first and the last source port; `nil` keeps the port where it is free.
    public var ports: RegisterPair?
    /// `NF_NAT_RANGE_…` of `linux/netfilter/nf_nat.h`, without the flags about registers.
    public var flags: UInt32

    /// nft's words for the flags, such as `random,persistent`; `nil` for none.
    public var order: String? {
        let text = NATFlags(flags).text
        return text.isEmpty ? nil : String(text.dropFirst())
    }
}

extension Expression {
    /// The masquerade of nft or of iptables; `nil` for another expression.
    public var masquerade: MasqueradeStatement? {
        switch self {
        case .opaque(let name, let attributes):
            return OpaqueStatement(name: name, attributes: attributes).masquerade
        case .translate(let translation) where translation.kind == .source && translation.addresses == nil:
            return MasqueradeStatement(ports: translation.ports, flags: translation.flags)
        case .xtables(let part) where part.kind == .target && part.name == "MASQUERADE":
            // The structure tells its family by its size: that of IPv4 is `struct nf_nat_ipv4_multi_range_compat`.
            let family: TableFamily = part.info.count < Self.smallestRange ? .ipv4 : .ipv6
            return part.native(in: family)?.last?.masquerade
        default: return nil
        }
    }

    /// The size of `struct nf_nat_range` of `linux/netfilter/nf_nat.h`.
    private static let smallestRange = 40
}
