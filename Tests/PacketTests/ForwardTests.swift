import Addressing
import Glibc
import Kernel
import Reachability
import Rulesets
import TestSupport
import Testing

/// A host with two back ends and a client behind it, and clients outside.
@Suite("Forwards", .privileged, .networkNamespace)
struct ForwardTests {
    private let network: Network
    private let inside: Inside
    /// Port 8443 of the back ends 9 and 10.
    private let backEnds: [Socket]

    private static let outside: [AddressFamily: String] = [.ipv4: "192.0.2.1", .ipv6: "2001:db8::1"]

    private var insider: Namespace { inside.hosts[2] }

    init() throws {
        network = try Network()
        inside = try Inside([9, 10, 50], behind: network.host)
        backEnds = try inside.hosts.prefix(2).map { host in try host.run { try Socket.listening(.tcp, on: 8443) } }
    }

    private func load(_ keys: String, services: String = "{}", defaults: String = "") throws {
        try Firewall.load(
            """
            version: 1
            \(defaults)
            services: \(services)
            forward:
              web: {ports: 443/tcp, to: ["10.7.0.9:8443", "10.7.0.10:8443", "[fd00:7::9]:8443", "[fd00:7::10]:8443"], \(keys)}
            """)
    }

    private func host(_ family: AddressFamily) throws -> IPAddress { try network.wire.host(family) }

    /// The back end at which a connection arrives, and its peer there; `nil` if it arrives nowhere in time.
    private func arrival(
        from namespace: Namespace, _ source: IPAddress? = nil, to address: IPAddress, port: UInt16 = 443,
        milliseconds: Int32 = Socket.patience
    ) throws -> (backEnd: Int, peer: IPAddress)? {
        let client = try namespace.run {
            let socket = try Socket(.tcp, address.family)
            if let source { try socket.bind(to: Endpoint(address: source, port: 0)) }
            try #require(socket.connect(to: Endpoint(address: address, port: port)) == 0)
            return socket
        }
        client.resetsOnClose()
        guard client.wait(for: POLLOUT, milliseconds: milliseconds), client.takeError() == 0 else { return nil }
        for (index, listener) in backEnds.enumerated() {
            if let (accepted, peer) = listener.accept() {
                accepted.resetsOnClose()
                return (index, peer.address)
            }
        }
        Issue.record("the connection arrived at no back end")
        return nil
    }

    @Test("Clients outside reach a back end under their own address", arguments: AddressFamily.allCases)
    func outside(family: AddressFamily) throws {
        try load("from: any, why: x")
        let source = try IPAddress(Self.outside[family] ?? "")
        let found = try #require(try arrival(from: network.client, source, to: host(family)))
        #expect(found.peer == source)
    }

    @Test("Sources that are not allowed are refused", arguments: AddressFamily.allCases)
    func refused(family: AddressFamily) throws {
        for published in ["enforce", "ignore"] {
            try load(
                "from: [198.51.100.0/24, \"2001:db8:1::/64\"], why: x",
                defaults: "defaults: {inbound: reject, published: \(published)}")
            let refused = try IPAddress(Self.outside[family] ?? "")
            #expect(try arrival(from: network.client, refused, to: host(family)) == nil)
            let allowed = try IPAddress(family == .ipv4 ? "198.51.100.1" : "2001:db8:1::1")
            #expect(try arrival(from: network.client, allowed, to: host(family)) != nil)
        }
    }

    @Test("The port of the target stays closed on the host, and other addresses are left alone")
    func others() throws {
        try load("from: any, why: x", defaults: "defaults: {inbound: reject}")
        let source = try IPAddress("192.0.2.1")
        #expect(try arrival(from: network.client, source, to: host(.ipv4), port: 8443) == nil)
    }

