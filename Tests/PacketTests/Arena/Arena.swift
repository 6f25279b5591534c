import Addressing
import Glibc
import Policies
import Testing

/// Sends packets over a network and observes what becomes of each.
final class Arena {
    let network: Network
    private let listeners: Listeners
    /// The address that clients send to instead of the host's.
    var destination: ((AddressFamily) throws -> IPAddress)?
    /// The source port of the next packet; no two packets share one, so that it identifies a packet.
    private var nextSourcePort: UInt16 = 1
    private var meantArrivals: Set<Listeners.Arrival> = []

    /// An arena with listeners on the host.
    convenience init(interfaces: [String] = ["eth0"]) throws {
        try self.init(Network(interfaces: interfaces), Listeners())
    }

    /// An arena with listeners elsewhere.
    init(_ network: Network, _ listeners: Listeners) {
        (self.network, self.listeners) = (network, listeners)
    }

    /// Packets that arrived against the meaning, even if too late for their probe.
    var strays: Set<Listeners.Arrival> { listeners.arrived.subtracting(meantArrivals) }

    /// The outcomes of packets, sent in order.
    ///
    /// Waits for each `meant` outcome, however slow the machine is. A packet that arrives against the meaning arrives
    /// before the sentinel, which is sent last and which every policy accepts: no timeout decides.
    func outcomes(of packets: [Packet], meant: [Outcome]) throws -> [Outcome] {
        let sentinel = Packet(
            transport: .tcp, port: RandomPolicy.sentinel.port, source: RandomPolicy.sentinel.source,
            interface: network.wire.interface)
        let probes = try network.client.run { try (packets + [sentinel]).map(send) }
        let awaited = Set(zip(probes, meant + [.accepted]).filter { $1 == .accepted }.map(\.0.arrival))
        meantArrivals.formUnion(awaited)
        listeners.collect(until: awaited)
        for (probe, outcome) in zip(probes, meant) where outcome == .answered { _ = probe.socket.wait(for: POLLERR) }
        return probes.dropLast().map { probe in
            if listeners.arrived.contains(probe.arrival) { return .accepted }
            return probe.socket.takeError() == probe.packet.refusal ? .answered : .silent
        }
    }

    private func send(_ packet: Packet) throws -> Probe {
        defer { nextSourcePort += 1 }
        guard let wire = network.wires.first(where: { $0.interface == packet.interface }) else {
            preconditionFailure("packets are sent over interfaces that there are")
        }
        let socket = try Socket(packet.transport.socketKind, packet.source.family)
        let scope = packet.source.isIPv6LinkLocal ? wire.clientIndex : 0
        let host = packet.source.isIPv6LinkLocal ? Network.linkLocalHost : try wire.host(packet.source.family)
        let address = try destination?(packet.source.family) ?? host
        let hasPorts = packet.transport.hasPorts
        try socket.bind(to: Endpoint(address: packet.source, port: hasPorts ? nextSourcePort : 0, scope: scope))
        if packet.timeToLive != 64 { try socket.set(Int32(IPPROTO_IP), IP_TTL, Int32(packet.timeToLive)) }
        let code = socket.connect(to: Endpoint(address: address, port: packet.port, scope: scope))
        precondition(code == 0, "every packet leaves its client")
        if packet.transport != .tcp {
            socket.send(packet.transport.payload(nextSourcePort, from: packet.source, to: address))
        }
        return Probe(packet: packet, sourcePort: nextSourcePort, socket: socket)
    }
}

/// A packet on its way.
private struct Probe {
    let packet: Packet
    let sourcePort: UInt16
    let socket: Socket

    /// The payload that a listener receives from it.
    var arrival: Listeners.Arrival {
        Listeners.Arrival(transport: packet.transport, source: packet.source, sourcePort: sourcePort)
    }
}

extension TransportProtocol {
    fileprivate var socketKind: Socket.Kind {
        switch self {
        case .tcp: .tcp
        case .udp: .udp
        default: .raw(rawValue)
        }
    }

    /// The bytes of a packet above IP, or above UDP; a packet without ports ends with its number.
    ///
    /// The kernel rejects no packet whose checksum over all bytes is wrong (`nf_reject_verify_csum`), but for ESP and GRE.
    fileprivate func payload(_ number: UInt16, from source: IPAddress, to host: IPAddress) -> [UInt8] {
        if self == .udp { return [0] }
        let identifier = [UInt8(number >> 8), UInt8(number & 0xff)]
        // Echo requests, RFC 792 and RFC 4443 4.1; a report, RFC 2236 2; a start that is valid for GRE, RFC 2784.
        var (bytes, place): ([UInt8], Int) =
            switch self {
            case .icmp: ([8, 0, 0, 0] + identifier + [0, 0], 2)
            case .icmpv6: ([128, 0, 0, 0] + identifier + [0, 0], 2)
            case .igmp: ([0x16, 0, 0, 0, 239, 1, 2, 3], 2)
            default: ([0, 0, 8, 0, 0, 0, 0, 1], 4)
            }
        bytes += identifier
        // RFC 8200 8.1.
        let pseudo: [UInt8] =
            source.family == .ipv4
            ? [] : source.bigEndianBytes + host.bigEndianBytes + [0, 0, 0, UInt8(bytes.count), 0, 0, 0, rawValue]
        let sum = Self.checksum(pseudo + bytes)
        bytes.replaceSubrange(place..<(place + 2), with: [UInt8(sum >> 8), UInt8(sum & 0xff)])
        return bytes
    }

    /// The checksum of RFC 1071.
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
        }
        while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
        return ~UInt16(sum)
    }
}

extension Packet {
    /// The error by which Linux reports a refusal to the sender: a reset, or ICMP admin-prohibited of either family.
    fileprivate var refusal: Int32 {
        transport == .tcp ? ECONNREFUSED : source.family == .ipv4 ? EHOSTUNREACH : EACCES
    }
}
