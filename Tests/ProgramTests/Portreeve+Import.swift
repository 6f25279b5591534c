import Foundation
import TestSupport
import Testing

extension Portreeve {
    /// A program on a host with a network behind it: `wan` and `lan`, with the addresses 192.0.2.1 and 192.168.1.1.
    static func onRouter() throws -> Portreeve {
        let portreeve = try Portreeve()
        try portreeve.shell(
            """
            ip link set lo up
            for end in wan lan; do
              ip link add $end type veth peer name far-$end
              ip link set $end addrgenmode none
              ip link set $end up
              ip link set far-$end addrgenmode none
              ip link set far-$end up
            done
            ip addr add 192.0.2.1/24 dev wan
            ip addr add 192.168.1.1/24 dev lan
            echo 1 > /proc/sys/net/ipv4/ip_forward
            """)
        return portreeve
    }

    /// A chain that lets in what portreeve lets in on every host, and SSH.
    static let ordinaryInput = input("tcp dport 22 accept")

    /// A chain that lets in what portreeve lets in on every host, with rules at its end.
    static func input(_ rules: String, pings: String = "meta l4proto { icmp, ipv6-icmp } accept") -> String {
        """
          chain input {
            type filter hook input priority 0; policy drop;
            ct state established,related accept
            iif lo accept
            ip6 saddr fe80::/10 udp dport 546 accept
            \(pings)
            \(rules)
          }
        """
    }

    /// The kind and the reason of each difference of an import.
    static func reasons(_ object: [String: Any]) throws -> [String] {
        try #require(object["differences"] as? [[String: Any]]).map { "\($0["kind"] ?? "") \($0["reason"] ?? "")" }
    }

    /// Loads a ruleset of another program.
    func load(_ text: String) throws { try shell("nft -f " + write(text, to: "rules.nft")) }

    /// The JSON that a command prints.
    func json(_ arguments: String...) throws -> [String: Any] {
        let result = try self(arguments + ["--format", "json"])
        return try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.errors)")
    }
}
