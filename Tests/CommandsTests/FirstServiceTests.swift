import Addressing
import Commands
import Listeners
import Policies
import System
import Testing

@Suite("The services of a first policy")
struct FirstServiceTests {
    /// The names of the services that `init` writes for a process, each with its ports.
    private func services(_ program: String, _ ports: [String], unit: String? = nil) throws -> [String] {
        let terminal = try Terminal()
        let process = SocketProcess(
            pid: 7, name: program, executable: "/usr/bin/\(program)", unit: unit, user: "root")
        terminal.sockets.listeners = try ports.map { port in
            let named = try #require(NamedPort(port, files: TrustedFiles()))
            return Listener(
                transport: named.transport, address: .ipv6(0), port: named.port, isDualStack: true,
                inode: UInt64(named.port), owners: .processes([process]))
        }
        #expect(try terminal.run("init", "-") == .success)
        return try terminal.policy(terminal.output).services.map { service in
            ([service.name] + service.ports.map { "\($0.range.lowerBound)/\($0.transport)" }).joined(separator: " ")
        }.sorted()
    }

    @Test("Many ports of one process stand in lines that fit a terminal")
    func many() throws {
        let ports = stride(from: 20_001, to: 20_601, by: 3).map { "\($0)/tcp" }
        #expect(try services("java", ports) == ["java \(ports.joined(separator: " "))"])
        let terminal = try Terminal()
        let process = SocketProcess(pid: 7, name: "java", executable: "/usr/bin/java", user: "root")
        terminal.sockets.listeners = ports.indices.map { index in
            Listener(
                transport: .tcp, address: .ipv6(0), port: UInt16(20_001 + 3 * index), isDualStack: true,
                inode: UInt64(index), owners: .processes([process]))
        }
        #expect(try terminal.run("init", "-") == .success)
        let lines = terminal.output.split(separator: "\n")
        #expect(lines.count > 20 && lines.allSatisfy { $0.count <= 101 }, "\(terminal.output)")
    }

    @Test("Ports of one process with different purposes are services of their own, named by the services database")
    func unrelated() throws {
        #expect(
            try services("python3.11", ["22/tcp", "80/tcp", "443/tcp", "5432/tcp"]) == [
                "http 80/tcp 443/tcp", "postgresql 5432/tcp", "ssh 22/tcp",
            ])
        #expect(
            try services("dnsmasq", ["53/tcp", "53/udp", "67/udp", "69/udp"], unit: "dnsmasq.service") == [
                "bootps 67/udp", "domain 53/tcp 53/udp", "tftp 69/udp",
            ])
        // Ports without a name stay together, under the name of the program.
        #expect(
            try services("docker-proxy", ["80/tcp", "5432/tcp", "9997/tcp", "9999/tcp"]) == [
                "docker-proxy 9997/tcp 9999/tcp", "http 80/tcp", "postgresql 5432/tcp",
            ])
    }

    @Test(
        "Ports that serve one purpose are one service",
        arguments: [
            ("nginx", ["80/tcp", "443/tcp", "5432/tcp", "443/udp"]), ("master", ["25/tcp", "465/tcp", "587/tcp"]),
            ("dovecot", ["110/tcp", "143/tcp", "993/tcp", "995/tcp"]), ("named", ["53/tcp", "853/tcp", "53/udp"]),
            ("smbd", ["139/tcp", "445/tcp"]), ("charon", ["500/udp", "4500/udp"]), ("slapd", ["389/tcp", "636/tcp"]),
        ])
    func related(program: String, ports: [String]) throws {
        #expect(try services(program, ports) == ["\(program) \(ports.joined(separator: " "))"])
    }
}
