internal import CNftnl

/// The state of a counter.
struct CounterState {
    /// The kernel's name of the counter expression.
    static let kernelName = "counter"

    /// The number of packets.
    var packets: UInt64
    /// The number of bytes in them.
    var bytes: UInt64

    /// Decodes a counter's attributes; `nil` if they are incomplete.
    init?(from attributes: Attributes) {
        guard let packets = attributes.u64(NFTA_COUNTER_PACKETS), let bytes = attributes.u64(NFTA_COUNTER_BYTES)
        else { return nil }
        self.packets = packets
        self.bytes = bytes
    }
}

extension Attributes {
    /// The attributes of an expression without its state, which the kernel changes, and without attributes that the
    /// kernel reports but does not accept.
    func withoutState(of name: String) -> Attributes {
        switch name {
        case CounterState.kernelName: without([NFTA_COUNTER_BYTES, NFTA_COUNTER_PACKETS, NFTA_COUNTER_PAD])
        case "limit": without([NFTA_LIMIT_PAD])
        case "quota": without([NFTA_QUOTA_CONSUMED, NFTA_QUOTA_PAD]).withoutDepletion
        case "last": without([NFTA_LAST_SET, NFTA_LAST_MSECS, NFTA_LAST_PAD])
        case "dynset": without([NFTA_DYNSET_PAD]).keeping { !$0.isZero(NFTA_DYNSET_TIMEOUT) }
        // The kernel reports flags that it does not accept; zero means absent.
        case "exthdr": keeping { !$0.isZero(NFTA_EXTHDR_FLAGS) }
        case "osf": keeping { !$0.isZero(NFTA_OSF_FLAGS) }
        default: self
        }
    }

    /// A quota's attributes without the flag that it is used up.
    private var withoutDepletion: Attributes {
        guard let flags = u32(NFTA_QUOTA_FLAGS), flags & NFT_QUOTA_F_DEPLETED.rawValue != 0 else { return self }
        var writer = AttributeWriter()
        writer.append(raw: without([NFTA_QUOTA_FLAGS]).bytes)
        let kept = flags & ~NFT_QUOTA_F_DEPLETED.rawValue
        if kept != 0 { writer.u32(NFTA_QUOTA_FLAGS, kept) }
        return Attributes(writer.written) ?? self
    }
}

extension Attributes.Attribute {
    /// Whether the attribute has this type and only zero bytes.
    fileprivate func isZero(_ type: some RawRepresentable<UInt32>) -> Bool {
        self.type == type.rawValue && payload.allSatisfy { $0 == 0 }
    }
}
