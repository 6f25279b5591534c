internal import Addressing

/// A key of `meta`; the raw value is `NFT_META_…` of `linux/netfilter/nf_tables.h`.
public struct MetaKey: RawRepresentable, Hashable, Sendable {
    /// The number.
    public var rawValue: UInt32

    /// The key with this number, which may be unknown.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The mark of the packet: 4 bytes, host byte order.
    public static let mark = Self(rawValue: 3)
    /// The index of the input interface: 4 bytes, host byte order.
    public static let inputInterface = Self(rawValue: 4)
    /// The index of the output interface: 4 bytes, host byte order.
    public static let outputInterface = Self(rawValue: 5)
    /// The name of the input interface: 16 bytes, padded with NUL.
    public static let inputInterfaceName = Self(rawValue: 6)
    /// The name of the output interface: 16 bytes, padded with NUL.
    public static let outputInterfaceName = Self(rawValue: 7)
    /// The hardware type of the input interface, `ARPHRD_…` of `linux/if_arp.h`: 2 bytes, host byte order.
    public static let inputInterfaceType = Self(rawValue: 8)
    /// The number of the user of the socket: 4 bytes, host byte order; a packet without a socket has none.
    public static let socketUser = Self(rawValue: 10)
    /// The address family, `NFPROTO_…`: 1 byte.
    public static let networkProtocol = Self(rawValue: 15)
    /// The transport protocol, `IPPROTO_…`: 1 byte.
    public static let transportProtocol = Self(rawValue: 16)
    /// The type of the packet, `PACKET_…` of `linux/if_packet.h`: 1 byte.
    public static let packetType = Self(rawValue: 19)
    /// The kind of the output interface, such as `bridge`: 16 bytes, padded with NUL.
    public static let outputInterfaceKind = Self(rawValue: 27)
    /// The time in nanoseconds since 1970-01-01T00:00:00Z: 8 bytes, host byte order; kernel 5.4 or later.
    public static let time = Self(rawValue: 30)
}

/// A load of bytes of the packet, `payload`.
public struct Payload: Hashable, Sendable {
    /// The header that an offset is relative to; the raw value is `NFT_PAYLOAD_…`.
    public struct Base: RawRepresentable, Hashable, Sendable {
        /// The number.
        public var rawValue: UInt32

        /// The base with this number, which may be unknown.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// The link-layer header.
        public static let link = Self(rawValue: 0)
        /// The network header.
        public static let network = Self(rawValue: 1)
        /// The transport header.
        public static let transport = Self(rawValue: 2)
    }

    /// The header that `offset` is relative to.
    public var base: Base
    /// The offset of the first byte.
    public var offset: UInt32
    /// The number of bytes.
    public var length: UInt32
    /// The register to write.
    public var destination: Register

    /// A load of these parts.
    public init(base: Base, offset: UInt32, length: UInt32, into destination: Register = .first) {
        self.base = base
        self.offset = offset
        self.length = length
        self.destination = destination
    }

    /// The offset after the last byte; wider than the parts, which a crafted file may have near 2^32.
    public var end: UInt64 { UInt64(offset) + UInt64(length) }
}

/// A load of a property of the connection, `ct`.
public struct ConntrackLoad: Hashable, Sendable {
    /// A property; the raw value is `NFT_CT_…`.
    public struct Key: RawRepresentable, Hashable, Sendable {
        /// The number.
        public var rawValue: UInt32

        /// The key with this number, which may be unknown.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// The state as one bit of `ConntrackState`: 4 bytes, host byte order.
        public static let state = Self(rawValue: 0)
        /// The direction, 0 for original and 1 for reply: 1 byte.
        public static let direction = Self(rawValue: 1)
        /// The bits `IPS_…` of `linux/netfilter/nf_conntrack_common.h`: 4 bytes, host byte order.
        public static let status = Self(rawValue: 2)
        /// The mark of the connection: 4 bytes, host byte order.
        public static let mark = Self(rawValue: 3)
        /// The destination port: 2 bytes, network byte order.
        public static let destinationPort = Self(rawValue: 12)
        /// The 128 labels, one bit each: 16 bytes.
        public static let labels = Self(rawValue: 13)
        /// The number of the zone: 2 bytes, host byte order.
        public static let zone = Self(rawValue: 17)
        /// The destination address of IPv4: 4 bytes, network byte order.
        public static let destinationIPv4 = Self(rawValue: 20)
        /// The destination address of IPv6: 16 bytes, network byte order.
        public static let destinationIPv6 = Self(rawValue: 22)
    }

    /// The property.
    public var key: Key
    /// The direction, 0 for original and 1 for reply; `nil` for a property of both.
    public var direction: UInt8?
    /// The register to write.
    public var destination: Register

    /// A load of these parts.
    public init(_ key: Key, direction: UInt8? = nil, into destination: Register = .first) {
        self.key = key
        self.direction = direction
        self.destination = destination
    }
}

/// An assignment of a property of the connection, `ct … set`.
public struct ConntrackAssignment: Hashable, Sendable {
    /// The property; of the labels, those in the register are added to those that the connection has.
    public var key: ConntrackLoad.Key
    /// The direction, 0 for original and 1 for reply; `nil` for a property of both.
    public var direction: UInt8?
    /// The register with the value.
    public var source: Register

    /// An assignment of these parts.
    public init(_ key: ConntrackLoad.Key, direction: UInt8? = nil, from source: Register = .first) {
        self.key = key
        self.direction = direction
        self.source = source
    }
}

/// The labels of connections, `ct label`, as the kernel keeps them: words in host byte order.
public enum ConntrackLabel {
    /// The length of all labels in bytes.
    public static let length = 16

    /// The value with one label set.
    public static func bytes(_ label: Int) -> [UInt8] {
        precondition((0..<8 * length).contains(label), "a connection has 128 labels")
        let word = MemoryLayout<UInt32>.size
        return (0..<(length / word)).flatMap { index in
            (label / 32 == index ? UInt32(1) << UInt32(label % 32) : 0).hostOrderBytes
        }
    }

    /// The labels that a value has.
    public static func labels(_ bytes: [UInt8]) -> [Int] {
        let word = MemoryLayout<UInt32>.size
        return stride(from: 0, to: bytes.count, by: word).flatMap { start in
            let value = UInt32(hostOrderBytes: Array(bytes[start..<min(start + word, bytes.count)]))
            return (0..<32).filter { value & (1 << UInt32($0)) != 0 }.map { start * 8 + $0 }
        }
    }
}

/// The bits of `ct state`, `NF_CT_STATE_…_BIT` of `linux/netfilter/nf_conntrack_common.h`.
public enum ConntrackState {
    /// The packet belongs to no connection and cannot open one.
    public static let invalid: UInt32 = 1
    /// The packet belongs to a connection with packets in both directions.
    public static let established: UInt32 = 2
    /// The packet is related to a connection, as an ICMP error is.
    public static let related: UInt32 = 4
    /// The packet opens a connection, or belongs to one without a reply yet.
    public static let new: UInt32 = 8
    /// A rule excludes the packet from conntrack.
    public static let untracked: UInt32 = 64
}
