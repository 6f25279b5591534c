import Addressing
import Auditing
import Listeners
import Policies
import TestSupport
import Testing

@Suite("The sockets whose processes are identified")
struct OwnerRequestTests {
    private static let addresses = ["0.0.0.0", "::", "127.0.0.1", "::1", "192.0.2.1", "2001:db8::1"]
    private static let executables = ["/usr/sbin/nginx", "/usr/sbin/sshd", "/usr/bin/python3"]
    private static let ports: ClosedRange<UInt16> = 80...84

    /// Services on some of the ports: for any process or for one, at any address or at one, open or leading elsewhere.
    private func policy(_ generator: inout SeededGenerator) throws -> Policy {
        var services: [Service] = []
        for port in Self.ports where Bool.random(using: &generator) {
            let expected = Bool.random(using: &generator) ? ["nginx"] : []
            var service = try Service(
                "s\(port)", "\(port)/tcp", line: Int(port), listener: ListenerExpectation(processes: expected))
            if Int.random(in: 0..<4, using: &generator) == 0 {
                service.destinations = try SourceList(["192.0.2.1"], line: Int(port))
            }
            services.append(service)
        }
        return Policy(services: services)
    }

    private func listeners(_ generator: inout SeededGenerator) throws -> [Listener] {
        try (0..<Int.random(in: 0...6, using: &generator)).map { index in
            let address = Self.addresses.randomElement(using: &generator) ?? "::"
            let port = UInt16.random(in: Self.ports, using: &generator)
            let executable = Self.executables.randomElement(using: &generator) ?? ""
            let owners: Owners =
                Int.random(in: 0..<8, using: &generator) == 0
                ? .kernel : .processes([SocketProcess(executable, pid: Int32(index + 2))])
            var listener = try Listener(address, port, owners: owners)
            listener.inode = UInt64(index + 1)
            return listener
        }
    }

    @Test("No finding depends on the processes of the other sockets", arguments: Seeds.range(300))
    func sufficient(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let (policy, listeners) = (try policy(&generator), try listeners(&generator))
        let identified = ListenerAudit.socketsToIdentify(among: listeners, policy)
        let brief = listeners.map { listener in
            var listener = listener
            if case .processes = listener.owners, !identified.contains(listener.inode) { listener.owners = .notAsked }
            return listener
        }
        let exposure = ListenerAudit.Exposure.reachable
        #expect(
            ListenerAudit(policy, brief, exposure: exposure).findings
                == ListenerAudit(policy, listeners, exposure: exposure).findings)
    }

    @Test("A socket of its own on a port that any process may use, and one on loopback, need no process")
    func spared() throws {
        let policy = try Policy(
            try Service("any", "80/tcp"), try Service("one", "81/tcp", listener: ListenerExpectation(users: ["root"])))
        func listener(_ address: String, _ port: UInt16, _ inode: UInt64) throws -> Listener {
            var listener = try Listener(address, port)
            listener.inode = inode
            return listener
        }
        let listeners = [
            try listener("::", 80, 1), try listener("::", 81, 2), try listener("::", 82, 3),
            try listener("127.0.0.1", 83, 4), try listener("0.0.0.0", 84, 5), try listener("127.0.0.1", 84, 6),
        ]
        #expect(ListenerAudit.socketsToIdentify(among: listeners, policy) == [2, 3, 5, 6])
    }
}
