import Foundation
import TestSupport
import Testing

/// The comments of sets, maps and their elements, and the names of services and groups.
@Suite("Import of comments and names", .privileged, .networkNamespace)
struct ImportCommentTests {
    private let portreeve: Portreeve

    init() throws {
        portreeve = try Portreeve.onRouter()
    }

    /// Imports a table with these sets and maps, and these rules behind the ordinary ones.
    private func imported(with sets: String = "", _ rules: String) throws -> String {
        try portreeve.load("table inet filter {\n\(sets)\n\(Portreeve.input(rules))\n}")
        return try #require(try portreeve.json("import")["policy"] as? String)
    }

    @Test("The comment of the element for a port is the reason of its service, before that of the rule")
    func elements() throws {
        let text = try imported(
            with: """
                map services {
                  type inet_service : verdict
                  elements = { 22 comment "Admins" : accept, 25 comment "Mail" : goto mail, 2222 : accept }
                }
                map pairs {
                  type ipv4_addr . inet_service : verdict
                  elements = { 192.0.2.7 . 3306 comment "Shop" : accept, 192.0.2.8 . 3306 comment "Wiki" : accept }
                }
                chain mail { ip saddr 192.0.2.0/24 accept; }
                """,
            """
            ip saddr 192.0.2.9 tcp dport { 80 comment "Site", 8080-8089 comment "Test site" } accept comment "Web"
            tcp dport { 9300, 9301 } accept comment "Search"
            ip saddr . tcp dport vmap @pairs
            tcp dport vmap @services
            """)
        for (ports, reason) in [
            ("22/tcp", "Admins"), ("25/tcp", "Mail"), ("2222/tcp", "to be filled in"), ("80/tcp", "Site"),
            ("8080-8089/tcp", "Test site"), ("9300-9301/tcp", "Search"), ("3306/tcp", "\"Shop; Wiki\""),
        ] {
            let rest = try #require(text.components(separatedBy: "    ports: \(ports)\n").dropFirst().first, "\(text)")
            let why = rest.split(separator: "\n").first { $0.hasPrefix("    why: ") }
            #expect(why == "    why: \(reason)", "\(ports): \(text)")
        }
    }

    @Test("The comments of a set and of its elements are those of its group")
    func groups() throws {
        let text = try imported(
            with: """
                set admins {
                  type ipv4_addr; comment "People # and machines"
                  elements = { 192.0.2.1 comment "alice: laptop", 192.0.2.2 comment "bob", 192.0.2.3 }
                }
                set networks { type ipv4_addr; flags interval; elements = { 10.1.0.0/24 comment "Lab", 10.2.0.1 }; }
                """, "ip saddr @admins tcp dport 22 accept\nip saddr @networks tcp dport 25 accept")
        #expect(
            text.contains(
                """
                sources:
                  # People # and machines
                  admins:
                    - 192.0.2.1   # alice: laptop
                    - 192.0.2.2   # bob
                    - 192.0.2.3
                  networks:
                    - 10.1.0.0/24   # Lab
                    - 10.2.0.1

                """), "\(text)")
    }

    @Test("Ports that are no range are named by the services among them, or one by one")
    func lists() throws {
        let text = try imported(
            """
            ip saddr 10.0.0.0/9 tcp dport { 9100, 9256 } accept
            ip saddr 10.0.0.0/10 tcp dport { 22, 2222 } accept
            ip saddr 10.0.0.0/11 tcp dport { 21, 23, 79, 111 } accept
            ip saddr 10.0.0.0/12 tcp dport { 40000-40100, 50000-50100 } accept
            ip saddr 10.0.0.0/13 udp dport 60000-61000 accept
            ip saddr 10.0.0.0/14 tcp dport { 1000-1999, 20100-39999, 41000-49999, 51000-65535 } accept
            """)
        for name in [
            "tcp-9100-and-9256", "ssh-and-2222", "internal-ports", "internal-from-10-0-0-0-12", "udp-60000-61000",
            "most-ports",
        ] {
            #expect(text.contains("\n  \(name):\n"), "\(name): \(text)")
        }
    }

    @Test("The name of a group of the clients of a service with a long name is valid")
    func longNames() throws {
        let clients = (1...5).map { "192.0.2.\($0 * 2)" }.joined(separator: ", ")
        let text = try imported("ip saddr { \(clients) } tcp dport { 5222, 5269, 5308 } accept")
        #expect(text.contains("    from: xmpp-client-xmpp-server-cf\n"), "\(text)")
        #expect(text.contains("\n  xmpp-client-xmpp-server-cf:\n"), "\(text)")
    }
}
