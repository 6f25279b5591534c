internal import Addressing
internal import Rulesets

/// A number that the kernel chooses for each packet: by `numgen`, or by `jhash` and `symhash`.
struct ChosenNumber {
    /// The possible numbers.
    let values: Range<UInt32>
    /// The register to write.
    let destination: Register

    /// The most numbers that are tried one by one.
    private static let most: UInt32 = 128

    /// The number of a generator; `nil` if it has no number to choose.
    init?(_ generator: NumberGenerator) {
        self.init(modulus: generator.modulus, offset: generator.offset, into: generator.destination)
    }

    /// The number of an expression with these netlink attributes, which is not modelled, such as that of `symhash`; `nil` for
    /// any other expression.
    init?(_ name: String, _ attributes: [UInt8]) {
        // `NFTA_NG_…` and `NFTA_HASH_…` of `linux/netfilter/nf_tables.h`.
        let types: (destination: UInt16, modulus: UInt16, offset: UInt16)
        switch name {
        case "numgen": types = (1, 2, 4)
        case "hash": types = (2, 4, 6)
        default: return nil
        }
        guard let register = attributes.number(types.destination), let modulus = attributes.number(types.modulus)
        else { return nil }
        self.init(
            modulus: modulus, offset: attributes.number(types.offset) ?? 0, into: Register(rawValue: register))
    }

    private init?(modulus: UInt32, offset: UInt32, into destination: Register) {
        let end = offset.addingReportingOverflow(modulus)
        guard modulus > 0, !end.overflow else { return nil }
        values = offset..<end.partialValue
        self.destination = destination
    }

    /// The load: 4 bytes in host byte order.
    var load: Load {
        guard values.count <= Self.most else { return .value(.unknown(4), destination) }
        return .choice(values.map { [SymbolicByte](constants: $0.hostOrderBytes) }, destination)
    }
}
