public import Addressing
internal import Listeners

/// Refused packets from one source to one port, and what the policy says of them now.
public struct Refusal: Sendable {
    /// What the packets have in common; the interface and the destination are those of the last ones.
    public var knock: RefusalTally.Knock
    /// How often, and when.
    public var count: RefusalTally.Count
    /// The dialled port; `nil` for none, or if it is not known.
    public var port: UInt16?
    /// What the policy says of such a packet now.
    public var verdict: JudgedConnection.Verdict
    /// Why it refuses it, or why it did so though it lets in others from there; `nil` if it does not, or is not known.
    public var reason: RefusalReason?
    /// The evaluation; `nil` for what is no connection.
    public var explanation: Explanation?
    /// Whether the source knocks at so many ports that it looks for open ones.
    public var isScan = false

    /// Whether a line that would let it in can be honestly proposed.
    public var mayBeLetIn: Bool {
        guard !isScan, !knock.isLate else { return false }
        return verdict == .refuse || isAuditOnly
    }

    /// Whether only `defaults.outbound: audit` let it pass.
    public var isAuditOnly: Bool { verdict == .accept && reason == .outbound }

    /// The line of `outbound` that would let it out, as a policy writes it, for this user if one is named; `nil` where none is missing.
    public func missingLine(user: String?) -> String? {
        guard knock.direction == .outbound, reason == .outbound, mayBeLetIn else { return nil }
        return OutboundCall(knock).suggestion(user: user)
    }
}

extension Refusal {
    /// What makes refusals one, whatever the interface and the address of this host.
    struct Subject: Hashable {
        let direction: LiveConnection.Direction
        let source: IPAddress
        /// The other end of a packet of this host, and of one whose dialled port is not known.
        let destination: IPAddress?
        let transport: TransportProtocol
        let port: UInt16?
        let user: UInt32?
        let messageType: UInt8?
        let reason: RefusalReason?
        let verdict: JudgedConnection.Verdict
        let isLate: Bool
    }

    var subject: Subject {
        let isElsewhere = knock.direction == .outbound || (port == nil && transport.hasPorts)
        return Subject(
            direction: knock.direction, source: knock.source, destination: isElsewhere ? knock.destination : nil,
            transport: transport, port: port, user: knock.user, messageType: knock.messageType, reason: reason,
            verdict: verdict,
            isLate: knock.isLate)
    }

    /// The protocol.
    public var transport: TransportProtocol { knock.transport }

    /// The refusals with one for each subject, the last knock first.
    static func merged(_ refusals: [Refusal]) -> [Refusal] {
        var found: [Subject: Refusal] = [:]
        for refusal in refusals {
            guard let other = found[refusal.subject] else {
                found[refusal.subject] = refusal
                continue
            }
            var newer = refusal.count.last >= other.count.last ? refusal : other
            newer.count = refusal.count.adding(other.count)
            found[refusal.subject] = newer
        }
        return found.values.sorted { first, second in
            if first.count.last != second.count.last { return first.count.last > second.count.last }
            if first.knock.source != second.knock.source { return first.knock.source < second.knock.source }
            return (first.transport.rawValue, first.port ?? 0) < (second.transport.rawValue, second.port ?? 0)
        }
    }
}

extension [Refusal] {
    /// A source that knocks at so many ports looks for open ones.
    private static let manyPorts = 5

    /// Marks the refusals of sources that look for open ports; IPv6 sources of one /64 count as one, as in a limit.
    mutating func markScans() {
        var ports: [IPAddress: Set<UInt32>] = [:]
        for refusal in self where refusal.knock.direction != .outbound && !refusal.knock.isLate {
            guard let port = refusal.port ?? refusal.knock.port else { continue }
            let place = UInt32(refusal.transport.rawValue) << 16 | UInt32(port)
            ports[refusal.knock.source.network, default: []].insert(place)
        }
        for index in indices {
            self[index].isScan = (ports[self[index].knock.source.network]?.count ?? 0) >= Self.manyPorts
        }
    }
}

extension IPAddress {
    /// The address, or the first one of its /64.
    public var network: IPAddress {
        switch self {
        case .ipv4: self
        case .ipv6(let value): .ipv6(value & ~UInt128(UInt64.max))
        }
    }
}

extension OutboundCall {
    /// The connection of a logged packet of this host.
    init(_ knock: RefusalTally.Knock) {
        self.init(
            knock.transport, to: knock.destination, port: knock.port ?? 0,
            user: knock.user.map(User.number) ?? .unknown)
    }
}
