import Addressing
import Foundation
import Kernel
import Listeners
import Rulesets
import TestSupport
import Testing

@testable import Reachability

/// Rulesets of programs on real hosts, from files in `Hosts`: loaded into the kernel and compared by sending packets.
@Suite("Rulesets of real hosts", .privileged, .networkNamespace)
struct HostRulesetTests {
    /// The files, each with texts of the rules that may make a verdict unknown.
    static let files: [(String, [String])] = [
        ("docker.iptables", []), ("docker.nft", []), ("netavark.nft", []),
        ("firewalld.nft", []), ("ufw.iptables", []), ("fail2ban.iptables", []), ("fail2ban.nft", []),
        ("libvirt.iptables", []), ("libvirt.nft", []), ("kube-proxy.nft", []),
        (
            "hand-written.nft",
            [
                "@blackhole", "exthdr", "ct count", "connlimit", "objref", "hour", "meta key", "socket", "ct ", "ether",
                "@ll",
                "ttl", "length", "dscp", "@nh", "@th", "pkttype", "hash", "rt",
            ]
        ),
    ]

    private static let interfaces = ["eth0", "docker0"]
    private static let sources = [
        "203.0.113.9", "203.0.113.66", "198.51.100.7", "10.1.2.3", "192.0.2.200", "2001:db8:5::9", "2001:db8:bad::1",
    ]
    private static let ports: [(TransportProtocol, UInt16)] =
        [21, 22, 25, 80, 443, 873, 2022, 2121, 2222, 5432, 8080, 8050, 8443, 8894, 9100, 9999, 30080, 30099].map {
            (.tcp, $0)
        } + [53, 67, 123, 1500, 5353, 51820].map { (.udp, $0) }

    private static let probe = """
        table inet probe {
          set seen { type inet_service; flags dynamic; size 65535; }
          chain input { type filter hook input priority 2147483647; update @seen { th sport }; }
          chain forward { type filter hook forward priority 2147483647; update @seen { th sport }; }
        }
        """

    @Test("Every table is read, and each packet gets the computed verdict", arguments: files)
    func verdicts(file: String, doubts: [String]) throws {
        let wire = try Wire(interfaces: Self.interfaces)
        // The addresses of containers and of targets of port forwarding.
        for command in [
            "route add 172.17.0.0/16 dev docker0", "neigh add 172.17.0.2 lladdr 02:00:00:00:00:09 dev docker0",
        ] {
            _ = try Program.run(["ip"] + command.split(separator: " ").map(String.init))
        }
        try NftProgram.load(Self.probe)
        try load(file)
        let tables = try read()
        #expect(!tables.isEmpty)
        for table in tables { #expect(!table.nftText.isEmpty) }
        var packets: [UInt16: Packet] = [:]
        for packet in try Self.packets() {
            let sourcePort = 20000 + UInt16(packets.count)
            try wire.send(packet, sourcePort: sourcePort)
            packets[sourcePort] = packet
        }
        try compare(packets, tables, doubts)
    }

    private static func packets() throws -> [Packet] {
        try interfaces.flatMap { interface in
            try sources.flatMap { source -> [Packet] in
                let address = try #require(IPAddress(AddressRange(source)))
                // The return route of IPv6 is only on the first interface.
                if case .ipv6 = address, interface != interfaces[0] { return [] }
                return ports.map { Packet(transport: $0.0, port: $0.1, from: address, interface: interface) }
            }
        }
    }

    private func load(_ file: String) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Hosts")
        let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
        guard file.hasSuffix(".iptables") else { return try NftProgram.load(text) }
        let result = try Program.run(["iptables-nft-restore"], input: text)
        try #require(result.status == 0, "\(result.errors)")
    }

    private func read() throws -> [Table] {
        let nftables = try Nftables()
        return try nftables.tableNames().filter { $0.name != "probe" }.map { name in
            try #require(try nftables.snapshot(of: name).table)
        }
    }

    /// The addresses that `Wire` gives its interfaces.
    private static let addresses = AddressSet(
        ipv4: [0x7f00_0001, 0xc000_0201, 0xc633_6401, 0xc633_6402].map { $0...$0 },
        ipv6: [1, 0x2001_0db8 << 96 | 1, 0x2001_0db8_0001 << 80 | 1, 0x2001_0db8_0001 << 80 | 2].map { $0...$0 })

    /// The addresses, and the kernel's routes.
    private static func circumstances() throws -> Circumstances {
        let network = try KernelNetwork()
        let routes = Routes(indices: [:]) { question in
            let destination = UInt32(truncatingIfNeeded: question.destination)
            let address: IPAddress = question.family == .ipv4 ? .ipv4(destination) : .ipv6(question.destination)
            return network.route(RouteQuestion(to: address)).map {
                Routes.Output(name: $0.interface, index: $0.interfaceIndex)
            }
        }
        return Circumstances(now: 0, addresses: addresses, routes: routes)
    }

    private func compare(_ packets: [UInt16: Packet], _ tables: [Table], _ doubts: [String]) throws {
        let listing = try NftProgram.run(["-n", "list", "set", "inet", "probe", "seen"])
        let seen = Set(listing.split(whereSeparator: { !$0.isNumber }).compactMap { UInt16($0) })
        let circumstances = try Self.circumstances()
        let regions = AccessRegions(tables, in: circumstances)
        let classes = Dictionary(
            uniqueKeysWithValues: Set(regions.keys.map(\.interface)).map { ($0.pattern ?? "", $0) })
        var known = 0
        for (sourcePort, packet) in packets.sorted(by: { $0.key < $1.key }) {
            let interface = try #require(classes[packet.interface] ?? classes[""])
            let key = AccessRegions.Key(family: packet.family, transport: packet.transport, interface: interface)
            let verdicts = [
                PacketEvaluation.conclude(packet, through: tables, in: circumstances).verdict,
                regions.verdict(key, port: packet.port, source: packet.source),
            ]
            let fate: PacketVerdict = seen.contains(sourcePort) ? .accept : .refuse
            for verdict in verdicts {
                if case .unknown(let places) = verdict {
                    let texts = places.map(\.description)
                    let isNamed = texts.contains { text in doubts.contains { text.contains($0) } }
                    #expect(isNamed, "\(packet): \(texts)")
                } else {
                    known += 1
                    #expect(verdict == fate, "\(packet)")
                }
            }
        }
        // Most verdicts are known.
        #expect(known > packets.count, "\(known) of \(2 * packets.count)")
    }
}
