import Addressing
import Commands
import Listeners
import Policies
import Rulesets
import Testing

@Suite("portreeve status and init")
struct StatusTests {
    private let sshd = SocketProcess(
        pid: 812, name: "sshd", executable: "/usr/sbin/sshd", unit: "ssh.service", user: "root")
    private let nginx = SocketProcess(
        pid: 900, name: "nginx", executable: "/usr/sbin/nginx", unit: "nginx.service", user: "www-data")

    private func listener(
        _ transport: TransportProtocol, _ port: UInt16, at address: IPAddress = .ipv6(0), _ owners: Owners
    ) -> Listener {
        Listener(
            transport: transport, address: address, port: port, isDualStack: address == .ipv6(0), inode: UInt64(port),
            owners: owners)
    }

    /// A host with twelve kinds of listener.
    private var sockets: [Listener] {
        [
            listener(.tcp, 22, .processes([sshd])), listener(.tcp, 80, .processes([nginx])),
            listener(.tcp, 443, at: .ipv4(0), .processes([nginx])), listener(.udp, 443, .processes([nginx])),
            listener(.tcp, 2049, .kernel), listener(.udp, 51820, at: .ipv4(0), .kernel),
            listener(.tcp, 5432, at: .ipv4(0x7f00_0001), .processes([nginx])),
            listener(.udp, 53, at: .ipv4(0x7f00_0035), .processes([nginx])),
            listener(.tcp, 9999, .unknown("no privilege: run as root")),
            listener(.udp, 40000, .processes([sshd])),
            listener(
                .tcp, 631,
                .processes([
                    SocketProcess(pid: 1, name: "systemd", executable: "/usr/lib/systemd/systemd", unit: "init.scope")
                ])),
            listener(
                .tcp, 25,
                .processes([
                    SocketProcess(pid: 5, name: "9 Odd: \"name\"", executable: "/opt/9 Odd: \"name\"", user: "mail")
                ])),
        ]
    }

    @Test("One row per port, aligned, within 80 columns")
    func rows() throws {
        let terminal = try Terminal()
        (terminal.outputColumns, terminal.forbidsColor) = (80, true)
        let path = try terminal.write(
            """
            version: 1
            sources: {administrators: [10.0.0.0/8, "2001:db8::/32"]}
            services:
              ssh: {ports: 22, from: [administrators, 192.0.2.0/24, 198.51.100.0/24], owner: operations@example.org, expires: 2027-12-31, why: x}
              web: {ports: [80, 443, 8000-8100], from: any, why: x}
            """)
        let applied = try terminal.write(
            "version: 1\nservices: {web: {ports: [80, 443, 8000-8100], from: any, why: x}, old: {ports: 70, from: any, why: x}}",
            to: "old.yaml")
        _ = try terminal.run("apply", applied, "--yes")
        terminal.sockets.listeners = Array(sockets.prefix(4)) + [listener(.tcp, 2222, .processes([sshd]))]
        #expect(try terminal.run("status", path) == .success)
        #expect(
            terminal.output == """
                PORT           SERVICE  FROM          LOADED  LISTENER  OWNER         UNTIL
                tcp/22         ssh      administrat…  no      sshd      operations@…  2027-12-31
                tcp/70         old      not declared  yes     -         -             -
                tcp/80         web      any           yes     nginx     -             -
                tcp/443        web      any           yes     nginx     -             -
                tcp/2222       -        blocked       -       sshd      -             -
                tcp/8000-8100  web      any           yes     -         -             -
                udp/443        -        blocked       -       nginx     -             -

                """)
        #expect(terminal.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
        terminal.outputColumns = nil
        _ = try terminal.run("status", path)
        #expect(terminal.output.contains("  administrators, 192.0.2.0/24, 198.51.100.0/24  "))
    }

    @Test("JSON has every value")
    func json() throws {
        let terminal = try Terminal()
        let path = try terminal.write(
            "version: 1\nservices: {ssh: {ports: 22, from: any, owner: o, ticket: T-1, why: w, expires: 2027-12-31}}")
        _ = try terminal.run("apply", path, "--yes")
        terminal.sockets.listeners = [listener(.tcp, 22, .processes([sshd])), listener(.tcp, 80, .processes([nginx]))]
        _ = try terminal.run("status", path, "--format", "json")
        let ports = try #require(try terminal.json()["ports"] as? [[String: Any]])
        #expect(ports.map { $0["port"] as? Int } == [22, 80])
        #expect(ports[0]["loaded"] as? String == "yes")
        #expect(ports[0]["declared"] as? Bool == true)
        #expect(ports[0]["expires"] as? String == "2027-12-31")
        let listeners = try #require(ports[0]["listeners"] as? [[String: Any]])
        let process = (listeners.first?["processes"] as? [[String: Any]])?.first
        #expect(process?["unit"] as? String == "ssh.service")
        #expect(ports[1]["declared"] as? Bool == false)
        #expect(ports[1]["exposure"] as? String == "shielded")
    }

    @Test(
        "init writes a valid policy, closed except for the user's SSH client, without loopback sockets and clients")
    func initial() throws {
        let terminal = try Terminal()
        terminal.sockets.listeners = sockets
        terminal.sshClient = "203.0.113.9"
        #expect(try terminal.run("init", "new.yaml") == .success)
        let text = try #require(terminal.memory["new.yaml"])
        let policy = try terminal.policy(text)
        #expect(
            policy.services.map(\.name) == [
                "nginx", "service-9-odd-name", "ssh", "tcp-2049", "tcp-631", "tcp-9999", "udp-51820",
            ])
        let ssh = try #require(policy.services.first { $0.name == "ssh" })
        #expect(ssh.entries[0].sources.entries == ["ssh-client"])
        #expect(ssh.listener.units == ["ssh.service"])
        #expect(ssh.listener.processes == ["/usr/sbin/sshd"])
        for service in policy.services where service.name != "ssh" {
            #expect(service.entries[0].sources.entries == ["this-host"])
        }
        #expect(text.contains("ports: [80/tcp, 443/tcp, 443/udp]"))
        #expect(text.contains("#   tcp/5432 at 127.0.0.1: nginx of nginx.service"))
        #expect(text.contains("#   udp/40000 at ::: sshd of ssh.service"))
        #expect(text.contains("# the kernel itself listens"))
        #expect(try terminal.run("check", try terminal.write(text)) == .success)
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
}
