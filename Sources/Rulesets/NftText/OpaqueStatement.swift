internal import Addressing

/// The text of an expression that is not modelled.
struct OpaqueStatement {
    let name: String
    let attributes: [UInt8]

    /// nft's notation for expressions without attributes.
    private static let words = ["notrack": "notrack"]

    /// nft's notation if it is known; else libnftnl's text or the attributes in hexadecimal, in brackets, which nft cannot load.
    func text(_ listing: String?) -> String {
        if attributes.isEmpty { return Self.words[name] ?? "[\(listing ?? name)]" }
        return "[\(listing ?? "\(name) \(DataType.integer.text(attributes))")]"
    }

    /// Whether the expression of this listing writes a data register: `rt load nexthop4 => reg 1`, `hash reg 1 = jhash(…)`.
    static func writesRegister(_ listing: String?) -> Bool {
        guard let listing else { return false }
        return listing.contains("=> reg ") || listing.split(separator: " ").prefix(4).last == "="
    }

    /// The field that the expression sets from a register: `meta mark set …`.
    var assignment: (field: LoadedField, source: Register)? {
        let (key, metaSource, conntrackSource): (UInt16, UInt16, UInt16) = (2, 3, 4)  // NFTA_META_… and NFTA_CT_…
        switch name {
        case "meta":
            guard let numbers = numbers([key, metaSource]) else { return nil }
            return (LoadedField(MetaKey(rawValue: numbers[0])), Register(rawValue: numbers[1]))
        case "ct":
            guard let numbers = numbers([key, conntrackSource]) else { return nil }
            let load = ConntrackLoad(ConntrackLoad.Key(rawValue: numbers[0]))
            return (LoadedField(load), Register(rawValue: numbers[1]))
        default: return nil
        }
    }

    /// The mark that it sets from a register; `nil` for another statement.
    var assignedMark: (owner: MarkOwner, source: Register)? {
        let (key, metaSource, conntrackSource): (UInt16, UInt16, UInt16) = (2, 3, 4)  // NFTA_META_… and NFTA_CT_…
        guard let numbers else { return nil }
        switch name {
        case "meta" where numbers[key] == MetaKey.mark.rawValue:
            return numbers[metaSource].map { (.packet, Register(rawValue: $0)) }
        case "ct" where numbers[key] == ConntrackLoad.Key.mark.rawValue:
            return numbers[conntrackSource].map { (.connection, Register(rawValue: $0)) }
        default: return nil
        }
    }

    /// The masquerade; `nil` for another statement: `NFTA_MASQ_…` of `linux/netfilter/nf_tables.h`.
    var masquerade: MasqueradeStatement? {
        guard name == "masq", let numbers, Set(numbers.keys).isSubset(of: [1, 2, 3]) else { return nil }
        let ports = numbers[2].map { first in
            RegisterPair(first: Register(rawValue: first), last: Register(rawValue: numbers[3] ?? first))
        }
        return MasqueradeStatement(ports: ports, flags: numbers[1] ?? 0)
    }

    /// The numbers of the attributes of these types; `nil` unless the expression has exactly those, in any order.
    private func numbers(_ types: [UInt16]) -> [UInt32]? {
        guard let numbers, numbers.count == types.count else { return nil }
        let found = types.compactMap { numbers[$0] }
        return found.count == types.count ? found : nil
    }

    /// The numbers of all attributes by type; `nil` unless each attribute is a number of 4 bytes.
    private var numbers: [UInt16: UInt32]? {
        let length = 8
        guard attributes.count.isMultiple(of: length) else { return nil }
        var found: [UInt16: UInt32] = [:]
        for start in stride(from: 0, to: attributes.count, by: length) {
            let bytes = attributes[start..<(start + length)]
            guard UInt16(hostOrderBytes: Array(bytes.prefix(2))) == length else { return nil }
            let type = UInt16(hostOrderBytes: Array(bytes.dropFirst(2).prefix(2)))
            found[type] = UInt32(bigEndianBytes: Array(bytes.suffix(4)))
        }
        return found
    }
}
