internal import Addressing
internal import Rulesets

/// The marks of a packet and of its connection, and the packet's type, which rules can set.
struct Marks: Hashable {
    /// The mark of the packet, `meta mark`: 4 bytes, host byte order.
    var packet = Self.none
    /// The mark of the connection, `ct mark`: 4 bytes, host byte order.
    var connection = Self.none
    /// The type of the packet that a rule has set; `nil` for the one with which it arrived.
    var packetType: SymbolicByte?

    private static let none = [SymbolicByte](constants: UInt32(0).hostOrderBytes)

    /// Whether the packet certainly has no mark.
    var isPacketUnmarked: Bool { packet == Self.none }
}

/// A mark, or a property like it, that a rule sets.
enum MarkKind {
    /// The mark of the packet.
    case packet
    /// The mark of the connection.
    case connection
    /// The type of the packet.
    case packetType
}

extension PacketState {
    /// Sets a mark to the value of a register; to any value if there is none.
    ///
    /// Without a connection there is no mark of it (`nft_ct_set_eval`). A connection's first packet starts without marks.
    mutating func set(_ kind: MarkKind, to register: Register?, of registers: RegisterFile) {
        let value = register.map { registers.load($0, 4) } ?? .unknown(4)
        switch kind {
        case .packet: marks.packet = value
        case .connection where tracking == .new: marks.connection = value
        case .connection: break
        case .packetType: marks.packetType = .unknown
        }
    }

    /// Excludes the packet from conntrack, unless conntrack has seen it, or a rule has set its zone (`nft_notrack_eval`).
    mutating func stopTracking() {
        if tracking == .before, !zones.areSet { tracking = .excluded }
    }
}
