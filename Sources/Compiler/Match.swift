internal import Addressing
internal import Rulesets

/// Matches as nft 1.0.6 encodes them in the inet family, so that `nft list` shows them in their usual notation.
enum Match {
    /// The protocol number of ICMP, RFC 792.
    static let icmpProtocol: UInt8 = 1
    /// The protocol number of IGMP, RFC 3376 4.
    static let igmpProtocol: UInt8 = 2
    /// The protocol number of ICMPv6, RFC 4443.
    static let icmpv6Protocol: UInt8 = 58
    /// The type of an echo request of ICMP, RFC 792.
    static let icmpEcho: UInt8 = 8
    /// The type of an echo request of ICMPv6, RFC 4443 4.1.
    static let icmpv6Echo: UInt8 = 128
    /// The index of `lo` in every network namespace: `LOOPBACK_IFINDEX` of the kernel's `include/net/flow.h`.
    static let loopbackIndex: UInt32 = 1
    /// `IPS_CONFIRMED` of `linux/netfilter/nf_conntrack_common.h`.
    private static let confirmed: UInt32 = 1 << 3
    /// `IPS_DST_NAT` of `linux/netfilter/nf_conntrack_common.h`.
    private static let destinationNat: UInt32 = 1 << 5

    /// Packets of this family.
    static func family(_ family: AddressFamily) -> [Expression] {
        let number = family == .ipv4 ? TableFamily.ipv4 : TableFamily.ipv6
        return [.meta(.networkProtocol, into: .first), .compare(Comparison([number.rawValue]))]
    }

    /// Packets of this transport protocol.
    static func transport(_ number: UInt8) -> [Expression] {
        [.meta(.transportProtocol, into: .first), .compare(Comparison([number]))]
    }

    /// Packets from an address of this range.
    static func source(_ range: ClosedRange<UInt32>) -> [Expression] {
        family(.ipv4) + field(offset: ipv4SourceOffset, range)
    }

    /// Packets from an address of this range.
    static func source(_ range: ClosedRange<UInt128>) -> [Expression] {
        family(.ipv6) + field(offset: ipv6SourceOffset, range)
    }

    /// Packets to an address of this range.
    static func destination(_ range: ClosedRange<UInt32>) -> [Expression] {
        family(.ipv4) + field(offset: ipv4DestinationOffset, range)
    }

    /// Packets to an address of this range.
    static func destination(_ range: ClosedRange<UInt128>) -> [Expression] {
        family(.ipv6) + field(offset: ipv6DestinationOffset, range)
    }

    /// The load of the destination address, with the match on its family.
    static func destinationLoad(_ family: AddressFamily) -> [Expression] {
        let (offset, length): (UInt32, UInt32) =
            family == .ipv4 ? (ipv4DestinationOffset, 4) : (ipv6DestinationOffset, 16)
        return self.family(family) + [.payload(Payload(base: .network, offset: offset, length: length))]
    }

    /// Connections that were dialled at an address of this range.
    static func dialled(_ range: ClosedRange<UInt32>) -> [Expression] { dialledLoad(.ipv4) + comparison(range) }

    /// Connections that were dialled at an address of this range.
    static func dialled(_ range: ClosedRange<UInt128>) -> [Expression] { dialledLoad(.ipv6) + comparison(range) }

    /// The load of the address that was dialled; it ends the rule for connections of the other family.
    static func dialledLoad(_ family: AddressFamily) -> [Expression] {
        [.conntrack(ConntrackLoad(family == .ipv4 ? .destinationIPv4 : .destinationIPv6, direction: 0))]
    }

    /// Packets to an address in the set.
    static func destination(in set: String, _ family: AddressFamily) -> [Expression] {
        destinationLoad(family) + [.lookup(Lookup(.named(set)))]
    }

    /// Packets with an address in the set.
    static func address(_ field: SourceMatch.Field, in set: String, _ family: AddressFamily) -> [Expression] {
        field == .source ? source(in: set, family) : destination(in: set, family)
    }

    /// Packets from an address in the set.
    static func source(in set: String, _ family: AddressFamily) -> [Expression] {
        self.family(family) + [sourceLoad(family), .lookup(Lookup(.named(set)))]
    }

    /// The offsets of the addresses in the network header in bytes: RFC 791 3.1, RFC 8200 3.
    private static let ipv4SourceOffset: UInt32 = 12
    private static let ipv6SourceOffset: UInt32 = 8
    private static let ipv4DestinationOffset: UInt32 = 16
    private static let ipv6DestinationOffset: UInt32 = 24

    /// The load of the source address.
    static func sourceLoad(_ family: AddressFamily) -> Expression {
        family == .ipv4
            ? .payload(Payload(base: .network, offset: ipv4SourceOffset, length: 4))
            : .payload(Payload(base: .network, offset: ipv6SourceOffset, length: 16))
    }

