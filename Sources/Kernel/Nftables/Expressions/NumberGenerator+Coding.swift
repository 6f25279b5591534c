internal import CNftnl
internal import Rulesets

extension NumberGenerator {
    /// The kernel's name of the expression.
    var kernelName: String {
        switch method {
        case .turn, .random: Self.generatorName
        case .hash: Self.hashName
        }
    }

    static let generatorName = "numgen"
    static let hashName = "hash"

    /// Decodes a number of `numgen`; `nil` if an attribute is missing.
    init?(fromGenerator attributes: Attributes) {
        guard let destination = attributes.register(NFTA_NG_DREG), let modulus = attributes.u32(NFTA_NG_MODULUS),
            let type = attributes.u32(NFTA_NG_TYPE)
        else { return nil }
        let method: Method
        switch type {
        case UInt32(NFT_NG_INCREMENTAL.rawValue): method = .turn
        case UInt32(NFT_NG_RANDOM.rawValue): method = .random
        default: return nil
        }
        self.init(method, modulus: modulus, offset: attributes.u32(NFTA_NG_OFFSET) ?? 0, into: destination)
    }

    /// Decodes a number of `jhash`; `nil` if an attribute is missing, and for `symhash`.
    init?(fromHash attributes: Attributes) {
        guard attributes.u32(NFTA_HASH_TYPE) ?? NFT_HASH_JENKINS.rawValue == NFT_HASH_JENKINS.rawValue,
            let source = attributes.register(NFTA_HASH_SREG), let length = attributes.u32(NFTA_HASH_LEN),
            let destination = attributes.register(NFTA_HASH_DREG), let modulus = attributes.u32(NFTA_HASH_MODULUS)
        else { return nil }
        self.init(
            .hash(of: source, length: length, seed: attributes.u32(NFTA_HASH_SEED)), modulus: modulus,
            offset: attributes.u32(NFTA_HASH_OFFSET) ?? 0, into: destination)
    }

    func encode(into attributes: inout AttributeWriter) {
        switch method {
        case .turn, .random:
            attributes.register(NFTA_NG_DREG, destination)
            attributes.u32(NFTA_NG_MODULUS, modulus)
            attributes.u32(NFTA_NG_TYPE, (method == .turn ? NFT_NG_INCREMENTAL : NFT_NG_RANDOM).rawValue)
            attributes.u32(NFTA_NG_OFFSET, offset)
        case .hash(let source, let length, let seed):
            attributes.register(NFTA_HASH_SREG, source)
            attributes.register(NFTA_HASH_DREG, destination)
            attributes.u32(NFTA_HASH_LEN, length)
            attributes.u32(NFTA_HASH_MODULUS, modulus)
            if let seed { attributes.u32(NFTA_HASH_SEED, seed) }
            if offset != 0 { attributes.u32(NFTA_HASH_OFFSET, offset) }
            attributes.u32(NFTA_HASH_TYPE, NFT_HASH_JENKINS.rawValue)
        }
    }
}
