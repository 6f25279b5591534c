internal import Addressing
internal import Rulesets

/// What the packets under evaluation have in common from the first hook to the last.
struct Setting {
    /// The family.
    let family: AddressFamily
    /// The transport protocol.
    let transport: TransportProtocol
    /// The name of the interface: 16 bytes, NUL-padded.
    let interface: [UInt8]
    /// The circumstances.
    let circumstances: Circumstances
    /// The addresses that the packets can be sent to.
    let destinations: Destinations
    /// Whether the packets bring the data of an established connection; else they start one.
    let isEstablished: Bool

    init(
        family: AddressFamily, transport: TransportProtocol, interface: [UInt8], circumstances: Circumstances,
        isEstablished: Bool = false
    ) {
        self.family = family
        self.transport = transport
        self.interface = interface
        self.circumstances = circumstances
        self.isEstablished = isEstablished
        let isLoopback = interface.starts(with: Self.loopback)
        destinations = Destinations(circumstances.addresses, family, includingLoopback: isLoopback)
    }

    /// `lo` and the byte that ends it.
    private static let loopback = Array("lo\0".utf8)

    /// The number of the family, `NFPROTO_…`.
    var familyNumber: UInt8 { (family == .ipv4 ? TableFamily.ipv4 : .ipv6).rawValue }

    /// The name of the interface as a text.
    var interfaceName: String { String(decoding: interface.prefix { $0 != 0 }, as: UTF8.self) }

    /// The index of the interface, if it is known.
    var interfaceIndex: UInt32? {
        interfaceName == "lo" ? 1 : circumstances.interfaceIndices[interfaceName]
    }

    /// Whether tables of this family see the packets.
    func isSeen(by table: TableFamily) -> Bool { table == .inet || table.rawValue == familyNumber }
}

/// What changes about a packet on its way through the hooks.
struct Way: Hashable {
    /// What conntrack has made of the packet.
    enum Tracking: Hashable {
        /// It has not met it yet.
        case before
        /// It starts a connection.
        case new
        /// A rule keeps conntrack from it, or may do so.
        case unknown
    }

    /// Whether conntrack has met it.
    var tracking = Tracking.before
    /// The bytes of the destination port in the header: other than those dialled after a translation.
    var headerPort: [Octet] = .dialledPort
    /// The destination address in the header; `nil` for the one that the question leaves open.
    var destination: [Octet]?
    /// Whether a rule replaced the destination.
    var isTranslated = false
    /// Whether the packet leaves for another host.
    var isForwarded = false
    /// Whether marks are as they were at the start: zero.
    var hasMarks = false

    /// A connection that another table has redirected already: what it was redirected to is unknown.
    static let published = Way(
        tracking: .new, headerPort: .unknown(2), isTranslated: true, isForwarded: true)
}
