import Addressing
import Foundation
import Importing
import Kernel
import Listeners
import Rulesets
import TestSupport
import Testing

@testable import Reachability

/// A ruleset of another program in the calling thread's network namespace: the computed verdict on each packet, by the evaluator and by
/// the algebra, against what the kernel does with it.
struct RulesetTrial {
    /// The outcome for all packets.
    struct Outcome {
        /// The number of verdicts.
        var claims = 0
        /// The verdicts that the kernel contradicts.
        var wrong: [String] = []
        /// The unknown verdicts, by the rules that they depend on.
        var unknown: [String: Int] = [:]

        /// The number of unknown verdicts.
        var unknownCount: Int { unknown.values.reduce(0, +) }
    }

    /// A file that `iptables-nft-restore` does not load.
    struct Refusal: Error {
        let errors: String
    }

    /// The host's interfaces.
    let wire: Wire
    private let arrivals: Arrivals
    /// The tables as read.
    let tables: [Table]

    private static let probe = """
        table inet probe {
          set seen { type inet_service; flags dynamic; size 65535; }
          set places4 { type inet_service . ipv4_addr . inet_service; flags dynamic; size 65535; }
          set places6 { type inet_service . ipv6_addr . inet_service; flags dynamic; size 65535; }
          chain input { type filter hook input priority 2147483647; update @seen { th sport }; jump places; }
          chain forward { type filter hook forward priority 2147483647; update @seen { th sport }; jump places; }
          chain places {
            update @places4 { th sport . ip daddr . th dport }
            update @places6 { th sport . ip6 daddr . th dport }
          }
        }
        """

