internal import Addressing
internal import Rulesets

/// What clients choose in the headers of their first packets.
extension Setting {
    /// Whether the packets are first ones of other hosts, which choose their headers.
    private var isOfClient: Bool { phase == .first && !isSent && message == nil }

    /// Whether the packets are first ones of other hosts with plain headers.
    var hasPlainHeaders: Bool { isOfClient && circumstances.headers == .plain }

    /// Whether the packets may have options of IPv4 and extension headers of IPv6.
    var mayHaveOptions: Bool { isOfClient && circumstances.headers == .any }

    /// The source port of packets that arrive: 2 bytes, network byte order.
    var clientPort: [SymbolicByte] {
        if let port = circumstances.sourcePort { return [SymbolicByte](constants: port.bigEndianBytes) }
        return hasPlainHeaders ? .portInUse : .unknown(2)
    }

    /// The load of an extension header or of an option, `exthdr` with the attributes `NFTA_EXTHDR_…` of
    /// `linux/netfilter/nf_tables.h`; `nil` if it is not known, or the expression writes one.
    func headerOption(_ attributes: [UInt8]) -> Load? {
        guard let header = HeaderOption(attributes), !isARP else { return nil }
        switch header.kind {
        case .tcp where transport != .tcp, .sctp where transport != .sctp, .dccp where transport != .dccp:
            return header.absence
        case .ipv4 where family == .ipv6: return .fails
        case .ipv4 where hasPlainHeaders, .ipv6 where hasPlainHeaders && family == .ipv6: return header.absence
        case .tcp where hasPlainHeaders && header.isSegmentSize:
            return .value(header.asksPresence ? [SymbolicByte(1)] : .segmentSize, header.destination)
        default: return nil
        }
    }
}

/// An extension header of IPv6 or an option, as `exthdr` names it.
private struct HeaderOption {
    /// `NFT_EXTHDR_OP_…`.
    enum Kind: UInt32 { case ipv6, tcp, ipv4, sctp, dccp }

    let kind: Kind
    let destination: Register
    /// Whether it only asks if there is one: `NFT_EXTHDR_F_PRESENT`.
    let asksPresence: Bool
    /// Whether it is the value of the option of TCP with the size of a segment, RFC 9293 3.7.1.
    let isSegmentSize: Bool

    init?(_ attributes: [UInt8]) {
        let (register, type, offset, length, flags, operation): (UInt16, UInt16, UInt16, UInt16, UInt16, UInt16) =
            (1, 2, 3, 4, 5, 6)
        guard let destination = attributes.number(register), let name = attributes.attribute(type)?.first,
            let kind = Kind(rawValue: attributes.number(operation) ?? 0)
        else { return nil }
        self.kind = kind
        self.destination = Register(rawValue: destination)
        asksPresence = (attributes.number(flags) ?? 0) & 1 != 0
        isSegmentSize = name == 2 && (asksPresence || attributes.number(offset) == 2 && attributes.number(length) == 2)
    }

    /// The load where there is none.
    var absence: Load { asksPresence ? .value([SymbolicByte(0)], destination) : .fails }
}

extension XtablesExtension {
    /// Whether it reads what clients choose in the headers of their first packets.
    var readsChosenHeaders: Bool { kind == .match && (name == "tcpmss" || isExtensionHeader) }

    /// Whether it matches an extension header of IPv6.
    private var isExtensionHeader: Bool { ["rt", "hbh", "dst", "frag"].contains(name) }

    /// The effect of a match on headers of first packets; `nil` for any other extension.
    ///
    /// `struct xt_tcpmss_match_info`: the least and the greatest size of a segment, an inversion.
    func headerMatch(_ setting: Setting) -> Statement? {
        guard readsChosenHeaders, setting.hasPlainHeaders else { return nil }
        if isExtensionHeader { return .fails }
        guard setting.transport == .tcp, info.count > 4 else { return .mayFail }
        let (least, most) = (UInt16(hostOrderBytes: Array(info[..<2])), UInt16(hostOrderBytes: Array(info[2..<4])))
        let isInverted = info[4] != 0
        if most < SymbolicByte.leastSegmentSize { return isInverted ? .passes : .fails }
        guard least <= SymbolicByte.leastSegmentSize, most == .max else { return .mayFail }
        return isInverted ? .fails : .passes
    }
}
