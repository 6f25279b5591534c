import Addressing
import Policies

/// The first packet of an incoming connection.
struct Packet {
    var transport: TransportProtocol
    /// The destination port before any redirection; 0 for a protocol without ports.
    var port: UInt16
    var source: IPAddress
    /// The interface on which it arrives.
    var interface: String
    /// The address that the client dials; `nil` where no service of the policy has `addresses`.
    var destination: IPAddress?
    /// The time to live; only that of IGMP matters.
    var timeToLive: UInt8 = 64
}

/// The outcome of a packet.
enum Outcome {
    /// It reaches the socket.
    case accepted
    /// It does not, and the sender gets an error.
    case answered
    /// It does not, and the sender gets no answer.
    case silent
}

/// The meaning of a policy for a packet, from portreeve-policy(5) alone, without any ruleset.
struct Meaning {
    let policy: Policy

    /// The outcome of a packet to this host without a connection, at `now` seconds since 1970; limits are ignored.
    func outcome(of packet: Packet, at now: Int64) -> Outcome {
        if packet.interface == "lo" { return .accepted }
        if packet.transport == .igmp { return packet.timeToLive == 1 ? .accepted : refused(packet, at: now) }
        if isDenied(packet.source) { return .silent }
        if [.icmp, .icmpv6].contains(packet.transport) { return isAnswered(packet.source) ? .accepted : refusal }
        if packet.transport == .udp && packet.port == 546 && packet.source.isIPv6LinkLocal { return .accepted }
        return isSpoken(packet) && (isTrusted(packet, at: now) || isOpen(to: packet, at: now)) ? .accepted : refusal
    }

    /// The outcome of a packet of IGMP that a router has forwarded.
    private func refused(_ packet: Packet, at now: Int64) -> Outcome {
        if isDenied(packet.source) { return .silent }
        return isSpoken(packet) && isTrusted(packet, at: now) ? .accepted : refusal
    }

    /// Whether an echo request from the source gets a reply; rates of random policies are never reached.
    private func isAnswered(_ source: IPAddress) -> Bool {
        policy.defaults.ping != .drop && policy.defaults.pingSources.map { names($0, source) } ?? true
    }

    private func isSpoken(_ packet: Packet) -> Bool { policy.defaults.families.contains(packet.source.family) }

    /// The outcome of a packet that another table redirects to a container.
    func outcome(ofRedirected packet: Packet, at now: Int64) -> Outcome {
        if policy.defaults.published == .ignore { return .accepted }
        if isDenied(packet.source) { return .silent }
        return isSpoken(packet) && (isTrusted(packet, at: now) || isOpen(to: packet, at: now)) ? .accepted : refusal
    }

    private func isTrusted(_ packet: Packet, at now: Int64) -> Bool {
        policy.trusted.contains { matches($0.entry, packet, at: now) }
    }

    private var refusal: Outcome { policy.defaults.inbound == .reject ? .answered : .silent }

    private func isDenied(_ source: IPAddress) -> Bool {
        policy.deny.map { names($0, source) } ?? false && !(policy.neverDeny.map { names($0, source) } ?? false)
    }

    private func isOpen(to packet: Packet, at now: Int64) -> Bool {
        policy.services.contains { service in
            service.ports.contains { $0.transport == packet.transport && $0.range.contains(packet.port) }
                && isReached(service, by: packet)
                && service.entries.contains { matches($0, packet, at: now) }
        }
    }

    func isReached(_ service: Service, by packet: Packet) -> Bool {
        guard let destinations = service.destinations else { return true }
        return packet.destination.map { names(destinations, $0) } ?? false
    }

    private func matches(_ entry: AllowEntry, _ packet: Packet, at now: Int64) -> Bool {
        names(entry.sources, packet.source) && !(entry.except.map { names($0, packet.source) } ?? false)
            && (entry.interfaces.isEmpty || entry.interfaces.contains { covers($0, packet.interface) })
            && (entry.expires.map { now < $0.end } ?? true)
    }

    private func covers(_ pattern: InterfacePattern, _ interface: String) -> Bool {
        pattern.isPrefix ? interface.hasPrefix(pattern.name) : interface == pattern.name
    }

    /// Whether an entry, in the policy's notation, contains the address.
    private func names(_ list: SourceList, _ address: IPAddress) -> Bool {
        list.entries.contains { entry in
            if entry == "any" { return true }
            if entry == SourceList.nobody { return false }
            if let group = policy.groups.first(where: { $0.name == entry }) { return has(group.addresses, address) }
            switch (try? AddressRange(entry), address) {
            case (.ipv4(let range)?, .ipv4(let value)): return range.contains(value)
            case (.ipv6(let range)?, .ipv6(let value)): return range.contains(value)
            default: return false
            }
        }
    }

    private func has(_ set: AddressSet, _ address: IPAddress) -> Bool {
        switch address {
        case .ipv4(let value): set.ipv4.ranges.contains { $0.contains(value) }
        case .ipv6(let value): set.ipv6.ranges.contains { $0.contains(value) }
        }
    }
}
