internal import Addressing

extension ExtensionStructure {
    /// `struct xt_mark_mtinfo1` and `struct xt_connmark_mtinfo1`: mark, mask, inversion.
    func markMatch(_ load: Expression) -> [Expression]? {
        guard let mark = number(UInt32.self, at: 0), let mask = number(UInt32.self, at: 4),
            let inversion = bytes(8, 1)
        else { return nil }
        return [
            load, .bitwise(BitwiseMask(mask: mask.hostOrderBytes)),
            .compare(Comparison(inversion[0] == 0 ? .equal : .notEqual, mark.hostOrderBytes)),
        ]
    }

    /// `struct xt_pkttype_info`: `PACKET_…`, inversion.
    var packetTypeMatch: [Expression]? {
        guard let type = number(UInt32.self, at: 0), let number = UInt8(exactly: type),
            let inversion = self.number(UInt32.self, at: 4)
        else { return nil }
        return [
            .meta(.packetType, into: .first), .compare(Comparison(inversion == 0 ? .equal : .notEqual, [number])),
        ]
    }

    /// `struct xt_mark_tginfo2`: mark, mask of the bits to replace.
    var markTarget: [Expression]? {
        guard let mark = number(UInt32.self, at: 0), let mask = number(UInt32.self, at: 4) else { return nil }
        return [
            .meta(.mark, into: .first),
            .bitwise(BitwiseMask(mask: (~mask).hostOrderBytes, xor: mark.hostOrderBytes)), .setPacketMark(from: .first),
        ]
    }

    /// `struct xt_connmark_tginfo1` and `struct xt_connmark_tginfo2`: mark, mask of the connection's mark, mask of the
    /// packet's mark, of revision 2 a shift and its bits, the mode.
    func connectionMarkTarget(modeOffset: Int) -> [Expression]? {
        guard let mark = number(UInt32.self, at: 0), let connectionMask = number(UInt32.self, at: 4),
            let packetMask = number(UInt32.self, at: 8), let mode = bytes(modeOffset, 1)?[0],
            let shift = bytes(12, modeOffset - 12)
        else { return nil }
        let isPlain = shift.allSatisfy { $0 == 0 }
        let (set, save, restore): (UInt8, UInt8, UInt8) = (0, 1, 2)  // XT_CONNMARK_…
        func assignment(_ register: Register) -> Expression {
            mode == restore
                ? .setPacketMark(from: register) : .setConntrack(ConntrackAssignment(.mark, from: register))
        }
        func replacing(_ load: Expression, _ mask: UInt32, _ flips: UInt32 = 0) -> [Expression] {
            [
                load, .bitwise(BitwiseMask(mask: mask.hostOrderBytes, xor: flips.hostOrderBytes)),
                assignment(.first),
            ]
        }
        switch mode {
        case set where isPlain: return replacing(.conntrack(ConntrackLoad(.mark)), ~connectionMask, mark)
        case save where isPlain && connectionMask == .max: return replacing(.meta(.mark, into: .first), packetMask)
        case restore where isPlain && packetMask == .max:
            return replacing(.conntrack(ConntrackLoad(.mark)), connectionMask)
        // Bits of both marks: the result is the value of a register that is not written, which is unknown.
        case set, save, restore: return [assignment(Register(rawValue: 4))]
        default: return nil
        }
    }
}

extension Expression {
    /// `meta mark set` the value of a register: `NFTA_META_KEY` and `NFTA_META_SREG` of `linux/netfilter/nf_tables.h`.
    public static func setPacketMark(from register: Register) -> Expression {
        func attribute(_ type: UInt16, _ value: UInt32) -> [UInt8] {
            let length: UInt16 = 8
            return length.hostOrderBytes + type.hostOrderBytes + value.bigEndianBytes
        }
        return .opaque(name: "meta", attributes: attribute(2, MetaKey.mark.rawValue) + attribute(3, register.rawValue))
    }
}
