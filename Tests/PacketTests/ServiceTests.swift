import TestSupport
import Testing

@Suite("Services", .privileged, .networkNamespace)
struct ServiceTests {
    @Test("A limit accepts a burst from each source, and drops the rest silently", arguments: ["drop", "reject"])
    func limit(inbound: String) throws {
        let arena = try Arena(interfaces: ["eth0", "eth01"])
        try Firewall.load(
            """
            version: 1
            defaults: {inbound: \(inbound)}
            services:
              ssh: {ports: [22, 80/udp], from: [198.51.100.0/24, "2001:db8::/32"], limit: {rate: 1/day, burst: 3}}
              web: {ports: 8000, from: any, limit: 2/hour, log: true, interfaces: [eth01]}
            """)
        let refused: Outcome = inbound == "drop" ? .silent : .answered
        for source in ["198.51.100.1", "198.51.100.2", "2001:db8::1", "2001:db8:0:1::1"] {
            let burst = try (0..<3).map {
                try Expected.packet(from: source, to: $0 == 1 ? "80/udp" : "22/tcp", .accepted)
            }
            let rest = try ["22/tcp", "80/udp"].map { try Expected.packet(from: source, to: $0, .silent) }
            try arena.check(burst + rest)
        }
        try arena.check([
            .packet(from: "192.0.2.1", to: "22/tcp", refused), .packet(from: "2001:db9::", to: "22/tcp", refused),
        ])
        let burst = try (0..<5).map { _ in
            try Expected.packet(from: "192.0.2.1", to: "8000/tcp", on: "eth01", .accepted)
        }
        try arena.check(burst + [.packet(from: "192.0.2.1", to: "8000/tcp", on: "eth01", .silent)])
        try arena.check([.packet(from: "192.0.2.2", to: "8000/tcp", refused)])
        try arena.check([.packet(from: "192.0.2.2", to: "8000/tcp", on: "eth01", .accepted)])
    }

    @Test("A limit keeps its state when another part of the policy changes")
    func limitStays() throws {
        let arena = try Arena()
        let limited = "version: 1\nservices:\n  ssh: {ports: 22, from: any, limit: {rate: 1/day, burst: 1}}\n"
        try Firewall.load(limited)
        try arena.check([.packet(from: "192.0.2.1", to: "22/tcp", .accepted)])
        try Firewall.load(limited + "  web: {ports: 80, from: any}\n")
        try arena.check([
            .packet(from: "192.0.2.1", to: "22/tcp", .silent), .packet(from: "192.0.2.1", to: "80/tcp", .accepted),
        ])
    }

    @Test("A refused packet gets a reset or ICMP admin-prohibited with reject, and no answer with drop, logged or not")
    func refusal() throws {
        let arena = try Arena()
        for log in ["off", "1/second"] {
            for (inbound, outcome) in [("drop", Outcome.silent), ("reject", .answered)] {
                try Firewall.load(
                    "version: 1\ndefaults: {inbound: \(inbound), log: \(log)}\ndeny: [192.0.2.9, '2001:db8::9']\nservices: {}"
                )
                for port in ["22/tcp", "443/udp"] {
                    try arena.check(
                        port,
                        ["192.0.2.1": outcome, "2001:db8::1": outcome, "192.0.2.9": .silent, "2001:db8::9": .silent])
                }
            }
        }
    }

    @Test("DHCPv6 replies are accepted from link-local addresses, and from others with a service")
    func dhcpv6() throws {
        let arena = try Arena()
        for (service, outcome) in [
            ("{}", Outcome.answered), ("{dhcp: {ports: 546/udp, from: '2001:db8::/32'}}", .accepted),
        ] {
            try Firewall.load("version: 1\ndefaults: {inbound: reject}\nservices: \(service)")
            try arena.check("546/udp", ["fe80::2": .accepted, "2001:db8::1": outcome, "192.0.2.1": .answered])
            try arena.check("546/tcp", ["fe80::2": .answered, "2001:db8::1": .answered])
            try arena.check("547/udp", ["fe80::2": .answered])
        }
        try Firewall.load("version: 1\nservices: {}\ndeny: ['fe80::/10']")
        try arena.check("546/udp", ["fe80::2": .silent])
    }

    @Test("A service with sources of one family is closed on the other")
    func oneFamily() throws {
        let arena = try Arena()
        try Firewall.load("version: 1\nservices: {a: {ports: 22, from: 0.0.0.0/0}, b: {ports: 80, from: '::/0'}}")
        try arena.check("22/tcp", ["192.0.2.1": .accepted, "2001:db8::1": .silent])
        try arena.check("80/tcp", ["192.0.2.1": .silent, "2001:db8::1": .accepted])
    }
}
