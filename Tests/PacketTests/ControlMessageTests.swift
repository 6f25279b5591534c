import Addressing
import Glibc
import TestSupport
import Testing

private let closed = "version: 1\nservices: {}"

/// A client that sends echo requests.
private struct Pinger {
    private let socket: Socket
    private let host: Endpoint
    private let isIPv4: Bool

    /// Opens the socket in the calling thread's namespace.
    init(from source: IPAddress, to host: IPAddress) throws {
        socket = try Socket(.raw(source.family == .ipv4 ? 1 : 58), source.family)
        self.host = Endpoint(address: host, port: 0)
        isIPv4 = source.family == .ipv4
        try socket.bind(to: Endpoint(address: source, port: 0))
    }

    /// Sends a request of the sequence `identifier`: RFC 792, RFC 4443 4.1.
    ///
    /// The kernel computes the checksum for IPv6 only.
    func request(_ number: UInt8, of identifier: UInt8) {
        let type: UInt8 = isIPv4 ? 8 : 128
        let sum = ~(UInt16(type) << 8 + UInt16(identifier) + UInt16(number))
        // Not connected: a connected socket would report refusals, which other tests check.
        socket.send([type, 0, UInt8(sum >> 8), UInt8(sum & 0xff), 0, identifier, 0, number], to: host)
    }

    /// The numbers of the replies in the sequence: waits for `count` of them and receives what else has arrived.
    func replies(_ count: Int, of identifier: UInt8) -> [UInt8] {
        var numbers: [UInt8] = []
        while socket.wait(for: POLLIN, milliseconds: numbers.count < count ? Socket.patience : 0) {
            guard let bytes = socket.receive()?.bytes else { break }
            // A raw IPv4 socket receives the IP header too.
            let message = isIPv4 ? Array(bytes.dropFirst(20)) : bytes
            guard message.count == 8, message[0] == (isIPv4 ? 0 : 129), message[5] == identifier else { continue }
            numbers.append(message[7])
        }
        return numbers
    }
}

extension Socket {
    /// Whether a message of this form has arrived as expected; waits for it only if it is.
    fileprivate func hasReceived(_ count: Int, _ isExpected: Bool, _ matches: ([UInt8]) -> Bool) -> Bool {
        var found = 0
        while wait(for: POLLIN, milliseconds: isExpected && found < count ? Socket.patience : 0) {
            guard let bytes = receive()?.bytes else { break }
            if matches(bytes) { found += 1 }
        }
        return found == (isExpected ? count : 0)
    }
}

@Suite("ICMP and ICMPv6", .privileged, .networkNamespace)
struct ControlMessageTests {
    @Test("Echo requests are answered, refused, or limited", arguments: AddressFamily.allCases)
    func ping(family: AddressFamily) throws {
        let arena = try Arena()
        let source = try IPAddress(family == .ipv4 ? "192.0.2.1" : "2001:db8::1")
        let host = try arena.network.wire.host(family)
        let pinger = try arena.network.client.run { try Pinger(from: source, to: host) }
        // A new link may lose the first packets: one answer shows that it works.
        try Firewall.load("version: 1\nservices: {}")
        let isUp = (200..<204 as Range<UInt8>).contains { identifier in
            pinger.request(0, of: identifier)
            return pinger.replies(1, of: identifier) == [0]
        }
        #expect(isUp)
        // nft's burst of 5, and no more on the same day.
        for (index, (ping, answered)) in [
            ("accept", 9), ("drop", 0), ("1/day", 5), ("{from: [192.0.2.1, '2001:db8::1']}", 9),
            ("{from: 203.0.113.1}", 0),
            ("{from: [192.0.2.0/31, 198.51.100.1, '2001:db8::1', '2001:db8:1::1'], rate: 1/day}", 5),
        ].enumerated() {
            for (inbound, refused) in [("drop", Outcome.silent), ("reject", .answered)] {
                let identifier = UInt8(index * 2 + (inbound == "drop" ? 0 : 1))
                // A deleted rule loses the state of its limit.
                try Firewall.load(closed)
                try Firewall.load("version: 1\ndefaults: {ping: \(ping), inbound: \(inbound)}\nservices: {}")
                for number in 0..<9 as Range<UInt8> { pinger.request(number, of: identifier) }
                try arena.check([.packet(from: "192.0.2.1", to: "22/tcp", refused)])
                #expect(pinger.replies(answered, of: identifier) == (0..<UInt8(answered)).map(\.self), "\(ping)")
            }
        }
        try Firewall.load("version: 1\ndeny: ['\(source)']\nservices: {}")
        pinger.request(0, of: 0)
        try arena.check([.packet(from: "203.0.113.1", to: "22/tcp", .silent)])
        #expect(pinger.replies(0, of: 0) == [])
    }

    @Test("Neighbour discovery and address configuration work with every service closed")
    func discovery() throws {
        let arena = Arena(try Network(knowsNeighbours: false), try Listeners())
        try Firewall.load("version: 1\nservices: {web: {ports: 22, from: any}}")
        try forgetNeighbours(of: arena.network)
        try arena.check("22/tcp", ["192.0.2.1": .accepted, "2001:db8::1": .accepted])
        try Firewall.load(closed)
        try forgetNeighbours(of: arena.network)
        let listener = try arena.network.client.run { try Socket.listening(.tcp, on: 5000) }
        let session = try Session(to: Endpoint(address: try IPAddress("2001:db8::1"), port: 5000), listener: listener)
        #expect(session.exchanges())
    }

