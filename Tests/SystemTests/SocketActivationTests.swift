import Addressing
import Listeners
import Testing

@testable import System

@Suite("Sockets that systemd holds")
struct SocketActivationTests {
    private static let sockets = """
        /run/dbus/system_bus_socket Stream dbus.socket dbus.service
        127.0.0.1:631 Stream cups.socket cups.service
        [::]:22 Stream ssh.socket ssh.service
        [::]:22 Datagram other.socket other.service
        [::]:79 Stream finger.socket -
        route 1361 Netlink systemd-networkd.socket systemd-networkd.service

        """

    /// The unit for a TCP socket at an address, held by process 1 and others.
    private func unit(_ address: IPAddress, _ port: UInt16, others: Int32..., show: String = "") -> ActivatedUnit? {
        let processes = ([1] + others).map { SocketProcess(pid: $0, name: "process") }
        let listener = Listener(transport: .tcp, address: address, port: port, owners: .processes(processes))
        let activation = SocketActivation { $0[0] == "list-sockets" ? Self.sockets : show }
        return activation.units(for: [listener])[0].activated
    }

    @Test("The unit is that of the socket's address, port and protocol")
    func sockets() {
        #expect(unit(.ipv6(0), 22)?.name == "ssh.service")
        #expect(unit(.ipv4(0x7f00_0001), 631, others: 7)?.name == "cups.service")
        #expect(unit(.ipv4(0), 631) == nil)
        #expect(unit(.ipv6(0), 23) == nil)
    }

    @Test("A socket with Accept=yes starts instances of a template")
    func accepting() { #expect(unit(.ipv6(0), 79)?.name == "finger@.service") }

    @Test("The executable is the program that a link leads to, and the user is root unless the unit has one")
    func facts() {
        let start = "ExecStart={ path=/bin/sh ; argv[]=/bin/sh -c x ; ignore_errors=no ; pid=0 }\n"
        let shell = ExecutableLinks.target(of: "/bin/sh")
        #expect(shell != nil)
        let root = unit(.ipv6(0), 22, show: start + "User=\nDynamicUser=no\n")
        #expect(root == ActivatedUnit(name: "ssh.service", executable: shell, user: "root"))
        #expect(unit(.ipv6(0), 22, show: start + "User=www\nDynamicUser=no\n")?.user == "www")
        #expect(unit(.ipv6(0), 22, show: start + "User=\nDynamicUser=yes\n")?.user == "ssh")
        #expect(unit(.ipv6(0), 22, show: "User=\nExecStart=\n")?.executable == nil)
        #expect(unit(.ipv6(0), 22) == ActivatedUnit(name: "ssh.service"))
    }

    @Test(
        "Scripts of interpreters",
        arguments: [
            ("/usr/bin/python3.11", "-u /opt/app.py 80", "/opt/app.py"),
            ("/usr/bin/python3.11", "-m http.server 80", "-m http.server"), ("/usr/bin/perl", "-c 1", "-c"),
            ("/usr/bin/node", "--require x index.js", "index.js"), ("/usr/bin/python3.11", "", nil),
            ("/usr/lib/jvm/bin/java", "-Xmx1g -cp a.jar:b.jar org.example.Main", "org.example.Main"),
            ("/usr/lib/jvm/bin/java", "-jar app.jar", "app.jar"),
        ] as [(String, String, String?)])
    func scripts(executable: String, arguments: String, script: String?) throws {
        let interpreter = try #require(Interpreter(executable: executable))
        #expect(interpreter.script(in: arguments.split(separator: " ").map(String.init)[...]) == script)
    }

    @Test(
        "Other programs are no interpreters", arguments: ["/usr/sbin/sshd", "/usr/bin/shutdown", "/usr/bin/phpmyadmin"])
    func others(executable: String) { #expect(Interpreter(executable: executable) == nil) }

    @Test("Names of units mean themselves, and templates all their instances")
    func names() {
        #expect("app@1.service".isUnit("app@.service") && "app@1.service".isUnit("app@1.service"))
        #expect(!"app@1.service".isUnit("app@2.service") && !"app.service".isUnit("app@.service"))
        #expect(!"app@1.socket".isUnit("app@.service") && !"other@1.service".isUnit("app@.service"))
    }
}
