import Addressing
import Compiler
import Listeners
import Policies
import Reachability
import Rulesets
import TestSupport
import Testing

@Suite("Regions and packets agree on services at addresses of the host")
struct AddressesAgreementTests {
    private static let sources = ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8:1::1", "2001:db8:2::1"]
    /// The parts that are given to services, each with an address in it.
    private static let parts: [(range: String, witness: String)] = [
        ("10.0.0.1", "10.0.0.1"), ("10.0.0.2-10.0.0.6", "10.0.0.5"), ("10.0.0.8/29", "10.0.0.15"),
        ("10.1.0.0/16", "10.1.2.3"),
        ("10.0.0.20", "10.0.0.20"), ("10.0.0.22", "10.0.0.22"), ("fd00::1", "fd00::1"), ("fd00::2/127", "fd00::3"),
        ("fd00:0:0:1::/64", "fd00:0:0:1::9"),
    ]
    private static let ports = ["80/tcp", "440-450/tcp", "443/udp", "445-460/tcp", "8000/tcp"]

    /// A policy whose services share ports at different addresses, beside one without addresses.
    private func policy(_ generator: inout SeededGenerator) throws -> Policy {
        var lists: [[String]] = [[], [], []]
        for part in Self.parts where generator.flips(0.8) {
            lists[Int.random(in: 0..<3, using: &generator)].append(part.range)
        }
        var services = [try Service("plain", "22/tcp")]
        for (index, list) in lists.enumerated() where !list.isEmpty {
            let ports = Self.ports.filter { _ in generator.flips(0.6) }
            guard let first = ports.first else { continue }
            var service = try Service(
                "s\(index)", first, from: [generator.pick(["any", "192.0.2.0/24", "2001:db8:1::/48"])])
            service.ports = try ports.prefix(2).flatMap { try Service("x", $0).ports }
            service.destinations = try SourceList(list, line: 5)
            services.append(service)
        }
        return Policy(services: services, files: ["policy.yaml"])
    }

    @Test(
        "For every source, address and port, whether the addresses of the host are known or not",
        arguments: 0..<3 as Range<UInt64>)
    func agreement(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2 {
            let table = compile(try policy(&generator)).table
            let addresses = try (Self.parts.map(\.witness) + ["10.9.9.9", "fd00:9::9"]).map {
                try Endpoint($0, 0).address
            }
            let host = generator.flips(0.5) ? AddressSet(addresses) : nil
            let circumstances = Circumstances(now: 0, addresses: host)
            let regions = AccessRegions([table], in: circumstances)
            for destination in addresses {
                let keys = regions.keys.filter {
                    $0.family == destination.family && $0.destination.contains(destination) && $0.interface != .loopback
                }
                for key in keys {
                    for source in try Self.sources.map({ try Endpoint($0, 0).address })
                    where source.family == key.family {
                        for port in [22, 80, 439, 440, 443, 445, 450, 451, 460, 461, 8000] as [UInt16] {
                            var packet = Packet(
                                transport: key.transport, port: port, from: source, interface: key.interface.witness)
                            packet.destination = destination.value
                            let expected = PacketEvaluation.conclude(packet, through: [table], in: circumstances)
                                .verdict
                            let found = regions.verdict(key, port: port, source: source.value)
                            if found != expected {
                                Issue.record("\(found), not \(expected): \(packet)\n\(table.nftText)")
                            }
                        }
                    }
                }
            }
        }
    }
}
