import Foundation
import Glibc
import TestSupport
import Testing

/// An OpenSSH server in the calling thread's network namespace, and its clients in another one.
final class SSHServer {
    /// The server's port.
    static let port = 2222
    /// The host's address.
    static let address = "192.0.2.1"
    /// The address of clients that log in.
    static let client = "198.51.100.7"
    /// The address of clients that do not.
    static let stranger = "198.51.100.8"

    /// Runs commands on the host; has the server's files.
    let portreeve: Portreeve
    private let folder: String
    /// The processes to end; the first one holds the clients' namespace.
    private var processes: [Int32] = []

    init() throws {
        portreeve = try Portreeve()
        folder = URL(filePath: try portreeve.write("", to: "log")).deletingLastPathComponent().path
        try wireUp()
        try serve()
    }

    deinit { for process in processes.reversed() { kill(process, SIGKILL) } }

    /// Runs a command on the host through an SSH login.
    func login(_ command: String) throws -> Program.Result { try Program.run(inNamespace(login + [command])) }

    /// Logs in from one of the clients' addresses, and stays.
    func stay(from address: String = client) throws {
        let remote = "echo \\$PPID \\$\\$ > \(folder)/session; exec sleep 600"
        let command = inNamespace(login + ["-b", address]).joined(separator: " ")
        try start("\(command) \"\(remote)\"", until: "[ $(wc -w < \(folder)/session) = 2 ]")
        let file = try String(contentsOfFile: "\(folder)/session", encoding: .utf8)
        processes += file.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
    }

    /// Connects without logging in, as anyone on the Internet can, and reads the greeting.
    func knock() throws {
        let script = try portreeve.write(
            """
            import socket, time
            door = socket.create_connection(("\(Self.address)", \(Self.port)), 10, ("\(Self.stranger)", 0))
            open("\(folder)/greeting", "wb").write(door.recv(99))
            time.sleep(600)
            """, to: "knock.py")
        let command = inNamespace(["python3", script]).joined(separator: " ")
        try start(command, until: "grep -q SSH \(folder)/greeting")
    }

    /// A command for the host's shell that succeeds if a client can connect.
    var dialing: String {
        let script = "import socket; socket.create_connection((\\\"\(Self.address)\\\", \(Self.port)), 0.5)"
        return inNamespace(["python3", "-c"]).joined(separator: " ") + " \"\(script)\" 2> /dev/null"
    }

    /// Runs a shell command in a tmux session, whose processes are no descendants of the test; returns output and
    /// status.
    ///
    /// The session has a server of its own, since that of an earlier one may be about to exit.
    func inTmux(_ command: String) throws -> Program.Result {
        let number = processes.count + Int.random(in: 0..<1_000_000)
        let script = try portreeve.write(
            "\(command) > \(folder)/tmux-\(number).out 2>&1\necho $? > \(folder)/tmux-\(number).status\n",
            to: "tmux-\(number)")
        return try Program.run([
            "sh", "-c",
            """
            tmux -S \(folder)/tmux-\(number).socket -f /dev/null new-session -d "sh \(script)"
            for i in $(seq 400); do if [ -s \(folder)/tmux-\(number).status ]; then break; fi; sleep 0.02; done
            cat \(folder)/tmux-\(number).out >&2
            exit $(cat \(folder)/tmux-\(number).status)
            """,
        ])
    }

    /// Starts a process that stays; returns when `condition` holds in the shell.
    private func start(_ command: String, until condition: String) throws {
        let output = try portreeve.shell(
            """
            \(command) < /dev/null > /dev/null 2>> \(folder)/log & pid=$!
            for i in $(seq 400); do
              if \(condition); then echo $pid; exit 0; fi 2> /dev/null
              sleep 0.02
            done
            cat \(folder)/log >&2; kill $pid; exit 1
            """)
        processes.append(try #require(Int32(output.trimmingCharacters(in: .newlines))))
    }

    private func inNamespace(_ command: [String]) -> [String] {
        ["nsenter", "--net=/proc/\(processes[0])/ns/net"] + command
    }

    private func wireUp() throws {
        let own = try portreeve.shell("readlink /proc/self/ns/net").trimmingCharacters(in: .newlines)
        try start("unshare -n sleep 600", until: "[ $(readlink /proc/$pid/ns/net) != '\(own)' ]")
        let far = inNamespace(["ip"]).joined(separator: " ")
        try portreeve.shell(
            """
            ip link set lo up
            ip link add eth0 type veth peer name eth0 netns \(processes[0])
            for command in "address add \(Self.address)/32" "link set up" "route add 198.51.100.0/24"; do
              ip $command dev eth0
            done
            for address in \(Self.client) \(Self.stranger); do \(far) address add $address/32 dev eth0; done
            \(far) link set up dev eth0
            \(far) route add \(Self.address)/32 dev eth0 src \(Self.client)
            """)
    }

    private func serve() throws {
        let configuration = try portreeve.write(
            """
            ListenAddress \(Self.address):\(Self.port)
            HostKey \(folder)/host
            AuthorizedKeysFile \(folder)/client.pub
            PasswordAuthentication no
            PermitRootLogin yes
            PidFile none
            StrictModes no
            UsePAM no

            """, to: "sshd_config")
        // The directory in which sshd confines clients before the login; Debian's unit creates it.
        try portreeve.shell(
            """
            mkdir -p /run/sshd
            for key in host client; do ssh-keygen -q -t ed25519 -N '' -f \(folder)/$key; done
            """)
        try start(
            "/usr/sbin/sshd -D -e -f \(configuration)",
            until: "ss -Hltn 'sport = \(Self.port)' | grep -q LISTEN")
    }

    private var login: [String] {
        let options = [
            "BatchMode=yes", "ConnectTimeout=10", "LogLevel=ERROR", "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
        ]
        return ["ssh", "-F", "none", "-p", "\(Self.port)", "-i", "\(folder)/client"]
            + options.flatMap { ["-o", $0] } + ["root@\(Self.address)"]
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips tests without an SSH server; fails instead with `PORTREEVE_REQUIRE_PRIVILEGES=1`.
    static var sshServer: Self {
        .enabled(
            if: Privileges.areRequired || SSHServer.isAvailable,
            "needs sshd (openssh-server), tmux, and root that is not root of a user namespace alone")
    }
}

extension SSHServer {
    /// Whether the programs are installed and may change to any user.
    fileprivate static let isAvailable: Bool = {
        let programs = ["/usr/sbin/sshd", "/usr/bin/tmux"].allSatisfy(FileManager.default.isExecutableFile)
        let map = try? String(contentsOfFile: "/proc/self/uid_map", encoding: .utf8)
        return programs && map?.split(whereSeparator: \.isWhitespace).last == "4294967295"
    }()
}
