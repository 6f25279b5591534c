internal import CNftnl
internal import Rulesets

extension Verdict {
    /// The verdict's code: `NF_…` of `linux/netfilter.h`, `NFT_…` of `linux/netfilter/nf_tables.h`.
    var code: Int32 {
        switch self {
        case .accept: NF_ACCEPT
        case .drop: NF_DROP
        case .continue: NFT_CONTINUE.rawValue
        case .return: NFT_RETURN.rawValue
        case .jump: NFT_JUMP.rawValue
        case .goto: NFT_GOTO.rawValue
        case .other(let code): code
        }
    }

    /// Decodes the attributes of a verdict; `nil` if it needs a chain and has none.
    init?(from attributes: Attributes) {
        guard let code = attributes.u32(NFTA_VERDICT_CODE).map(Int32.init(bitPattern:)) else { return nil }
        let chain = attributes.name(NFTA_VERDICT_CHAIN)
        switch (code, chain) {
        case (NF_ACCEPT, nil): self = .accept
        case (NF_DROP, nil): self = .drop
        case (NFT_CONTINUE.rawValue, nil): self = .continue
        case (NFT_RETURN.rawValue, nil): self = .return
        case (NFT_JUMP.rawValue, let chain?): self = .jump(chain)
        case (NFT_GOTO.rawValue, let chain?): self = .goto(chain)
        case (_, nil): self = .other(code)
        default: return nil
        }
    }
}

/// A load of a constant into a register, or a verdict: both are the kernel's expression `immediate`.
enum ImmediateLoad: ExpressionCoding {
    static let kernelName = "immediate"

    /// A constant.
    case value(Immediate)
    /// A verdict.
    case verdict(Verdict)

    init?(from attributes: Attributes) {
        guard let destination = attributes.register(NFTA_IMMEDIATE_DREG) else { return nil }
        if destination == .verdict, let verdict = attributes.verdict(NFTA_IMMEDIATE_DATA) {
            self = .verdict(verdict)
        } else if destination != .verdict, let value = attributes.value(NFTA_IMMEDIATE_DATA) {
            self = .value(Immediate(value, into: destination))
        } else {
            return nil
        }
    }

    func encode(into attributes: inout AttributeWriter) {
        switch self {
        case .value(let load):
            attributes.register(NFTA_IMMEDIATE_DREG, load.destination)
            attributes.value(NFTA_IMMEDIATE_DATA, load.value)
        case .verdict(let verdict):
            attributes.register(NFTA_IMMEDIATE_DREG, .verdict)
            attributes.verdict(NFTA_IMMEDIATE_DATA, verdict)
        }
    }

    /// The load as an expression of a rule.
    var expression: Expression {
        switch self {
        case .value(let load): .immediate(load)
        case .verdict(let verdict): .verdict(verdict)
        }
    }
}

extension AttributeWriter {
    /// Encodes a constant; its bytes are in memory order.
    mutating func value(_ type: some RawRepresentable<UInt32>, _ value: some Collection<UInt8>) {
        nest(type) { $0.bytes(NFTA_DATA_VALUE, value) }
    }

    /// Encodes a verdict.
    mutating func verdict(_ type: some RawRepresentable<UInt32>, _ verdict: Verdict) {
        nest(type) { data in
            data.nest(NFTA_DATA_VERDICT) { attributes in
                attributes.u32(NFTA_VERDICT_CODE, UInt32(bitPattern: verdict.code))
                if let target = verdict.target { attributes.name(NFTA_VERDICT_CHAIN, target) }
            }
        }
    }
}

extension Attributes {
    /// A constant in memory order; `nil` if the attribute holds anything else.
    func value(_ type: some RawRepresentable<UInt32>) -> [UInt8]? { nest(type)?.soleValue }

    /// The constant, if it is the only attribute.
    var soleValue: [UInt8]? {
        guard isSole, let value = self[NFTA_DATA_VALUE] else { return nil }
        return Array(value)
    }

    /// A verdict; `nil` if the attribute holds anything else.
    func verdict(_ type: some RawRepresentable<UInt32>) -> Verdict? { nest(type)?.soleVerdict }

    /// The verdict, if it is the only attribute.
    var soleVerdict: Verdict? {
        guard isSole else { return nil }
        return nest(NFTA_DATA_VERDICT).flatMap { Verdict(from: $0) }
    }
}
