import Addressing
import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Every refused packet is counted, and nothing else", .privileged, .networkNamespace)
struct RefusalTests {
    private let network: Network
    private let portreeve: Portreeve

    init() throws {
        (network, portreeve) = (try Network(), try Portreeve())
        try network.host.set("netfilter/nf_conntrack_checksum", "0")
    }

    private static let policy = """
        version: 1
        defaults: {log: {rate: 1000000000/second, to: netlink, group: 7}, ping: drop}
        sources: {office: [192.0.2.0/28, "2001:db8::/64"]}
        deny: [192.0.2.66]
        services:
          ssh: {ports: 22, from: office, why: Admin}
          syslog: {ports: 514/udp, from: any, limit: {rate: 1/day, burst: 2}, log: true, why: Logs}
          old: {ports: 70, from: any, expires: 2020-01-01, why: Gopher}
          wan: {ports: 71, from: any, interfaces: eth9, why: Elsewhere}
          here: {ports: 72, addresses: 203.0.113.9, from: any, why: Other address}
          shop: {ports: 8080, from: office, why: Container}

        """

    /// A row of the result: `SOURCE PROTOCOL PORT REASON COUNT`.
    private func watch(_ policy: String, until packets: Int, _ send: () throws -> Void) throws -> [String: Int] {
        let path = try portreeve.write(policy)
        let applied = try portreeve("apply", path, "--yes", "--quiet")
        try #require(applied.status == 0, "\(applied)")
        let output = try portreeve.write("", to: "refusals")
        let process = try portreeve.shell(
            """
            \(try Portreeve.executable) refusals \(path) --watch --format json --state-dir \(portreeve.stateDirectory) \
                > \(output) 2>&1 &
            for i in $(seq 400); do grep -q '^ *7 ' /proc/self/net/netfilter/nfnetlink_log && break; sleep 0.02; done
            echo $!
            """)
        let number = try #require(Int32(process.trimmingCharacters(in: .whitespacesAndNewlines)))
        try send()
        var rows: [String: Int] = [:]
        _ = try eventually {
            rows = try self.rows(output)
            return rows.values.reduce(0, +) >= packets
        }
        // What was logged too often would still come.
        usleep(300_000)
        kill(number, SIGTERM)
        try #require(eventually { kill(number, 0) != 0 })
        rows = try self.rows(output)
        return rows
    }

