import Addressing
import Policies
import TestSupport

/// Chooses packets that are likely to find mistakes: at the edges of a policy's ranges and next to them.
struct RandomPackets {
    private var generator: SeededGenerator
    private var sources: RandomSources
    /// Whether the packets are for this host: then some come from a link-local address, which routers do not forward, and some
    /// are of protocols without ports, which have no redirection.
    private let areForHost: Bool

    init(seed: UInt64, areForHost: Bool) {
        self.areForHost = areForHost
        generator = SeededGenerator(seed: seed)
        sources = RandomSources(seed: seed &+ 1, sparing: RandomPolicy.sentinel.source)
    }

    /// Packets for the policy over the interfaces.
    mutating func next(_ count: Int, for policy: Policy, over interfaces: [String]) -> [Packet] {
        let special = policy.trusted.map(\.entry.addresses) + (policy.deny.map { [$0.addresses] } ?? [])
        let denied = special.flatMap(Self.edges)
        let edges = policy.services.map { service in
            service.entries.flatMap { Self.edges($0.addresses) + Self.edges($0.except?.addresses ?? AddressSet()) }
        }
        return (0..<count).map { _ in
            let index = Int.random(in: 0..<policy.services.count, using: &generator)
            let candidates = generator.flips(0.2) && !denied.isEmpty ? denied : edges[index]
            var packet = packet(for: policy.services[index], from: candidates, over: interfaces)
            guard areForHost else { return packet }
            if generator.flips(0.25) { turn(&packet, of: policy.services[index]) }
            guard generator.flips(0.02) else { return packet }
            return Packet(
                transport: .udp, port: 546, source: Network.linkLocalSource, interface: packet.interface,
                destination: Network.linkLocalHost)
        }
    }

    /// Turns the packet into one without ports: of a protocol of the service or another, an echo request, or a report of IGMP.
    private mutating func turn(_ packet: inout Packet, of service: Service) {
        let own = service.ports.map(\.transport).filter { !$0.hasPorts }
        let isIPv4 = packet.source.family == .ipv4
        let control: [TransportProtocol] = isIPv4 ? [.icmp, .igmp] : [.icmpv6]
        let isOwn = !own.isEmpty && generator.flips(0.6)
        packet.transport = isOwn ? generator.pick(own) : generator.pick(RandomPolicy.protocols + control + control)
        packet.port = 0
        if packet.transport == .igmp { packet.timeToLive = generator.pick([1, 1, 2, 64]) }
    }

    /// Most packets have a protocol of the service's port.
    private mutating func packet(for service: Service, from sources: [IPAddress], over interfaces: [String]) -> Packet {
        let port = port(of: service)
        let own = service.ports.first { $0.range.contains(port) && [.tcp, .udp].contains($0.transport) }?.transport
        let transport = generator.flips(0.7) ? own : nil
        let source = source(sources)
        let interface = generator.pick(interfaces)
        return Packet(
            transport: transport ?? generator.pick([.tcp, .udp]), port: port, source: source, interface: interface,
            destination: RandomPolicy.destination(on: interface, source.family))
    }

    private mutating func port(of service: Service) -> UInt16 {
        let own = RandomPolicy.ports.filter { port in
            service.ports.contains { $0.transport.hasPorts && $0.range.contains(port) }
        }
        return own.isEmpty || generator.flips(0.2) ? generator.pick(RandomPolicy.ports) : generator.pick(own)
    }

    private mutating func source(_ candidates: [IPAddress]) -> IPAddress {
        while true {
            let address = !candidates.isEmpty && generator.flips(0.7) ? generator.pick(candidates) : sources.address()
            if address.canSend { return address }
        }
    }

    /// The first and last address of each range, and their neighbours.
    private static func edges(_ set: AddressSet) -> [IPAddress] {
        let ipv4 = set.ipv4.ranges.flatMap { [$0.lowerBound &- 1, $0.lowerBound, $0.upperBound, $0.upperBound &+ 1] }
        let ipv6 = set.ipv6.ranges.flatMap { [$0.lowerBound &- 1, $0.lowerBound, $0.upperBound, $0.upperBound &+ 1] }
        return ipv4.map(IPAddress.ipv4) + ipv6.map(IPAddress.ipv6)
    }
}

extension IPAddress {
    /// Whether a packet from this address reaches a firewall: Linux drops martians (RFC 1812 5.3.7) earlier, and a few
    /// networks belong to the tests' hosts.
    var canSend: Bool {
        switch self {
        case .ipv4(let value):
            switch value >> 24 {
            case 0, 127, 224...239: false
            case 10: value >> 8 != 0x0aff00
            case 172: value >> 8 != 0xac1e00
            default: value != UInt32.max
            }
        case .ipv6(let value):
            // The unspecified and mapped addresses (RFC 4291 2.5.2, 2.5.5.2), link-local and multicast ones.
            value >> 32 != 0xffff && value > 1 && value >> 118 != 0xfe80 >> 6 && value >> 120 != 0xff
                && value >> 64 != 0xfd00_ffff_0000_0000 && value >> 64 != 0xfd00_0030_0000_0000
        }
    }
}
