import Addressing
import Commands
import Listeners
import Testing

@Suite("portreeve verify, listeners")
struct ListenerTests {
    private let policy = """
        version: 1
        services:
          ssh: {ports: 22, from: any, process: sshd, unit: ssh.service, user: root, why: Admin}
          web: {ports: [443, 8000-8100], from: any, process: [nginx, /usr/sbin/apache2], why: Site}
          spare: {ports: 9000, from: any, optional: true, why: Not always there}

        """

    private let sshd = SocketProcess(
        pid: 812, name: "sshd", executable: "/usr/sbin/sshd", unit: "ssh.service", user: "root")
    private let nginx = SocketProcess(pid: 900, name: "nginx", executable: "/usr/sbin/nginx", user: "www-data")

    private func everywhere(_ port: UInt16, _ process: SocketProcess) -> Listener {
        Listener(
            transport: .tcp, address: .ipv6(0), port: port, isDualStack: true, inode: UInt64(port),
            owners: .processes([process]))
    }

    /// The output and exit status of `verify` for these sockets, by default with the policy applied.
    private func findings(_ listeners: [Listener], applied: Bool = true) throws -> (String, Commands.ExitStatus) {
        let terminal = try Terminal()
        let path = try terminal.write(policy)
        if applied { _ = try terminal.run("apply", path, "--yes") }
        terminal.sockets.listeners = listeners
        let status = try terminal.run("verify", path, "--only", "listeners", "--quiet")
        return (terminal.output.replacing(path, with: "policy.yaml"), status)
    }

    @Test("Expected listeners give no finding")
    func fine() throws {
        let (output, status) = try findings([everywhere(22, sshd), everywhere(443, nginx), everywhere(8080, nginx)])
        #expect(output.isEmpty)
        #expect(status == .success)
    }