    @Test("The host itself is a client, at its own addresses", arguments: AddressFamily.allCases)
    func host(family: AddressFamily) throws {
        // Its own packets are not filtered by source.
        try load("from: [203.0.113.1, \"2001:db8:f::1\"], why: x")
        for address in [try host(family), try Inside.address(1, family)] {
            #expect(try arrival(from: network.host, to: address) != nil)
        }
    }

    @Test("A loopback address of the host leads to no other host")
    func loopback() throws {
        try load("from: any, why: x")
        #expect(try arrival(from: network.host, to: IPAddress("127.0.0.1"), milliseconds: 2_000) == nil)
        #expect(try arrival(from: network.host, to: IPAddress("::1"), milliseconds: 2_000) == nil)
    }

    @Test("A client inside needs hairpin, and comes under the host's address", arguments: AddressFamily.allCases)
    func hairpin(family: AddressFamily) throws {
        try load("from: any, why: x, hairpin: [10.7.0.0/24, \"fd00:7::/64\"]")
        let found = try #require(try arrival(from: insider, to: host(family)))
        #expect(found.peer == (try Inside.address(1, family)))
        let outside = try IPAddress(Self.outside[family] ?? "")
        #expect(try arrival(from: network.client, outside, to: host(family))?.peer == outside)
        try load("from: any, why: x")
        #expect(try arrival(from: insider, to: host(family), milliseconds: 1_500) == nil)
    }

    @Test("By turns, every back end gets its share", arguments: AddressFamily.allCases)
    func turns(family: AddressFamily) throws {
        try load("from: any, why: x, balance: round-robin")
        let source = try IPAddress(Self.outside[family] ?? "")
        let shares = try shares(of: (0..<2_000).map { _ in source }, family)
        #expect(shares == [1_000, 1_000])
    }

    @Test("By source, every client stays, and the shares are within chance", arguments: AddressFamily.allCases)
    func source(family: AddressFamily) throws {
        try load("from: any, why: x")
        let sources = try (0..<2_000).map { number in
            try IPAddress(
                family == .ipv4
                    ? "198.18.\(number / 250).\(number % 250 + 1)" : "2001:db8:\(String(number, radix: 16))::1")
        }
        let shares = try shares(of: sources, family)
        // Five standard deviations of a fair coin.
        let deviation = 5 * Int(Double(sources.count).squareRoot() / 2)
        #expect(shares.reduce(0, +) == sources.count)
        #expect(abs(shares[0] - sources.count / 2) <= deviation, "\(shares)")
        for source in sources.prefix(20) {
            let homes = try (0..<4).map { _ in try arrival(from: network.client, source, to: host(family))?.backEnd }
            #expect(Set(homes).count == 1 && homes.first != .some(nil), "\(source): \(homes)")
        }
    }

    /// The number of connections that arrive at each back end.
    private func shares(of sources: [IPAddress], _ family: AddressFamily) throws -> [Int] {
        var shares = [0, 0]
        let address = Endpoint(address: try host(family), port: 443)
        for start in stride(from: 0, to: sources.count, by: 100) {
            let clients = try network.client.run {
                // A connection with the ends of an earlier one would be that one again.
                try (start..<min(start + 100, sources.count)).map { index in
                    let client = try Socket(.tcp, family)
                    try client.bind(to: Endpoint(address: sources[index], port: UInt16(10_000 + index)))
                    try #require(client.connect(to: address) == 0)
                    return client
                }
            }
            for client in clients {
                try #require(client.wait(for: POLLOUT) && client.takeError() == 0)
                client.resetsOnClose()
            }
            for (index, listener) in backEnds.enumerated() {
                while let (accepted, _) = listener.accept() {
                    accepted.resetsOnClose()
                    shares[index] += 1
                }
            }
        }
        return shares
    }