    private func rows(_ path: String) throws -> [String: Int] {
        var rows: [String: Int] = [:]
        for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
            guard let row = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
                if !line.hasPrefix("{") { Issue.record("\(line)") }
                continue
            }
            let port = row["port"] as? Int ?? row["icmp_type"] as? Int
            let words = [
                row["source"] as? String, row["protocol"] as? String, port.map(String.init) ?? "-",
                row["reason"] as? String ?? row["verdict"] as? String, row["late"] as? Bool == true ? "late" : nil,
            ].compactMap { $0 }
            rows[words.joined(separator: " "), default: 0] += row["count"] as? Int ?? 0
        }
        return rows
    }

    /// Sends packets of a protocol from the client's side, each with these bytes behind the header of IP.
    private func send(
        _ number: UInt8, from source: String, _ packets: [[UInt8]], to destination: IPAddress? = nil
    ) throws {
        let address = try IPAddress(source)
        let host = try destination ?? network.wire.host(address.family)
        try network.client.run {
            let socket = try Socket(.raw(number), address.family)
            try socket.bind(to: Endpoint(address: address, port: 0))
            for packet in packets { #expect(socket.send(packet, to: Endpoint(address: host, port: 0)) == 0) }
        }
    }

    /// A segment of TCP with these flags; RFC 9293 3.1.
    private func segment(_ port: UInt16, from source: UInt16 = 40000, flags: UInt8 = 2) -> [UInt8] {
        [UInt8(source >> 8), UInt8(source & 255), UInt8(port >> 8), UInt8(port & 255)]
            + [0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 16, 0, 0, 0, 0, 0]
    }

    /// A datagram of UDP without data; RFC 768.
    private func datagram(_ port: UInt16, from source: UInt16 = 40000) -> [UInt8] {
        [UInt8(source >> 8), UInt8(source & 255), UInt8(port >> 8), UInt8(port & 255), 0, 8, 0, 0]
    }

    @Test("TCP, UDP, ICMP and protocols without ports, IPv4 and IPv6, with the reason of the policy")
    func everything() throws {
        let found = try watch(Self.policy, until: 33) {
            try send(6, from: "192.0.2.1", [segment(22), segment(23), segment(23, from: 40001)])
            try send(6, from: "198.51.100.1", [segment(22), segment(70), segment(71), segment(72)])
            try send(6, from: "198.51.100.2", [segment(40000, from: 443, flags: 0x10)])
            try send(17, from: "198.51.100.2", [datagram(50000, from: 53)])
            try send(6, from: "192.0.2.66", [segment(22), segment(80)])
            try send(6, from: "2001:db8::1", [segment(22), segment(25)])
            try send(6, from: "2001:db8:9::1", [segment(22)])
            try send(17, from: "198.51.100.3", (0..<12).map { datagram(514, from: 40000 + $0) })
            try send(17, from: "2001:db8:9::2", [datagram(69), datagram(69, from: 40001)])
            try send(
                1, from: "198.51.100.4",
                (0..<5).map { [8, 0, 0xf7, 0xfb - $0, 0, 4, 0, $0] } + [
                    [13, 0, 0xf2, 0xfb, 0, 4, 0, 0] + [UInt8](repeating: 0, count: 12)
                ])
            try send(58, from: "2001:db8:9::4", [[128, 0, 0, 0, 0, 4, 0, 1]])
            try send(50, from: "198.51.100.5", [[0, 0, 1, 0, 0, 0, 0, 1]])
            try send(
                132, from: "198.51.100.5",
                [
                    [
                        0x9c, 0x40, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 20, 0, 0, 0, 1, 0, 0, 16, 0, 0, 1, 0, 1, 0,
                        0, 0, 1,
                    ]
                ])
        }
        let expected = [
            "192.0.2.1 tcp 23 no-service": 2, "198.51.100.1 tcp 22 not-in-from": 1, "198.51.100.1 tcp 70 expired": 1,
            "198.51.100.1 tcp 71 other-interface": 1, "198.51.100.1 tcp 72 other-address": 1,
            "198.51.100.2 tcp 40000 no-service late": 1, "198.51.100.2 udp 50000 no-service late": 1,
            "192.0.2.66 tcp 22 denied": 1, "192.0.2.66 tcp 80 denied": 1, "2001:db8::1 tcp 25 no-service": 1,
            "2001:db8:9::1 tcp 22 not-in-from": 1, "198.51.100.3 udp 514 over-limit": 10,
            "2001:db8:9::2 udp 69 no-service": 2, "198.51.100.4 icmp 8 ping": 5,
            "198.51.100.4 icmp 13 icmp-type": 1, "2001:db8:9::4 ipv6-icmp 128 ping": 1,
            "198.51.100.5 esp - no-service": 1, "198.51.100.5 sctp 7 no-service": 1,
        ]
        #expect(found == expected)
        #expect(expected.values.reduce(0, +) == 33)
    }

    @Test("The port that was dialled counts where a container has another one")
    func published() throws {
        let container = try Container(behind: network.host)
        try Container.publish([(8080, 80), (8081, 81)])
        let found = try withExtendedLifetime(container) {
            try watch(Self.policy, until: 3) {
                try send(6, from: "192.0.2.1", [segment(8080)])
                try send(6, from: "198.51.100.1", [segment(8080), segment(8081)])
                try send(6, from: "2001:db8:9::1", [segment(8081)])
            }
        }
        let dialled = [
            "198.51.100.1 tcp 8080 not-in-from": 1, "198.51.100.1 tcp 8081 no-service": 1,
            "2001:db8:9::1 tcp 8081 no-service": 1,
        ]
        // A kernel without CONFIG_NETFILTER_NETLINK_GLUE_CT does not say what was dialled, and two published ports have one rule.
        let unknown = ["198.51.100.1 tcp - unknown": 2, "2001:db8:9::1 tcp - unknown": 1]
        #expect(found == dialled || found == unknown, "\(found)")
    }
}