    @Test(
        "An undeclared listener is a warning if it is blocked, an error if reachable; ports are compared as numbers"
    )
    func undeclared() throws {
        let fine = [everywhere(22, sshd), everywhere(443, nginx), everywhere(8000, nginx)]
        let (output, status) = try findings(fine + [everywhere(2222, sshd)])
        #expect(
            output == """
                warning: sshd (pid 812, /usr/sbin/sshd, ssh.service, user root) listens on tcp/2222 (::), which is not in \
                the policy; blocked by the firewall: declare it, bind it to loopback, or stop it \
                [undeclared-listener]
                verify: 1 warning

                """)
        #expect(status == .difference)
        let (open, _) = try findings(fine + [everywhere(2222, sshd)], applied: false)
        #expect(open.contains("error: sshd"))
        #expect(open.contains("reachable from other hosts"))
    }

    @Test("The same port of another protocol is not declared")
    func otherProtocol() throws {
        let udp = Listener(transport: .udp, address: .ipv4(0), port: 443, owners: .kernel)
        let (output, _) = try findings([everywhere(22, sshd), everywhere(443, nginx), everywhere(8000, nginx), udp])
        #expect(output.contains("warning: the kernel listens on udp/443 (0.0.0.0)"))
    }

    @Test("A client's datagram socket is a notice")
    func client() throws {
        let udp = Listener(transport: .udp, address: .ipv4(0), port: 40000, owners: .processes([nginx]))
        let (output, status) = try findings([
            everywhere(22, sshd), everywhere(443, nginx), everywhere(8000, nginx), udp,
        ])
        #expect(output.contains("notice: nginx"))
        #expect(status == .success)
    }

    @Test("No listener, one on loopback only, one of a single family")
    func unreachable() throws {
        let loopback = Listener(transport: .tcp, address: .ipv4(0x7f00_0035), port: 22, owners: .processes([sshd]))
        let ipv4 = Listener(transport: .tcp, address: .ipv4(0), port: 443, owners: .processes([nginx]))
        let (output, _) = try findings([loopback, ipv4])
        #expect(output.contains("allowed clients cannot connect to tcp/22: it listens on 127.0.0.53 only"))
        #expect(
            output.contains("service \"web\" is open to IPv6 on tcp/443, and nothing listens on IPv6 (found: 0.0.0.0)"))
        #expect(output.contains("service \"web\" is open on tcp/8000-8100, and nothing listens"))
        #expect(!output.contains("9000"))
        #expect(output.hasSuffix("verify: 3 warnings\n"))
    }

    @Test("An unexpected process, unit or user; a path must match as a whole, a name at its end")
    func strangers() throws {
        var stranger = sshd
        (stranger.executable, stranger.unit, stranger.user) = ("/tmp/sshd2", "cron.service", "mallory")
        var elsewhere = nginx
        elsewhere.executable = "/opt/apache2"
        let (output, status) = try findings([
            everywhere(22, stranger), everywhere(443, elsewhere), everywhere(8000, nginx),
        ])
        for identifier in ["[wrong-process]", "[wrong-unit]", "[wrong-user]"] { #expect(output.contains(identifier)) }
        #expect(output.contains("\"/tmp/sshd2\", not \"sshd\", listens on tcp/22"))
        #expect(output.contains("\"/opt/apache2\", not \"nginx\" or \"/usr/sbin/apache2\", listens on tcp/443"))
        #expect(status == .difference)
    }

    @Test("Without privileges the owner is unknown, neither wrong nor right")
    func unknown() throws {
        let reason = Owners.unknown("no privilege to read the descriptors of 3 processes: run as root")
        let listeners = [22, 443, 8000].map {
            Listener(transport: .tcp, address: .ipv6(0), port: $0, isDualStack: true, owners: reason)
        }
        let (output, status) = try findings(listeners)
        #expect(
            output == """
                warning: cannot find the process that listens on tcp/22, tcp/443, tcp/8000: no privilege to read the \
                descriptors of 3 processes: run as root [unknown]
                verify: 1 warning

                """)
        #expect(status == .difference)
    }

    @Test("Unrelated processes on one port are reported; processes of one family or unit are not")
    func shared() throws {
        let other = SocketProcess(pid: 4, name: "apache2", executable: "/usr/sbin/apache2", unit: "apache2.service")
        let fine = [everywhere(22, sshd), everywhere(8000, nginx), everywhere(443, nginx)]
        #expect(try findings(fine + [everywhere(443, nginx)]).0.isEmpty)
        // The policy lists both.
        #expect(try findings(fine + [everywhere(443, other)]).0.isEmpty)
        let third = SocketProcess(pid: 5, name: "caddy", executable: "/usr/bin/caddy", unit: "caddy.service")
        let (output, _) = try findings(fine + [everywhere(443, third)])
        #expect(
            output.contains(
                """
                policy.yaml:4: warning: unrelated processes share tcp/443 at ::: /usr/bin/caddy, /usr/sbin/nginx; each \
                gets a part of the connections; stop the one that should not listen, or list all under "process" or "unit" \
                [shared-port]

                """))
        var helper = nginx
        helper.unit = "apache2.service"
        #expect(
            try findings(
                [everywhere(22, sshd), everywhere(8000, nginx)] + [everywhere(443, helper), everywhere(443, other)]
            ).0.isEmpty)
    }

    @Test("A socket that systemd holds for the service is right; one that the kernel holds is not")
    func activated() throws {
        let systemd = SocketProcess(
            pid: 1, name: "systemd", executable: "/usr/lib/systemd/systemd", unit: "init.scope", user: "root")
        let fine = [everywhere(443, nginx), everywhere(8000, nginx)]
        var both = everywhere(22, systemd)
        #expect(try findings(fine + [both]).0.contains("the unit that it starts is not known"))
        both.activated = ActivatedUnit(name: "ssh.service", executable: "/usr/sbin/sshd", user: "root")
        #expect(try findings(fine + [both]).0.isEmpty)
        both.owners = .processes([systemd, sshd])
        #expect(try findings(fine + [both]).0.isEmpty)
        both.owners = .kernel
        #expect(
            try findings(fine + [both]).0 == """
                policy.yaml:3: error: the kernel itself, not "sshd" or "ssh.service", listens on tcp/22 of service "ssh"; \
                stop it, or list it under "process" [wrong-process]
                verify: 1 error

                """)
        // In a container, the first process may be the service itself.
        var first = nginx
        first.pid = 1
        #expect(try findings(fine + [everywhere(22, first)]).0.contains("[wrong-process]"))
    }

    @Test("A deleted executable and an exited process are unknown, neither right nor wrong")
    func undecided() throws {
        var deleted = sshd
        deleted.isDeleted = true
        let fine = [everywhere(443, nginx), everywhere(8000, nginx)]
        let (output, _) = try findings(fine + [everywhere(22, deleted)])
        #expect(output.contains("warning: \"/usr/sbin/sshd\" was deleted or replaced after its start"))
        #expect(output.hasSuffix("[unknown]\nverify: 1 warning\n"))
        let vanished = SocketProcess(pid: 812, name: "process")
        let (unreadable, _) = try findings(fine + [everywhere(22, vanished)])
        #expect(unreadable.hasSuffix("verify: 3 warnings\n"))
        #expect(!unreadable.contains("[wrong"))
    }

    @Test("A family of wrong processes is one finding")
    func once() throws {
        var (parent, child) = (nginx, nginx)
        (parent.executable, child.executable, child.pid) = ("/opt/x", "/opt/x", 901)
        var socket = everywhere(443, parent)
        socket.owners = .processes([parent, child])
        let (output, _) = try findings([everywhere(22, sshd), everywhere(8000, nginx), socket, socket])
        #expect(output.hasSuffix("verify: 1 error\n"))
    }

    @Test("An unknown area is rejected")
    func areas() throws {
        let terminal = try Terminal()
        for areas in ["session", "ruleset,", ""] {
            #expect(throws: (any Error).self) { _ = try terminal.run("verify", "policy.yaml", "--only", areas) }
        }
    }
}