    /// The load of what counts as one source: the IPv4 address, or the /64 of the IPv6 address.
    static func sourceKey(_ family: AddressFamily) -> [Expression] {
        guard family == .ipv6 else { return [sourceLoad(family)] }
        let mask = [UInt8](repeating: 0xff, count: 8) + [UInt8](repeating: 0, count: 8)
        return [sourceLoad(family), .bitwise(BitwiseMask(mask: mask))]
    }

    /// The load of a hash of the source address, from 0 to one less than the modulus.
    static func hashOfSource(_ family: AddressFamily, modulus: UInt32, seed: UInt32) -> [Expression] {
        let (offset, length): (UInt32, UInt32) =
            family == .ipv4 ? (ipv4SourceOffset, 4) : (ipv6SourceOffset, 16)
        return [
            .payload(Payload(base: .network, offset: offset, length: length, into: .second)),
            .number(NumberGenerator(.hash(of: .second, length: length, seed: seed), modulus: modulus)),
        ]
    }

    /// Packets that arrive on an interface with this name.
    static func interface(_ pattern: InterfacePattern) -> [Expression] {
        [.meta(.inputInterfaceName, into: .first), interfaceName(pattern)]
    }

    /// The comparison of the name of an interface.
    static func interfaceName(_ pattern: InterfacePattern) -> Expression {
        let name = Array(pattern.name.utf8)
        // A prefix is compared only in its own length; a whole name is compared with its padding of NULs.
        let padding = pattern.isPrefix ? 0 : InterfacePattern.maximumLength + 1 - name.count
        return .compare(Comparison(name + Array(repeating: 0, count: padding)))
    }

    /// Packets that leave by an interface with this name.
    static func outputInterface(_ pattern: InterfacePattern) -> [Expression] {
        [.meta(.outputInterfaceName, into: .first)] + interface(pattern).dropFirst()
    }

    /// Packets that leave by the loopback interface; no packet that arrives has an output interface before it is routed.
    static let leavesByLoopback: [Expression] = [
        .meta(.outputInterface, into: .first), .compare(Comparison(loopbackIndex.hostOrderBytes)),
    ]

    /// Packets of this host to an address of its own.
    static let isToThisHost = destination(local, .destination)

    /// Packets that this host sends to itself.
    static let isFromThisHost: [Expression] = [
        .meta(.inputInterface, into: .first), .compare(Comparison(loopbackIndex.hostOrderBytes)),
    ]

    /// Packets of a family whose time to live, or hop limit, is this.
    static func hopLimit(_ limit: UInt8, _ family: AddressFamily) -> [Expression] {
        // RFC 791 3.1, RFC 8200 3.
        let offset: UInt32 = family == .ipv4 ? 8 : 7
        return self.family(family) + [
            .payload(Payload(base: .network, offset: offset, length: 1)), .compare(Comparison([limit])),
        ]
    }

    /// ICMP messages of this type.
    static func icmp(type: UInt8) -> [Expression] { family(.ipv4) + transport(icmpProtocol) + firstByte(type) }

    /// ICMPv6 messages of this type.
    static func icmpv6(type: UInt8) -> [Expression] { family(.ipv6) + transport(icmpv6Protocol) + firstByte(type) }

    private static func firstByte(_ value: UInt8) -> [Expression] {
        [.payload(Payload(base: .transport, offset: 0, length: 1)), .compare(Comparison([value]))]
    }

    /// Packets at or after a time in seconds since 1970-01-01T00:00:00Z.
    static func isAtOrAfter(_ seconds: Int64) -> [Expression] { time(.greaterOrEqual, seconds) }

    /// Packets before a time in seconds since 1970-01-01T00:00:00Z.
    static func isBefore(_ seconds: Int64) -> [Expression] { time(.less, seconds) }

    private static func time(_ operator: Comparison.Operator, _ seconds: Int64) -> [Expression] {
        let second: UInt64 = 1_000_000_000
        let bytes = (min(UInt64(clamping: seconds), UInt64.max / second) * second).bigEndianBytes
        return [
            .meta(.time, into: .first), .byteOrder(ByteOrderConversion(toNetwork: true, length: 8, size: 8)),
            .compare(Comparison(`operator`, bytes)),
        ]
    }

    /// Connections whose destination another table has translated.
    static let isRedirected = status(destinationNat)

    /// Packets of a connection whose first packet was accepted.
    static let isConfirmed = status(confirmed)

    private static func status(_ bit: UInt32) -> [Expression] {
        [
            .conntrack(ConntrackLoad(.status)), .bitwise(BitwiseMask(mask: bit.hostOrderBytes)),
            .compare(Comparison(.notEqual, UInt32(0).hostOrderBytes)),
        ]
    }

    /// Connections whose destination no table has translated.
    static let isNotRedirected: [Expression] =
        isRedirected.dropLast() + [.compare(Comparison(UInt32(0).hostOrderBytes))]

    /// Packets that open a connection, or belong to one without a reply yet.
    static let isNew = state(ConntrackState.new)

