import Addressing
import Commands
import Foundation
import Listeners
import Policies
import System
import Testing

@Suite("portreeve init")
struct InitTests {
    @Test("init proposes the protocols that raw sockets wait for")
    func initialProtocols() throws {
        let terminal = try Terminal()
        let keepalived = SocketProcess(
            pid: 7, name: "keepalived", executable: "/usr/sbin/keepalived", unit: "keepalived.service", user: "root")
        let bird = SocketProcess(pid: 8, name: "bird", executable: "/usr/sbin/bird", unit: "bird.service", user: "bird")
        func raw(_ number: UInt8, _ owner: SocketProcess, at address: IPAddress = .ipv4(0)) -> Listener {
            .sample(TransportProtocol(rawValue: number), 0, at: address, .processes([owner]))
        }
        terminal.sockets.listeners = [.sample(.tcp, 179, .processes([bird]))]
        terminal.sockets.raw = [
            raw(112, keepalived), raw(112, keepalived, at: .ipv6(0)), raw(89, bird), raw(103, bird), raw(200, bird),
            // What is exempt: ICMP, IGMP, ICMPv6, a socket that only sends, one on loopback.
            raw(1, bird), raw(2, bird), raw(58, bird), raw(255, bird), raw(47, bird, at: .ipv4(0x7f00_0001)),
        ]
        #expect(try terminal.run("init", "-") == .success)
        let text = terminal.output
        let closed = "    from: nobody   # closed to other hosts\n"
        #expect(text.contains("  keepalived:\n    protocols: 112   # vrrp\n\(closed)"))
        #expect(
            text.contains("  bird:\n    ports: 179/tcp\n    protocols: [89, 103, 200]   # ospf, pim, 200\n\(closed)"))
        let policy = try terminal.policy(text)
        #expect(policy.services.map(\.name) == ["bird", "keepalived"])
        #expect(policy.services[1].listener.units == ["keepalived.service"])
    }

    @Test("init names a service by the port where the program could serve anything, and drops versions")
    func initialNames() throws {
        let terminal = try Terminal()
        func process(_ name: String, pid: Int32) -> SocketProcess {
            SocketProcess(pid: pid, name: name, executable: "/usr/bin/\(name)", user: "root")
        }
        terminal.sockets.listeners = [
            .sample(.tcp, 80, .processes([process("python3.11", pid: 1)])),
            .sample(.tcp, 5432, .processes([process("java", pid: 2)])),
            .sample(.tcp, 8001, .processes([process("mysqld-8.0", pid: 3)])),
            .sample(.tcp, 7, .processes([process("node", pid: 4)])), .sample(.udp, 53, .kernel),
        ]
        #expect(try terminal.run("init", "-") == .success)
        let policy = try terminal.policy(terminal.output)
        #expect(policy.services.map(\.name).sorted() == ["domain", "echo", "http", "mysqld", "postgresql"])
    }

    @Test("init never overwrites a file")
    func overwriting() throws {
        let terminal = try Terminal()
        terminal.memory["new.yaml"] = "mine"
        #expect(try terminal.run("init", "new.yaml") == .failure)
        #expect(terminal.memory["new.yaml"] == "mine")
        #expect(terminal.errors.contains("new.yaml exists; nothing was written"))
    }

    @Test("init of a host without listeners writes a valid policy")
    func nothing() throws {
        let terminal = try Terminal()
        #expect(try terminal.run("init", "-") == .success)
        #expect(try terminal.policy(terminal.output).services.isEmpty)
    }

    @Test("init opens the port of the user's SSH connection where a process listens there, and says so")
    func initialPort() throws {
        let terminal = try Terminal()
        let server = SocketProcess(pid: 1, name: "dropbear", executable: "/usr/sbin/dropbear", user: "root")
        let site = SocketProcess(pid: 2, name: "nginx", executable: "/usr/sbin/nginx", user: "root")
        terminal.sockets.listeners = [
            .sample(.tcp, 2222, .processes([server])), .sample(.tcp, 80, .processes([site])),
        ]
        terminal.sshConnection = SSHConnection("10.9.0.2 50000 192.0.2.1 2222")
        #expect(try terminal.run("init", "new.yaml") == .success)
        #expect(
            terminal.output.hasPrefix(
                "written: new.yaml; ssh (tcp/2222) is open to 10.9.0.2, your address; every other service is closed "
                    + "until you fill in \"from\"\n"), "\(terminal.output)")
        let policy = try terminal.policy(try #require(terminal.memory["new.yaml"]))
        #expect(policy.services.map { $0.entries[0].sources.entries } == [["nobody"], ["ssh-client"]])
        // Another host forwards to port 80, which is no SSH.
        terminal.sshConnection = SSHConnection("10.9.0.2 50000 192.0.2.1 2022")
        #expect(try terminal.run("init", "other.yaml") == .success)
        #expect(terminal.output.hasPrefix("written: other.yaml; every service is closed to other hosts until you"))
    }

    @Test("init suggests the host's networks in one line, which is valid where it is uncommented")
    func initialNetworks() throws {
        let terminal = try Terminal()
        terminal.networks = [("net-e0", "192.0.2.0/24"), ("e1", "2001:db8::/64"), ("e1", "198.51.100.0/24")]
        #expect(try terminal.run("init", "-") == .success)
        let text = terminal.output
        #expect(text.contains("\n# portreeve apply --confirm 2m\nversion: 1\n"), "\(text)")
        #expect(try terminal.policy(text).groups.isEmpty)
        let policy = try terminal.policy(text.replacing("# sources: {", with: "sources: {"))
        #expect(policy.groups.map(\.name).sorted() == ["net-e1", "net-net-e0"])
    }

    @Test("init of a host without listeners says so, and shows what a service looks like")
    func empty() throws {
        let terminal = try Terminal()
        #expect(try terminal.run("init", "new.yaml") == .success)
        #expect(
            terminal.output.hasPrefix(
                "written: new.yaml; no process listens beyond loopback, so it has no service yet\nnext:\n  1. add a service "
            ),
            "\(terminal.output)")
        let text = try #require(terminal.memory["new.yaml"])
        #expect(text.hasSuffix("services: {}\n\(Self.example)"), "\(text)")
        let used = text.replacing("services: {}", with: "services:").replacing("\n#  ", with: "\n  ")
        #expect(try terminal.policy(used).services.map(\.name) == ["ssh"])
    }

    private static let example = """
        # No process listens beyond loopback. A service, once "{}" above is deleted:
        #  ssh:
        #    ports: 22/tcp
        #    from: [192.0.2.0/24]
        #    why: Admin access

        """

    @Test("init in a directory asks for a file in it, and makes none", arguments: ["", "/", "/none/"])
    func directory(end: String) throws {
        let terminal = try Terminal()
        let path = terminal.folder.path + end
        #expect(try terminal.run("init", path) == .failure)
        let place = path.hasSuffix("/") ? path : path + "/"
        #expect(
            terminal.errors
                == "portreeve: \(path) is a directory; nothing was written: write the path of a file, such as \(place)policy.yaml\n"
        )
        #expect(terminal.memory.isEmpty)
    }
}
