import Addressing
import Listeners
import Policies
import Testing

@testable import Auditing

@Suite("Findings without noise")
struct ShortenedFindingTests {
    private func wrongFamily(_ family: AddressFamily) -> Finding {
        Finding(.wrongFamily, .warning, "open to \(family.title)").with(.init(aspect: family.title))
    }

    private func set(_ texts: String...) throws -> AddressSet {
        try texts.reduce(AddressSet()) { $0.union(AddressSet(try AddressRange($1))) }
    }

    @Test("A family of which the host has no address at all needs no listener")
    func families() throws {
        let own = try set("127.0.0.1", "192.0.2.1")
        #expect(wrongFamily(.ipv6).isOfUnspokenFamily(among: own))
        #expect(!wrongFamily(.ipv4).isOfUnspokenFamily(among: own))
        #expect(!wrongFamily(.ipv6).isOfUnspokenFamily(among: try set("127.0.0.1", "::1", "192.0.2.1")))
        #expect(!wrongFamily(.ipv6).isOfUnspokenFamily(among: nil))
        #expect(!wrongFamily(.ipv6).isOfUnspokenFamily(among: AddressSet()))
    }

    @Test("A process is described once, and then named by its number")
    func processes() {
        let process = SocketProcess(pid: 7, name: "node", executable: "/opt/app/bin/node", user: "app")
        var finding = Finding(.undeclaredListener, .warning, "\(process.text) listens on tcp/1")
        finding.process = process
        #expect(finding.shortened(knowing: []).message == "node (pid 7, /opt/app/bin/node, user app) listens on tcp/1")
        #expect(finding.shortened(knowing: [7]).message == "node (pid 7) listens on tcp/1")
    }
}