    @Test("A denied address of a client does not keep its other addresses from being resolved")
    func deniedNeighbour() throws {
        let arena = Arena(try Network(knowsNeighbours: false), try Listeners())
        try Firewall.load(
            """
            version: 1
            deny: ["2001:db8::66", fe80::/10]
            services: {web: {ports: 22, from: any}}
            """)
        try forgetNeighbours(of: arena.network)
        // The solicitation for the host comes from the denied address, with which the client talks first.
        try arena.check("22/tcp", ["2001:db8::66": .silent])
        try arena.check("22/tcp", ["2001:db8::1": .accepted])
    }

    @Test("Membership messages of the link are accepted from every source, and of other links from none")
    func membership() throws {
        let arena = try Arena()
        try Firewall.load("version: 1\ndeny: [192.0.2.66, fe80::/10]\nservices: {}")
        let ipv4 = try Socket(.raw(2), .ipv4)
        let ipv6 = try Socket(.raw(58), .ipv6)
        for (hops, isAccepted) in [(1, true), (2, false)] as [(Int32, Bool)] {
            try arena.network.client.run {
                let report = try Socket(.raw(2), .ipv4)
                try report.bind(to: Endpoint(address: try IPAddress("192.0.2.66"), port: 0))
                try report.set(Int32(IPPROTO_IP), IP_TTL, hops)
                // RFC 2236 2: a report, with its checksum.
                let message: [UInt8] = [0x16, 0, 0x0a, 0xfd, 224, 0, 0, 1]
                #expect(report.send(message, to: Endpoint(address: try arena.network.wire.host(.ipv4), port: 0)) == 0)
                let query = try Socket(.raw(58), .ipv6)
                try query.bind(
                    to: Endpoint(address: Network.linkLocalSource, port: 0, scope: arena.network.wire.clientIndex))
                try query.set(IPPROTO_IPV6_LEVEL, IPV6_UNICAST_HOPS, hops)
                // RFC 2710 3: a query for all groups.
                let general = [UInt8]([130, 0, 0, 0, 0, 0, 0, 0]) + [UInt8](repeating: 0, count: 16)
                let host = Endpoint(address: Network.linkLocalHost, port: 0, scope: arena.network.wire.clientIndex)
                #expect(query.send(general, to: host) == 0)
            }
            try arena.check([.packet(from: "203.0.113.1", to: "22/tcp", .silent)])
            #expect(ipv4.hasReceived(1, isAccepted) { $0.count > 20 && $0[20] == 0x16 })
            #expect(ipv6.hasReceived(1, isAccepted) { $0.first == 130 })
        }
    }

    private func forgetNeighbours(of network: Network) throws {
        try network.host.ip("neigh flush dev \(network.wire.interface)")
        try network.client.ip("neigh flush dev \(network.wire.clientInterface)")
    }

    @Test("An ICMP error about a packet of the host reaches its socket", arguments: ["192.0.2.1", "2001:db8::1"])
    func unreachable(destination: String) throws {
        let network = try Network()
        try Firewall.load(closed)
        let address = try IPAddress(destination)
        try withExtendedLifetime(network) {
            let socket = try Socket(.udp, address.family)
            #expect(socket.connect(to: Endpoint(address: address, port: 9)) == 0)
            #expect(socket.send([0]) == 0)
            #expect(socket.wait(for: POLLERR))
            #expect(socket.takeError() == ECONNREFUSED)
        }
    }

    @Test("A router's message that packets are too big is accepted", arguments: AddressFamily.allCases)
    func packetTooBig(family: AddressFamily) throws {
        // The thread's namespace is the router, and the one behind it the host under test.
        let network = try Network()
        try network.host.ip("link set \(network.wire.interface) mtu 1400")
        let host = try Container(behind: network.host)
        let destination = try IPAddress(family == .ipv4 ? "192.0.2.1" : "2001:db8::1")
        try host.namespace.run {
            try Firewall.load(closed)
            let socket = try Socket(.udp, family)
            let (level, discover, size) =
                family == .ipv4
                ? (Int32(IPPROTO_IP), IP_MTU_DISCOVER, IP_MTU) : (Int32(IPPROTO_IPV6), IPV6_MTU_DISCOVER, IPV6_MTU)
            try socket.set(level, discover, family == .ipv4 ? IP_PMTUDISC_DO : IPV6_PMTUDISC_DO)
            #expect(socket.connect(to: Endpoint(address: destination, port: 9)) == 0)
            #expect(socket.option(level, size) == 1500)
            // A new link may lose the first packets, and with them their errors.
            let isHeard = (0..<20).contains { _ in
                _ = socket.send([UInt8](repeating: 0, count: 1440))
                return socket.wait(for: POLLERR, milliseconds: 500)
            }
            #expect(isHeard)
            #expect(socket.takeError() == EMSGSIZE)
            #expect(socket.option(level, size) == 1400)
        }
    }
}