    /// An evaluation of all live tables of the host.
    private func evaluations(
        of address: IPAddress, port: UInt16, at host: IPAddress
    ) throws -> (packet: PacketConclusion, refusal: AccessRegions.Refusal) {
        let store = try NftablesStore()
        let tables = try store.tableNames().compactMap { try store.snapshot(of: $0).table }
        let circumstances = Circumstances(now: 1_800_000_000, addresses: store.addresses())
        var packet = Reachability.Packet(transport: .tcp, port: port, from: address, interface: "eth0")
        packet.destination = host.value
        return (
            PacketEvaluation.conclude(packet, through: tables, in: circumstances),
            AccessRegions(tables, in: circumstances).refusal(
                .tcp, port: port, family: address.family, source: address.value, interface: "eth0", at: host)
        )
    }

    @Test(
        "The packets, their evaluation and the regions agree, also beside a table that drops on the way",
        arguments: AddressFamily.allCases,
        [nil, "tcp dport 8443 ip saddr 192.0.2.1 drop", "ip6 saddr 2001:db8::1 drop"])
    func agreement(family: AddressFamily, obstacle: String?) throws {
        try load(
            "from: [192.0.2.0/24, \"2001:db8::/64\"], except: [192.0.2.7, \"2001:db8::7\"], why: x",
            defaults: "defaults: {inbound: reject}")
        if let obstacle {
            try NftProgram.load(
                "table inet other { chain way { type filter hook forward priority 5; \(obstacle); }; }")
        }
        let sources =
            family == .ipv4
            ? ["192.0.2.1", "192.0.2.7", "198.51.100.1"] : ["2001:db8::1", "2001:db8::7", "2001:db8:1::1"]
        for source in try sources.map({ try IPAddress($0) }) {
            for port in [443, 8443, 9] as [UInt16] {
                let found = try evaluations(of: source, port: port, at: host(family))
                let arrives =
                    try arrival(
                        from: network.client, source, to: host(family), port: port, milliseconds: 1_000) != nil
                #expect(found.packet.verdict == (arrives ? .accept : .refuse), "\(source) to \(port)")
                #expect(found.refusal == (arrives ? .nowhere : .everywhere), "\(source) to \(port)")
            }
        }
    }

    @Test("A limit counts a forwarded connection once")
    func limit() throws {
        try load("from: any, why: x, limit: {rate: 1/day, burst: 3}")
        for family in AddressFamily.allCases {
            let source = try IPAddress(Self.outside[family] ?? "")
            for _ in 0..<3 { #expect(try arrival(from: network.client, source, to: host(family)) != nil) }
            #expect(try arrival(from: network.client, source, to: host(family), milliseconds: 500) == nil)
        }
    }

    @Test("Denied sources get nothing", arguments: ["enforce", "ignore"])
    func denied(published: String) throws {
        try load(
            "from: any, why: x",
            defaults: "defaults: {published: \(published)}\ndeny: [192.0.2.0/24, \"2001:db8::/64\"]")
        for family in AddressFamily.allCases {
            let source = try IPAddress(Self.outside[family] ?? "")
            #expect(try arrival(from: network.client, source, to: host(family), milliseconds: 500) == nil)
        }
    }

    @Test(
        "A session survives a policy without its forward, but not one without any: the kernel stops translating",
        arguments: AddressFamily.allCases)
    func withdrawn(family: AddressFamily) throws {
        let other =
            "version: 1\nservices: {}\nforward:\n  other: {ports: 25, to: [10.7.0.9, \"fd00:7::9\"], from: any, why: x}\n"
        try Firewall.load(
            other + "  web: {ports: 443, to: [\"10.7.0.9:8443\", \"[fd00:7::9]:8443\"], from: any, why: x}\n")
        let source = try IPAddress(Self.outside[family] ?? "")
        let session = try network.client.run {
            try Session(from: source, to: Endpoint(address: host(family), port: 443), listener: backEnds[0])
        }
        #expect(session.exchanges())
        try Firewall.load(other)
        #expect(session.exchanges())
        try Firewall.load("version: 1\nservices: {}")
        #expect(!session.exchanges(milliseconds: 500))
    }
}
