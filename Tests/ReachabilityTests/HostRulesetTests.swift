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
        ("objects.nft", ["synproxy", "expectation", "objref"]), ("counted.iptables", []),
        ("set-statements.nft", ["@mixed"]),
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

    @Test("Every table is read, and each packet gets the computed verdict", arguments: files)
    func verdicts(file: String, doubts: [String]) throws {
        let text = try String(contentsOf: URL.hosts.appending(path: file), encoding: .utf8)
        let trial = try RulesetTrial(text, isRestored: file.hasSuffix(".iptables"), interfaces: Self.interfaces)
        #expect(!trial.tables.isEmpty)
        for table in trial.tables { #expect(!table.nftText.isEmpty) }
        let outcome = try trial.outcome(of: Self.packets())
        #expect(outcome.wrong == [])
        let unnamed = outcome.unknown.keys.filter { place in !doubts.contains { place.contains($0) } }
        #expect(unnamed == [])
        // Most verdicts are known.
        #expect(outcome.unknownCount < outcome.claims / 2, "\(outcome.unknownCount) of \(outcome.claims)")
    }

    @Test("None drops ARP or neighbour discovery of the connections that a policy allows", arguments: files)
    func discovery(file: String, _: [String]) throws {
        let text = try String(contentsOf: URL.hosts.appending(path: file), encoding: .utf8)
        let trial = try RulesetTrial(text, isRestored: file.hasSuffix(".iptables"), interfaces: Self.interfaces)
        var circumstances = try trial.wire.circumstances()
        circumstances.routes?.links = Set(Self.interfaces)
        circumstances.routes?.arrivals = { ["eth0": .any] }
        let base = BaseChain(type: "filter", hook: .input, priority: 0, policy: .accept)
        let own = Table(
            name: TableName(family: .inet, name: "own"), chains: [Chain(name: "input", base: base, rules: [])], sets: []
        )
        let overrides = [AccessOverride](of: own, by: trial.tables, in: circumstances)
        #expect(overrides.filter { $0.effect == .unresolved } == [])
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
}

extension URL {
    /// The folder with rulesets of programs on real hosts.
    static let hosts = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Hosts")
}
