internal import Addressing
internal import Rulesets

/// The zones in which conntrack looks for the connection of a packet, `ct zone`; `nil` for one that is not known.
///
/// A connection keeps the zones of its first packet: a reply is one only if it is looked for in the zone of replies.
struct ConntrackZones: Hashable {
    /// The zone of packets in the direction of the first one.
    private(set) var original: UInt16? = 0
    /// The zone of replies.
    private(set) var replies: UInt16? = 0
    /// Whether a rule has set them.
    private(set) var areSet = false

    /// Zones that are not known.
    static let unknown = ConntrackZones(original: nil, replies: nil)

    /// The zone of one direction, 0 or 1, or of both if it is `nil`; the other direction has none, which is 0.
    init(_ number: UInt16?, direction: UInt8?) {
        original = direction == 1 ? 0 : number
        replies = direction == 0 ? 0 : number
        areSet = true
    }

    /// No zone.
    init() {}

    private init(original: UInt16?, replies: UInt16?) {
        (self.original, self.replies) = (original, replies)
    }

    /// Whether a reply with these zones is found by a connection with `others`.
    func finds(_ others: ConntrackZones) -> Certainty {
        guard let own = replies, let expected = others.replies else { return .open }
        return Certainty(own == expected)
    }
}

/// The number of a zone that a rule sets.
enum ZoneNumber {
    /// The value of a register: 2 bytes, host byte order.
    case register(Register)
    /// A constant.
    case constant(UInt16)
    /// A number that is not known, such as that of the mark.
    case unknown
}

extension PacketState {
    /// Sets the zones, unless a rule has set them before, or conntrack has seen the packet (`nft_ct_set_zone_eval`).
    mutating func set(zone number: ZoneNumber, direction: UInt8?, _ registers: RegisterFile) {
        guard tracking == .before, !zones.areSet else { return }
        let value: UInt16? =
            switch number {
            case .register(let register):
                registers.load(register, 2).constants.map { UInt16(hostOrderBytes: $0) }
            case .constant(let number): number
            case .unknown: nil
            }
        zones = ConntrackZones(value, direction: direction)
    }

    /// Lets conntrack see the packet: a reply belongs to its connection if it is looked for in the same zone.
    mutating func meetConntrack() {
        guard tracking == .before else { return }
        if isUntrackable { return tracking = .excluded }
        guard let expected else { return tracking = .new }
        switch zones.finds(expected) {
        case .yes: tracking = .new
        case .no: tracking = .separate
        case .open: tracking = .unknown
        }
    }
}
