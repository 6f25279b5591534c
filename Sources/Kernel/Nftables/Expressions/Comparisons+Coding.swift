internal import CNftnl
internal import Rulesets

extension Comparison: ExpressionCoding {
    static let kernelName = "cmp"

    init?(from attributes: Attributes) {
        guard let source = attributes.register(NFTA_CMP_SREG),
            let comparison = attributes.u32(NFTA_CMP_OP).flatMap(Operator.init),
            let value = attributes.value(NFTA_CMP_DATA)
        else { return nil }
        self.init(comparison, value, source: source)
    }

    func encode(into attributes: inout AttributeWriter) {
        attributes.register(NFTA_CMP_SREG, source)
        attributes.u32(NFTA_CMP_OP, `operator`.rawValue)
        attributes.value(NFTA_CMP_DATA, value)
    }
}

extension RangeComparison: ExpressionCoding {
    static let kernelName = "range"

    init?(from attributes: Attributes) {
        guard let source = attributes.register(NFTA_RANGE_SREG), let comparison = attributes.u32(NFTA_RANGE_OP),
            let lower = attributes.value(NFTA_RANGE_FROM_DATA), let upper = attributes.value(NFTA_RANGE_TO_DATA)
        else { return nil }
        self.init(isInverted: comparison == NFT_RANGE_NEQ.rawValue, source: source, lower: lower, upper: upper)
    }

    func encode(into attributes: inout AttributeWriter) {
        attributes.register(NFTA_RANGE_SREG, source)
        attributes.u32(NFTA_RANGE_OP, (isInverted ? NFT_RANGE_NEQ : NFT_RANGE_EQ).rawValue)
        attributes.value(NFTA_RANGE_FROM_DATA, lower)
        attributes.value(NFTA_RANGE_TO_DATA, upper)
    }
}

extension BitwiseMask: ExpressionCoding {
    static let kernelName = "bitwise"

    init?(from attributes: Attributes) {
        guard let source = attributes.register(NFTA_BITWISE_SREG),
            let destination = attributes.register(NFTA_BITWISE_DREG),
            let mask = attributes.value(NFTA_BITWISE_MASK), let xor = attributes.value(NFTA_BITWISE_XOR)
        else { return nil }
        self.init(mask: mask, xor: xor, source: source, destination: destination)
    }

    func encode(into attributes: inout AttributeWriter) {
        attributes.register(NFTA_BITWISE_SREG, source)
        attributes.register(NFTA_BITWISE_DREG, destination)
        attributes.u32(NFTA_BITWISE_LEN, UInt32(mask.count))
        attributes.u32(NFTA_BITWISE_OP, NFT_BITWISE_MASK_XOR.rawValue)
        attributes.value(NFTA_BITWISE_MASK, mask)
        attributes.value(NFTA_BITWISE_XOR, xor)
    }
}

extension ByteOrderConversion: ExpressionCoding {
    static let kernelName = "byteorder"

    init?(from attributes: Attributes) {
        guard let source = attributes.register(NFTA_BYTEORDER_SREG),
            let destination = attributes.register(NFTA_BYTEORDER_DREG),
            let conversion = attributes.u32(NFTA_BYTEORDER_OP), let length = attributes.u32(NFTA_BYTEORDER_LEN),
            let size = attributes.u32(NFTA_BYTEORDER_SIZE)
        else { return nil }
        self.init(
            toNetwork: conversion == NFT_BYTEORDER_HTON.rawValue, length: length, size: size, source: source,
            destination: destination)
    }

    func encode(into attributes: inout AttributeWriter) {
        attributes.register(NFTA_BYTEORDER_SREG, source)
        attributes.register(NFTA_BYTEORDER_DREG, destination)
        attributes.u32(NFTA_BYTEORDER_OP, (toNetwork ? NFT_BYTEORDER_HTON : NFT_BYTEORDER_NTOH).rawValue)
        attributes.u32(NFTA_BYTEORDER_LEN, length)
        attributes.u32(NFTA_BYTEORDER_SIZE, size)
    }
}
