internal import Changes
internal import Glibc
internal import Kernel
internal import Listeners
internal import System

extension Host {
    /// The host that the process runs on.
    static var this: Host {
        var host = Host(
            openStore: { namespace throws(KernelError) in
                if let namespace { try NetworkNamespace.enter(named: namespace) }
                return try NftablesStore()
            },
            readSockets: { () throws(KernelError) in
                let listeners = SocketOwners().owners(of: try SocketTable.listeners())
                return HostSockets(
                    listeners: listeners, ephemeral: try EphemeralPorts.ofThisNamespace(),
                    hasLegacyTable: LegacyTables.canRedirect)
            },
            files: .this, changes: .this, sessions: KernelSessions(), enter: NetworkNamespace.enter(named:),
            networks: { ConnectedNetworks.all().map { ($0.interface, $0.prefix) } },
            admins: {
                AdminSessionSearch.admins(
                    environment: Self.value(of:), connections: SocketTable.connections, route: ReturnRoute.lookUp)
            },
            sshClient: Self.value(of: "SSH_CONNECTION")?.split(separator: " ").first.map(String.init),
            standardOutput: { Self.write($0, to: STDOUT_FILENO) },
            standardError: { Self.write($0, to: STDERR_FILENO) },
            ask: { question in
                guard isatty(STDIN_FILENO) == 1 else { return nil }
                Self.write(question, to: STDERR_FILENO)
                return readLine() ?? ""
            },
            isOutputTerminal: isatty(STDOUT_FILENO) == 1, isErrorTerminal: isatty(STDERR_FILENO) == 1,
            forbidsColor: Self.isSet("NO_COLOR"), isRoot: geteuid() == 0, now: Int64(time(nil)))
        host.competingFirewalls = { .competingFirewalls }
        return host
    }

    /// Whether the variable is set and not empty, as no-color.org has it.
    private static func isSet(_ variable: String) -> Bool { value(of: variable)?.isEmpty == false }

    private static func value(of variable: String) -> String? {
        unsafe getenv(variable).map { unsafe String(cString: $0) }
    }

    /// Writes all of `text`; what cannot be written (a full disk, a reader that went away) is a failure, never silence.
    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                exit(ExitStatus.failure.rawValue)
            }
        }
    }
}
