internal import Addressing
internal import Rulesets

/// The properties of a packet that change from hook to hook.
struct PacketState: Hashable {
    /// The state of the packet in conntrack.
    enum Tracking: Hashable {
        /// Conntrack has not seen it yet.
        case before
        /// It opens a connection.
        case new
        /// A rule excludes it from conntrack.
        case excluded
        /// It is a reply in another zone than its connection, to which conntrack does not count it.
        case separate
        /// It is a reply of which it is not known whether conntrack counts it to its connection.
        case unknown
    }

    /// The state in conntrack.
    var tracking = Tracking.before
    /// Whether conntrack never tracks packets of this kind.
    var isUntrackable = false
    /// The zones in which conntrack looks for its connection.
    var zones = ConntrackZones()
    /// The zones of its connection; `nil` for a packet that is no reply, and for a reply of another host.
    var expected: ConntrackZones?
    /// The destination port in the header in network byte order; after a translation it differs from the dialled port.
    var headerPort: [SymbolicByte] = .dialledPort
    /// The source address in the header in network byte order, if a rule has translated it.
    var source: [SymbolicByte]?
    /// The destination address in the header in network byte order; `nil` for any address of this host.
    var destination: [SymbolicByte]?
    /// The address that the client dialled; `nil` for any address of this host.
    var dialled: [SymbolicByte]?
    /// Whether a rule has translated the destination.
    var isTranslated = false
    /// Whether the packet is forwarded to another host.
    var isForwarded = false
    /// The marks of the packet and of its connection.
    var marks = Marks()
    /// The labels of the connection, none at the start; `nil` if they are unknown.
    var labels: [UInt8]? = Array(repeating: 0, count: ConntrackLabel.length)

    /// Hashes what differs most between packets.
    func hash(into hasher: inout Hasher) {
        hasher.combine(tracking)
        hasher.combine(isForwarded)
        guard isTranslated else { return }
        for byte in destination ?? [] { hasher.combine(byte.flip) }
        for byte in headerPort { hasher.combine(byte.flip) }
    }

    /// Whether packets of both states are the same for a rule that does not read where they go.
    func isLike(_ other: PacketState) -> Bool {
        tracking == other.tracking && isTranslated == other.isTranslated && isForwarded == other.isForwarded
            && marks == other.marks && labels == other.labels && source == other.source && zones == other.zones
            && expected == other.expected
    }

    /// The address to which a rule sends it; `nil` for this host's, and if it is not known.
    var target: IPAddress? {
        guard isTranslated, isForwarded else { return nil }
        return destination?.constants.flatMap(IPAddress.init(bigEndianBytes:))
    }

    /// A packet that another table has already redirected to an unknown destination; it has every label, so that rules
    /// take it for one that was dialled at an address of this host.
    static let published = PacketState(
        tracking: .new, headerPort: .unknown(2), isTranslated: true, isForwarded: true,
        labels: Array(repeating: .max, count: ConntrackLabel.length))
}

extension PacketPath {
    /// The state in which packets start on the path.
    var start: PacketState {
        switch self {
        case .arriving, .leaving: PacketState()
        case .published: .published
        case .routed(let address):
            PacketState(
                destination: [SymbolicByte](constants: address.bigEndianBytes),
                dialled: [SymbolicByte](constants: address.bigEndianBytes), isForwarded: true)
        }
    }
}

extension PacketState {
    /// The address that the client dialled, which conntrack keeps when a rule translates it.
    func dialled(_ family: AddressFamily) -> [SymbolicByte] {
        dialled ?? (0..<(family == .ipv4 ? 4 : 16) as Range<UInt8>).map { SymbolicByte(.destination($0)) }
    }

    /// Adds labels to the connection.
    ///
    /// Without a connection there are none. Labels that are no constants are unknown.
    mutating func add(labels value: [SymbolicByte]) {
        guard tracking == .new else { return }
        guard let added = value.constants, let old = labels else {
            labels = nil
            return
        }
        labels = zip(old, added).map { $0 | $1 }
    }

    /// Replaces the destination by the values of the registers.
    ///
    /// The packet is forwarded unless the new address is a known address of this host or a loopback address.
    mutating func translate(
        _ addresses: RegisterPair?, _ ports: RegisterPair?, toThisHost: Bool, _ registers: RegisterFile,
        _ setting: Setting
    ) {
        isTranslated = true
        if let ports { headerPort = Self.value(ports, 2, registers) }
        if toThisHost { destination = nil }
        guard let addresses else { return }
        let address = Self.value(addresses, setting.family == .ipv4 ? 4 : 16, registers)
        destination = address
        let isOwn = address.constants.map(setting.own.contains) ?? false
        isForwarded = !isOwn && !Self.isLoopback(address, setting.family)
    }

    /// Replaces the source by the value of the registers, which later chains of the input hook see; other chains after a
    /// source translation see a packet that leaves.
    mutating func translateSource(_ addresses: RegisterPair?, _ registers: RegisterFile, _ setting: Setting) {
        guard let addresses, source == nil else { return }
        source = Self.value(addresses, setting.family == .ipv4 ? 4 : 16, registers)
    }

    /// The value of both registers; unknown if they differ.
    private static func value(_ pair: RegisterPair, _ count: Int, _ registers: RegisterFile) -> [SymbolicByte] {
        let first = registers.load(pair.first, count)
        return first == registers.load(pair.last, count) ? first : .unknown(count)
    }

    /// Whether the address is a loopback address: RFC 1122 3.2.1.3, RFC 4291 2.5.3.
    private static func isLoopback(_ address: [SymbolicByte], _ family: AddressFamily) -> Bool {
        guard let bytes = address.constants else { return false }
        return family == .ipv4 ? bytes.first == 127 : UInt128(bigEndianBytes: bytes) == 1
    }
}