    /// Loads the text, which `isRestored` says is one of `iptables-save`, on a host with these interfaces, and reads it.
    init(_ text: String, isRestored: Bool, interfaces: [String]) throws {
        wire = try Wire(interfaces: interfaces)
        // The addresses of containers and of targets of port forwarding.
        if interfaces.contains("docker0") {
            for command in [
                "route add 172.17.0.0/16 dev docker0", "neigh add 172.17.0.2 lladdr 02:00:00:00:00:09 dev docker0",
            ] {
                _ = try Program.run(["ip"] + command.split(separator: " ").map(String.init))
            }
        }
        if isRestored {
            let result = try Program.run(["iptables-nft-restore"], input: text)
            guard result.status == 0 else { throw Refusal(errors: result.errors) }
        } else {
            try NftProgram.load(text)
        }
        let nftables = try Nftables()
        tables = try nftables.tableNames().map { try #require(try nftables.snapshot(of: $0).table) }
        // After the file, which may flush every ruleset.
        try NftProgram.load(Self.probe)
        arrivals = try Arrivals(by: interfaces)
    }

    /// Ends what a policy replaces, as the commands of a hand-over do, and writes its table.
    func handOver(_ takeover: Takeover, to table: Table) throws {
        for firewall in takeover.firewalls {
            switch firewall {
            case .firewalld: try NftProgram.load("delete table inet firewalld")
            case .chain(let table, let chain): try NftProgram.load("delete chain \(table) \(chain)")
            case .rules(let table, let chain, let numbers):
                let program = table.family == .ipv6 ? "ip6tables-nft" : "iptables-nft"
                for number in numbers.sorted(by: >) {
                    let result = try Program.run([program, "-t", table.name, "-D", chain, String(number)])
                    try #require(result.status == 0, "\(result.errors)")
                }
            case .iptables(let table, let chain, let numbers):
                let program = (table.family == .ipv6 ? "ip6tables-nft" : "iptables-nft") + " -t \(table.name)"
                let deletions = numbers.map { $0.sorted(by: >).map { "-D \(chain) \($0)" } } ?? ["-F \(chain)"]
                for words in ["-P \(chain) ACCEPT"] + deletions {
                    let result = try Program.run(["sh", "-c", "\(program) \(words)"])
                    try #require(result.status == 0, "\(words): \(result.errors)")
                }
            case .ufw:
                for left in takeover.remaining {
                    for chain in left.chains
                    where chain.base?.type == "filter"
                        && tables.contains(where: { $0.name == left.name && $0.chain(chain.name) != chain })
                    {
                        try empty(chain, of: left.name, keeping: chain.rules.count)
                    }
                }
            case .portreeve: break
            }
        }
        let nftables = try Nftables()
        let before = try nftables.snapshot(of: table.name)
        _ = try nftables.commit(Transaction(from: nil, to: table, named: table.name), onto: before)
    }

    /// Empties a chain of iptables; rules that lead to other programs' chains stay.
    private func empty(_ chain: Chain, of table: TableName, keeping count: Int) throws {
        let program = table.family == .ipv6 ? "ip6tables-nft" : "iptables-nft"
        let listed = try Program.run([program, "-S", chain.name]).output.split(separator: "\n").map(String.init)
        let kept =
            count == 0
            ? [] : listed.filter { $0.hasPrefix("-A") && Takeover.neighbours.contains(where: $0.lowercased().contains) }
        try #require(kept.count == count)
        for line in ["-P \(chain.name) ACCEPT", "-F \(chain.name)"] + kept {
            let result = try Program.run(["sh", "-c", "\(program) \(line)"])
            try #require(result.status == 0, "\(line): \(result.errors)")
        }
    }

    /// Sends the packets, each from a port of its own from this one on; the ports of those that the kernel accepts.
    func accepted(
        _ packets: [Packet], from first: UInt16 = 20_000, headers: Wire.Headers = Wire.Headers()
    ) throws -> [(sourcePort: UInt16, packet: Packet, isAccepted: Bool)] {
        for (number, packet) in packets.enumerated() {
            try wire.send(packet, sourcePort: first + UInt16(number), headers: headers)
        }
        try arrivals.wait(for: packets.indices.map { first + UInt16($0) })
        let listing = try NftProgram.run(["-n", "list", "set", "inet", "probe", "seen"])
        let seen = Set(listing.split(whereSeparator: { !$0.isNumber }).compactMap { UInt16($0) })
        return packets.enumerated().map { (first + UInt16($0), $1, seen.contains(first + UInt16($0))) }
    }

    /// The places that packets have reached, by their source port: the address, or "this host", and the port.
    func places() throws -> [UInt16: String] {
        let own = try wire.circumstances().addresses ?? AddressSet()
        var places: [UInt16: String] = [:]
        for set in ["places4", "places6"] {
            let listing = try NftProgram.run(["-n", "list", "set", "inet", "probe", set])
            for match in listing.matches(of: #/(\d+) \. ([0-9a-f.:]+) \. (\d+)/#) {
                guard let source = UInt16(match.1),
                    let address = (try? AddressRange(String(match.2))).flatMap({ IPAddress($0) })
                else { continue }
                places[source] = (own.contains(address) ? "this host" : "\(match.2)") + " port \(match.3)"
            }
        }
        return places
    }

    /// Sends the packets, and compares; they come by every interface, whatever the route back to their source, if `checksReturnRoutes`.
    func outcome(of packets: [Packet], checksReturnRoutes: Bool = false) throws -> Outcome {
        let sent = try accepted(packets)
        var circumstances = try wire.circumstances()
        circumstances.checksReturnRoutes = checksReturnRoutes
        let regions = AccessRegions(tables, in: circumstances)
        var outcome = Outcome()
        for (_, sentPacket, isAccepted) in sent {
            var packet = sentPacket
            packet.destination = Wire.destination(packet.family).value
            let key = try #require(regions.key(of: packet), "\(packet)")
            outcome.add(
                [
                    PacketEvaluation.conclude(packet, through: tables, in: circumstances).verdict,
                    regions.verdict(key, port: packet.port, source: packet.source),
                ], about: packet, isAccepted ? .accept : .refuse)
        }
        return outcome
    }
}

extension RulesetTrial.Outcome {
    fileprivate mutating func add(_ verdicts: [PacketVerdict], about packet: Packet, _ fate: PacketVerdict) {
        for verdict in verdicts {
            claims += 1
            if case .unknown(let places) = verdict {
                unknown[places.map(\.description).sorted().first ?? "", default: 0] += 1
            } else if verdict != fate {
                wrong.append("\(packet): \(verdict), but the kernel: \(fate)")
            }
        }
    }
}

extension AccessRegions {
    /// The most specific key of a packet.
    fileprivate func key(of packet: Packet) -> Key? {
        let fitting = keys.filter {
            $0.family == packet.family && $0.transport == packet.transport
                && $0.destination.contains(Wire.destination(packet.family))
        }
        func first(_ holds: (InterfaceClass.Kind) -> Bool) -> Key? { fitting.first { holds($0.interface.kind) } }
        let starts = fitting.compactMap { if case .prefixed(let start) = $0.interface.kind { start } else { nil } }
        let longest = starts.filter(packet.interface.hasPrefix).max { $0.utf8.count < $1.utf8.count }
        return first { $0 == .named(packet.interface) } ?? longest.flatMap { start in first { $0 == .prefixed(start) } }
            ?? first { $0 == .other }
    }
}