    /// Packets in one of these states of `ConntrackState`.
    static func state(_ states: UInt32) -> [Expression] {
        [
            .conntrack(ConntrackLoad(.state)), .bitwise(BitwiseMask(mask: states.hostOrderBytes)),
            .compare(Comparison(.notEqual, UInt32(0).hostOrderBytes)),
        ]
    }

    /// Adds a label to the connection.
    static func set(_ label: Int) -> [Expression] {
        [.immediate(Immediate(ConntrackLabel.bytes(label), into: .first)), .setConntrack(ConntrackAssignment(.labels))]
    }

    /// Connections with a label.
    static func has(_ label: Int) -> [Expression] {
        [
            .conntrack(ConntrackLoad(.labels)), .bitwise(BitwiseMask(mask: ConntrackLabel.bytes(label))),
            .compare(Comparison(.notEqual, [UInt8](repeating: 0, count: ConntrackLabel.length))),
        ]
    }

    /// The types of a destination of `linux/rtnetlink.h`: `RTN_UNICAST`, `RTN_LOCAL`, `RTN_ANYCAST`.
    private static let (unicast, local, anycast): (UInt32, UInt32, UInt32) = (1, 2, 4)

    /// Packets to an address of this host: also to an anycast address, and to an address of a VRF, which Linux 5.10 and 6.1
    /// find only by the input interface.
    static let ownDestinations = [
        destination(local, .destination), destination(anycast, .destination),
        destination(local, [.destination, .inputInterface]),
    ]

    private static func destination(_ type: UInt32, _ flags: RouteLookup.Flags) -> [Expression] {
        [.route(RouteLookup(.addressType, flags: flags)), .compare(Comparison(type.hostOrderBytes))]
    }

    /// Packets to another host whose route does not lead back to the interface that they came by.
    static let leavesElsewhere: [Expression] =
        destination(unicast, .destination) + [
            .route(RouteLookup(.interface, flags: [.destination, .inputInterface, .isPresent])),
            // As nft encodes `missing`: the kernel stores a whole register.
            .compare(Comparison(Array(repeating: 0, count: MemoryLayout<UInt32>.size))),
        ]

    /// Packets that leave by a bridge.
    static let leavesByBridge: [Expression] = [
        .meta(.outputInterfaceKind, into: .first),
        .compare(Comparison(Array("bridge".utf8) + Array(repeating: 0, count: 10))),
    ]

    /// Packets from the end that opened the connection.
    static let isOriginalDirection: [Expression] = [
        .conntrack(ConntrackLoad(.direction)), .compare(Comparison([0])),
    ]

    /// A comparison of a field of the network header with a range, in nft's shortest form.
    private static func field<Bound: FixedWidthInteger>(
        offset: UInt32, _ range: ClosedRange<Bound>
    ) -> [Expression] {
        let lower = range.lowerBound.bigEndianBytes
        let upper = range.upperBound.bigEndianBytes
        let load = Expression.payload(Payload(base: .network, offset: offset, length: UInt32(lower.count)))
        guard let prefix = prefixLength(range) else {
            return [load, .compare(Comparison(.greaterOrEqual, lower)), .compare(Comparison(.lessOrEqual, upper))]
        }
        if prefix % 8 == 0 {
            // Whole bytes: a shorter load needs no mask.
            let short = Expression.payload(Payload(base: .network, offset: offset, length: UInt32(prefix / 8)))
            return [short, .compare(Comparison(Array(lower.prefix(prefix / 8))))]
        }
        let mask = zip(lower, upper).map { ~($0 ^ $1) }
        return [load, .bitwise(BitwiseMask(mask: mask)), .compare(Comparison(lower))]
    }

    /// The comparison of a whole address with a range, in nft's shortest form.
    private static func comparison<Bound: FixedWidthInteger>(_ range: ClosedRange<Bound>) -> [Expression] {
        let lower = range.lowerBound.bigEndianBytes
        let upper = range.upperBound.bigEndianBytes
        guard let prefix = prefixLength(range) else {
            return [.compare(Comparison(.greaterOrEqual, lower)), .compare(Comparison(.lessOrEqual, upper))]
        }
        // Whole bytes need no mask.
        if prefix % 8 == 0 { return [.compare(Comparison(Array(lower.prefix(prefix / 8))))] }
        return [.bitwise(BitwiseMask(mask: zip(lower, upper).map { ~($0 ^ $1) })), .compare(Comparison(lower))]
    }

    /// The length of the prefix that is exactly this range, from 1; `nil` if the range is not a prefix.
    private static func prefixLength<Bound: FixedWidthInteger>(_ range: ClosedRange<Bound>) -> Int? {
        let host = range.lowerBound ^ range.upperBound
        // The host bits are all zeros in the first address and all ones in the last.
        guard host != Bound.max, host & (host + 1) == 0, range.lowerBound & host == 0 else { return nil }
        return host.leadingZeroBitCount
    }
}
