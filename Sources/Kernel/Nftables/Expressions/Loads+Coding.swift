internal import CNftnl
internal import Rulesets

/// A load of packet metadata (`meta`); writing metadata (`NFTA_META_SREG`) is not modelled.
struct MetaLoad: ExpressionCoding {
    static let kernelName = "meta"

    /// The kind of metadata.
    var key: MetaKey
    /// The register to load it into.
    var destination: Register

    init(key: MetaKey, destination: Register) {
        self.key = key
        self.destination = destination
    }

    init?(from attributes: Attributes) {
        guard let key = attributes.u32(NFTA_META_KEY), let destination = attributes.register(NFTA_META_DREG)
        else { return nil }
        self.init(key: MetaKey(rawValue: key), destination: destination)
    }

    func encode(into attributes: inout AttributeWriter) {
        attributes.u32(NFTA_META_KEY, key.rawValue)
        attributes.register(NFTA_META_DREG, destination)
    }
}

extension Payload: ExpressionCoding {
    static let kernelName = "payload"

    init?(from attributes: Attributes) {
        guard let destination = attributes.register(NFTA_PAYLOAD_DREG), let base = attributes.u32(NFTA_PAYLOAD_BASE),
            let offset = attributes.u32(NFTA_PAYLOAD_OFFSET), let length = attributes.u32(NFTA_PAYLOAD_LEN)
        else { return nil }
        self.init(base: Base(rawValue: base), offset: offset, length: length, into: destination)
    }

    func encode(into attributes: inout AttributeWriter) {
        attributes.register(NFTA_PAYLOAD_DREG, destination)
        attributes.u32(NFTA_PAYLOAD_BASE, base.rawValue)
        attributes.u32(NFTA_PAYLOAD_OFFSET, offset)
        attributes.u32(NFTA_PAYLOAD_LEN, length)
    }
}

extension ConntrackLoad: ExpressionCoding {
    static let kernelName = "ct"

    init?(from attributes: Attributes) {
        guard let key = attributes.u32(NFTA_CT_KEY), let destination = attributes.register(NFTA_CT_DREG)
        else { return nil }
        self.init(Key(rawValue: key), direction: attributes.u8(NFTA_CT_DIRECTION), into: destination)
    }

    func encode(into attributes: inout AttributeWriter) {
        attributes.u32(NFTA_CT_KEY, key.rawValue)
        attributes.register(NFTA_CT_DREG, destination)
        if let direction { attributes.u8(NFTA_CT_DIRECTION, direction) }
    }
}

extension ConntrackAssignment: ExpressionCoding {
    static let kernelName = "ct"

    init?(from attributes: Attributes) {
        guard let key = attributes.u32(NFTA_CT_KEY), let source = attributes.register(NFTA_CT_SREG) else { return nil }
        self.init(ConntrackLoad.Key(rawValue: key), direction: attributes.u8(NFTA_CT_DIRECTION), from: source)
    }

    func encode(into attributes: inout AttributeWriter) {
        attributes.u32(NFTA_CT_KEY, key.rawValue)
        if let direction { attributes.u8(NFTA_CT_DIRECTION, direction) }
        attributes.register(NFTA_CT_SREG, source)
    }
}
