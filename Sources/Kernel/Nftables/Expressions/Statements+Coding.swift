internal import CNftnl
internal import Rulesets

extension RateLimit: ExpressionCoding {
    static let kernelName = "limit"

    init?(from attributes: Attributes) {
        guard let rate = attributes.u64(NFTA_LIMIT_RATE), let unit = attributes.u64(NFTA_LIMIT_UNIT),
            let burst = attributes.u32(NFTA_LIMIT_BURST), let type = attributes.u32(NFTA_LIMIT_TYPE),
            let flags = attributes.u32(NFTA_LIMIT_FLAGS)
        else { return nil }
        self.init(
            rate: rate, unit: unit, burst: burst, countsBytes: type == NFT_LIMIT_PKT_BYTES.rawValue,
            isOver: flags & NFT_LIMIT_F_INV.rawValue != 0)
    }

    func encode(into attributes: inout AttributeWriter) {
        attributes.u64(NFTA_LIMIT_RATE, rate)
        attributes.u64(NFTA_LIMIT_UNIT, unit)
        attributes.u32(NFTA_LIMIT_BURST, burst)
        attributes.u32(NFTA_LIMIT_TYPE, (countsBytes ? NFT_LIMIT_PKT_BYTES : NFT_LIMIT_PKTS).rawValue)
        attributes.u32(NFTA_LIMIT_FLAGS, isOver ? NFT_LIMIT_F_INV.rawValue : 0)
    }
}

extension ConnectionCount: ExpressionCoding {
    static let kernelName = "connlimit"

    init?(from attributes: Attributes) {
        guard let count = attributes.u32(NFTA_CONNLIMIT_COUNT) else { return nil }
        self.init(count, isOver: (attributes.u32(NFTA_CONNLIMIT_FLAGS) ?? 0) & NFT_CONNLIMIT_F_INV.rawValue != 0)
    }

    func encode(into attributes: inout AttributeWriter) {
        attributes.u32(NFTA_CONNLIMIT_COUNT, count)
        // The kernel lists no flags where none is set.
        if isOver { attributes.u32(NFTA_CONNLIMIT_FLAGS, NFT_CONNLIMIT_F_INV.rawValue) }
    }
}

extension LogStatement: ExpressionCoding {
    static let kernelName = "log"

    init?(from attributes: Attributes) {
        if let group = attributes.u16(NFTA_LOG_GROUP) {
            self.init(prefix: attributes.string(NFTA_LOG_PREFIX), group: group)
            return
        }
        guard let level = attributes.u32(NFTA_LOG_LEVEL) else { return nil }
        self.init(
            prefix: attributes.string(NFTA_LOG_PREFIX), level: level, flags: attributes.u32(NFTA_LOG_FLAGS) ?? 0)
    }

    func encode(into attributes: inout AttributeWriter) {
        if let prefix { attributes.string(NFTA_LOG_PREFIX, prefix) }
        if let group { return attributes.u16(NFTA_LOG_GROUP, group) }
        attributes.u32(NFTA_LOG_LEVEL, level)
        if flags != 0 { attributes.u32(NFTA_LOG_FLAGS, flags) }
    }
}

extension Reject: ExpressionCoding {
    static let kernelName = "reject"

    init?(from attributes: Attributes) {
        guard let type = attributes.u32(NFTA_REJECT_TYPE) else { return nil }
        self.init(type: type, code: attributes.u8(NFTA_REJECT_ICMP_CODE) ?? 0)
    }

    func encode(into attributes: inout AttributeWriter) {
        attributes.u32(NFTA_REJECT_TYPE, type)
        if type != NFT_REJECT_TCP_RST.rawValue { attributes.u8(NFTA_REJECT_ICMP_CODE, code) }
    }
}
