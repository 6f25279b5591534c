internal import Addressing

/// The match `conntrack` of iptables: `struct xt_conntrack_mtinfo2`, and `struct xt_conntrack_mtinfo3`, which has ranges of
/// ports.
///
/// Eight addresses and masks, two times, the protocol, four ports, flags of the tests, flags of inversions, bits of states,
/// bits of statuses, of revision 3 the upper ends of the ports.
struct ConntrackMatch {
    /// A test, `XT_CONNTRACK_…`.
    private struct Test: OptionSet {
        let rawValue: UInt16

        static let state = Self(rawValue: 1)
        static let transport = Self(rawValue: 2)
        static let source = Self(rawValue: 4)
        static let destination = Self(rawValue: 8)
        static let status = Self(rawValue: 0x40)
        static let destinationPort = Self(rawValue: 0x200)
        static let direction = Self(rawValue: 0x1000)
        /// The match is written as `state`: no test.
        static let alias = Self(rawValue: 0x2000)

        static let known: Self = [
            .state, .transport, .source, .destination, .status, .destinationPort, .direction, .alias,
        ]
    }

    private static let invalid: UInt16 = 1
    private static let sourceTranslated: UInt16 = 1 << 6
    private static let destinationTranslated: UInt16 = 1 << 7
    private static let untracked: UInt16 = 1 << 8

    private let structure: ExtensionStructure
    private let hasRanges: Bool
    private let family: TableFamily
    private let tests: Test
    private let inversions: Test
    private let states: UInt16
    private let statuses: UInt16

    /// `nil` for a structure that is too short.
    init?(_ structure: ExtensionStructure, _ revision: UInt32, _ family: TableFamily) {
        self.structure = structure
        self.family = family
        hasRanges = revision > 2
        let numbers = (0..<4).compactMap { structure.number(UInt16.self, at: 146 + 2 * $0) }
        guard numbers.count == 4 else { return nil }
        (tests, inversions) = (Test(rawValue: numbers[0]), Test(rawValue: numbers[1]))
        (states, statuses) = (numbers[2], numbers[3])
    }

    /// The native expressions; `nil` if there are none.
    var expressions: [Expression]? {
        guard Test.known.isSuperset(of: tests), tests.subtracting(.alias) != [] else { return nil }
        // Without a connection a match on its state ignores the other tests (`conntrack_mt`).
        let mayHaveNone = states & (Self.invalid | Self.untracked) != 0 || inversions.contains(.state)
        guard tests.subtracting([.state, .alias]) == [] || !tests.contains(.state) || !mayHaveNone else { return nil }
        let parts = [
            (Test.state, state), (.direction, direction), (.source, address(at: 0, 19, 21)),
            (.destination, address(at: 32, 20, 22)), (.transport, transport), (.destinationPort, destinationPort),
            (.status, test(of: UInt32(statuses), .status)),
        ]
        let wanted = parts.filter { tests.contains($0.0) }.map(\.1)
        return wanted.contains { $0 == nil } ? nil : wanted.flatMap { $0 ?? [] }
    }

    private func equality(_ test: Test) -> Comparison.Operator { inversions.contains(test) ? .notEqual : .equal }

    /// States, or one translation; both need an "or" of two loads.
    private var state: [Expression]? {
        let (source, destination): (UInt32, UInt32) = (1 << 4, 1 << 5)  // IPS_SRC_NAT, IPS_DST_NAT
        switch states {
        case Self.sourceTranslated: return test(of: source, .state)
        case Self.destinationTranslated: return test(of: destination, .state)
        case Self.sourceTranslated | Self.destinationTranslated: return test(of: source | destination, .state)
        default: return ExtensionStructure.states(states, isInverted: inversions.contains(.state))
        }
    }

    /// A test of bits of the status.
    private func test(of bits: UInt32, _ test: Test) -> [Expression]? {
        [
            .conntrack(ConntrackLoad(.status)), .bitwise(BitwiseMask(mask: bits.hostOrderBytes)),
            .compare(Comparison(inversions.contains(test) ? .equal : .notEqual, [0, 0, 0, 0])),
        ]
    }

    /// The direction is original, unless the test is inverted.
    private var direction: [Expression]? {
        [.conntrack(ConntrackLoad(.direction)), .compare(Comparison(equality(.direction), [0]))]
    }

    /// An address and its mask at an offset, of the original direction; the keys of `ct` are `NFT_CT_…`.
    private func address(at offset: Int, _ ipv4: UInt32, _ ipv6: UInt32) -> [Expression]? {
        let isIPv4 = family == .ipv4
        let length = isIPv4 ? 4 : 16
        guard let value = structure.bytes(offset, length), let mask = structure.bytes(offset + 16, length) else {
            return nil
        }
        let test: Test = offset == 0 ? .source : .destination
        return [
            .conntrack(ConntrackLoad(.init(rawValue: isIPv4 ? ipv4 : ipv6), direction: 0)),
            .bitwise(BitwiseMask(mask: mask)), .compare(Comparison(equality(test), value)),
        ]
    }

    private var transport: [Expression]? {
        structure.number(UInt16.self, at: 136).map {
            [
                .conntrack(ConntrackLoad(.init(rawValue: 10), direction: 0)),  // NFT_CT_PROTOCOL
                .compare(Comparison(equality(.transport), [UInt8(truncatingIfNeeded: $0)])),
            ]
        }
    }

    /// The port that was dialled: with ranges in host byte order, otherwise in network byte order.
    private var destinationPort: [Expression]? {
        guard let bytes = structure.bytes(140, 2) else { return nil }
        let load = Expression.conntrack(ConntrackLoad(.destinationPort, direction: 0))
        guard hasRanges else { return [load, .compare(Comparison(equality(.destinationPort), bytes))] }
        guard let lower = structure.number(UInt16.self, at: 140), let upper = structure.number(UInt16.self, at: 156)
        else { return nil }
        let range = RangeComparison(
            isInverted: inversions.contains(.destinationPort), source: .first, lower: lower.bigEndianBytes,
            upper: upper.bigEndianBytes)
        return [load, .range(range)]
    }
}

extension ExtensionStructure {
    /// `struct xt_state_info`: bits of states.
    var stateMatch: [Expression]? {
        number(UInt32.self, at: 0).flatMap { Self.states(UInt16(truncatingIfNeeded: $0), isInverted: false) }
    }

    /// A match on bits of `XT_CONNTRACK_STATE_BIT`; `nil` if one is of a translation, which is not a state in nf_tables.
    static func states(_ bits: UInt16, isInverted: Bool) -> [Expression]? {
        let common: UInt16 = 0b1111  // invalid, established, related, new
        let untracked: UInt16 = 1 << 8
        guard bits & ~(common | untracked) == 0 else { return nil }
        let mask = UInt32(bits & common) | (bits & untracked == 0 ? 0 : ConntrackState.untracked)
        let zero = [UInt8](repeating: 0, count: 4)
        return [
            .conntrack(ConntrackLoad(.state)), .bitwise(BitwiseMask(mask: mask.hostOrderBytes)),
            .compare(Comparison(isInverted ? .equal : .notEqual, zero)),
        ]
    }
}
