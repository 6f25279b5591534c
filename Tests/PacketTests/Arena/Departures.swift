import Addressing
import Glibc
import Reachability
import TestSupport
import Testing

/// A connection that this host tries to begin.
struct Attempt: CustomStringConvertible {
    let kind: TransportProtocol
    let destination: String
    let port: UInt16
    let user: UInt32

    /// The interface by which it leaves.
    var interface: String {
        destination.hasPrefix("198.51.100") || destination.hasPrefix("2001:db8:7:") ? "wg7" : "eth0"
    }

    var description: String { "\(kind) \(destination) \(port) user \(user)" }

    /// Its first packet for the evaluation.
    var packet: Reachability.Packet {
        get throws {
            var packet = Reachability.Packet(
                transport: kind, port: port, from: try IPAddress(destination), interface: interface)
            packet.user = .number(user)
            return packet
        }
    }
}

/// A host with two interfaces, and servers at every address behind them.
struct Departures {
    let network: Network
    let tcp: [UInt16: Socket]
    let udp: [UInt16: Socket]

    /// The interfaces.
    static let interfaces = ["eth0", "wg7"]

    /// A host whose servers listen on these ports.
    init(to ports: [UInt16]) throws {
        let network = try Network(interfaces: Self.interfaces)
        self.network = network
        (tcp, udp) = try network.client.run {
            let streams = try ports.map { ($0, try Socket.listening(.tcp, on: $0)) }
            let datagrams = try ports.map { ($0, try Socket.listening(.udp, on: $0)) }
            return (Dictionary(uniqueKeysWithValues: streams), Dictionary(uniqueKeysWithValues: datagrams))
        }
        try network.host.ip("route add 198.51.100.0/24 dev wg7\nroute add 2001:db8:7::/48 dev wg7")
        try network.host.ip(
            ["198.51.100.7", "198.51.100.9", "2001:db8:7::7"].map {
                "neigh replace \($0) lladdr \(network.wires[1].clientHardware) dev wg7 nud permanent\n"
            }.joined())
    }

    /// Opens the next sockets of this thread as a user: setfsuid(2), which Glibc's module does not have.
    static func act(as user: UInt32) {
        typealias Call = @convention(c) (UInt32) -> Int32
        guard let symbol = unsafe dlsym(nil, "setfsuid") else { preconditionFailure("the C library has setfsuid") }
        _ = unsafe unsafeBitCast(symbol, to: Call.self)(user)
    }

    /// Whether a connection of the user goes out; the kernel refuses at once.
    func goesOut(_ attempt: Attempt) throws -> Bool {
        Self.act(as: attempt.user)
        defer { Self.act(as: 0) }
        let endpoint = Endpoint(address: try IPAddress(attempt.destination), port: attempt.port)
        let socket = try Socket(attempt.kind == .tcp ? .tcp : .udp, endpoint.address.family)
        guard attempt.kind == .tcp else {
            guard socket.connect(to: endpoint) == 0, socket.send([1]) == 0 else { return false }
            let server = try #require(udp[attempt.port])
            return server.wait(for: POLLIN) && server.receive() != nil
        }
        guard socket.connect(to: endpoint) == 0 else { return false }
        try #require(socket.wait(for: POLLOUT), "an answer to \(attempt)")
        let code = socket.takeError()
        try #require([0, ECONNREFUSED].contains(code), "\(attempt): \(code)")
        socket.resetsOnClose()
        if code == 0 { _ = try #require(tcp[attempt.port]).accept() }
        return code == 0
    }
}

extension AccessRegions {
    /// The verdict on an attempt; `nil` if no class of packets has it.
    func verdict(on attempt: Attempt) throws -> PacketVerdict? {
        let packet = try attempt.packet
        let own = keys(of: packet).filter { $0.interface != .loopback && $0.user == .number(attempt.user) }
        let others = keys(of: packet).filter { key in
            guard key.interface != .loopback, let user = key.user else { return key.interface != .loopback }
            guard case .other = user else { return false }
            return true
        }
        guard let key = key(of: packet, among: own.isEmpty ? others : own) else { return nil }
        return verdict(key, port: attempt.port, source: packet.source)
    }

    /// The keys of a packet's family, protocol and destination.
    private func keys(of packet: Reachability.Packet) -> [Key] {
        keys.filter { key in
            key.family == packet.family && key.transport == packet.transport
                && packet.destination.map { key.destination.contains($0.address(packet.family)) } ?? true
        }
    }

    /// The most specific key of a packet; `nil` for a protocol that no rule names.
    func key(of packet: Reachability.Packet) -> Key? { key(of: packet, among: keys(of: packet)) }

    /// The key of the packet's interface: the one that names it, that with the longest prefix of its name, or the rest.
    private func key(of packet: Reachability.Packet, among fitting: [Key]) -> Key? {
        func first(_ holds: (InterfaceClass.Kind) -> Bool) -> Key? { fitting.first { holds($0.interface.kind) } }
        let starts = fitting.compactMap { if case .prefixed(let start) = $0.interface.kind { start } else { nil } }
        let longest = starts.filter(packet.interface.hasPrefix).max { $0.utf8.count < $1.utf8.count }
        return first { $0 == .named(packet.interface) } ?? longest.flatMap { start in first { $0 == .prefixed(start) } }
            ?? first { $0 == .other }
    }
}

extension UInt128 {
    /// The address of this number.
    fileprivate func address(_ family: AddressFamily) -> IPAddress {
        family == .ipv4 ? .ipv4(UInt32(truncatingIfNeeded: self)) : .ipv6(self)
    }
}
