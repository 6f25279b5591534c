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
        let socket = try Socket(packet.transport == .tcp ? .tcp : .udp, packet.source.family)
        let scope = packet.source.isIPv6LinkLocal ? wire.clientIndex : 0
        let host = packet.source.isIPv6LinkLocal ? Network.linkLocalHost : try wire.host(packet.source.family)
        let address = try destination?(packet.source.family) ?? host
        try socket.bind(to: Endpoint(address: packet.source, port: nextSourcePort, scope: scope))
        let code = socket.connect(to: Endpoint(address: address, port: packet.port, scope: scope))
        precondition(code == 0, "every packet leaves its client")
        if packet.transport == .udp { socket.send([0]) }
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

extension Packet {
    /// The error by which Linux reports a refusal to the sender: a reset, or ICMP admin-prohibited of either family.
    fileprivate var refusal: Int32 {
        transport == .tcp ? ECONNREFUSED : source.family == .ipv4 ? EHOSTUNREACH : EACCES
    }
}
