internal import Changes
internal import Glibc
internal import Kernel
internal import Listeners
internal import Policies
internal import System

extension Host {
    /// The host of this process.
    static var this: Host {
        var host = Host(
            openStore: { namespace throws(KernelError) in
                if let namespace { try NetworkNamespace.enter(named: namespace) }
                return try NftablesStore()
            },
            socketReading: socketReading(),
            files: .this, changes: .this, sessions: KernelSessions(), enter: NetworkNamespace.enter(named:),
            networks: { ConnectedNetworks.all().map { ($0.interface, $0.prefix) } },
            admins: {
                AdminSessionSearch.admins(
                    environment: HostCalls.variable, connections: SocketTable.connections, route: ReturnRoute.lookUp)
            },
            sshConnection: HostCalls.variable("SSH_CONNECTION").flatMap(SSHConnection.init),
            standardOutput: { StandardStream.output.put($0, reportsReader: true) },
            standardError: { StandardStream.error.put($0) },
            ask: answer,
            outputColumns: StandardStream.output.columns, isErrorTerminal: isatty(STDERR_FILENO) == 1,
            forbidsColor: Self.isSet("NO_COLOR") || HostCalls.variable("TERM") == "dumb", isRoot: geteuid() == 0,
            now: Int64(time(nil)))
        host.proposals = {
            StandardStream.output.put($0, reportsReader: true, consequence: "; nothing was changed")
        }
        host.outcomes = {
            StandardStream.output.put($0, reportsReader: true, consequence: "; the change was made")
        }
        host.hidesOutput = StandardStream.output.isHidden
        host.everyAdmin = {
            AdminSessionSearch.everyone(connections: SocketTable.connections, route: ReturnRoute.lookUp)
        }
        host.competingFirewalls = { .competingFirewalls }
        host.edit = Editor.open
        host.repaint = TerminalScreen.run
        host.takeKeys = { TerminalKeys() }
        host.clock = { Int64(time(nil)) }
        host.holdSignals = StopSignals.prepare
        host.wait = StopSignals.wait
        host.rulesetNotices = { () throws(KernelError) in try RulesetNotices() }
        host.glance = { () throws(KernelError) in
            ListenerGlance(try SocketTable.listeners(), clients: try? EphemeralPorts.ofThisNamespace().range)
        }
        host.packetLog = packetLog
        host.isKernelLogReadable = {
            // The sysctl is one of the host's namespace, and not seen in others.
            RulesetIdentity.isInitial || (try? NetworkNamespace.inHost { KernelLog.hasEveryNamespace }) == true
        }
        host.flushes = { .flushes }
        host.isLoadedAtBoot = { .isLoadedAtBoot }
        if host.isErrorTerminal && HostCalls.variable("TERM") != "dumb" { host.progress = ProgressLine.show }
        host.isOutputJournal = StandardStream.output.isJournal
        host.isErrorJournal = StandardStream.error.isJournal
        host.names = HostNames.ofThisHost
        host.interfaces = { (try? KernelNetwork())?.interfaces ?? [] }
        // Another network namespace has resolvers of its own.
        host.resolvers = { RulesetIdentity.isHost ? Resolvers.ofThisHost() : [] }
        host.outboundNeeds = { RulesetIdentity.isHost ? .ofThisHost() : OutboundNeeds() }
        host.programs = { SocketPrograms.concerning((try? SocketTable.listeners()) ?? []) }
        host.caller = caller
        host.lookUp = { NameLookup(in: $1).answers(for: $0) }
        return host
    }

    /// A reading of the sockets, and of the containers that the files of engines tell of.
    private static func socketReading() -> (OwnerRequest) throws(KernelError) -> HostSockets {
        let containers = ContainerFiles()
        return { request throws(KernelError) in
            let (found, raw) = (try SocketTable.listeners(), RawSockets.all())
            let identified = request.inodes(among: found).map { $0.union(raw.map(\.inode)) }
            // One search for the owners of both.
            let owned = SocketOwners().owners(of: found + raw, identifying: identified)
            let listeners = Array(owned.prefix(found.count))
            let isHost = RulesetIdentity.isHost
            return HostSockets(
                listeners: isHost ? SocketActivation().units(for: listeners) : listeners,
                raw: Array(owned.dropFirst(found.count)), ephemeral: try EphemeralPorts.ofThisNamespace(),
                hasLegacyTable: LegacyTables.canRedirect, executables: ExecutableLinks.targets,
                containers: { isHost ? containers.list : containers.list.withoutAddresses })
        }
    }

    /// The answer of the user to a question; empty at the end of input, `nil` without a terminal.
    private static func answer(to question: String) -> String? {
        guard isatty(STDIN_FILENO) == 1 else { return nil }
        StandardStream.error.put(question.question(in: StandardStream.error.columns))
        if unsafe StopSignals.isPrepared {
            if StopSignals.wait(for: [STDIN_FILENO], milliseconds: -1) == .stop {
                // The user interrupts: no question takes this answer for yes.
                StandardStream.error.put("\n")
                return "q"
            }
        } else {
            Signals.awaitInput { try? StandardStream.error.write("\nportreeve: interrupted; nothing was changed\n") }
        }
        // At the end of its input `readLine` tries again as long as errno is EINTR, which an earlier call may have left.
        errno = 0
        if let answer = readLine() { return answer }
        // The end of input, as by Ctrl-D, leaves the cursor in the line of the question.
        StandardStream.error.put("\n")
        return ""
    }

    /// The log of packets at a destination.
    private static func packetLog(
        _ destination: LogDestination, from start: LogStart
    ) throws(KernelError) -> any PacketLog {
        guard let group = destination.group else {
            let isHost = RulesetIdentity.isInitial
            return try NetworkNamespace.inHost { () throws(KernelError) in
                try KernelLog(from: start, isHost: isHost)
            }
        }
        return try PacketLogSocket(group: group) { Int64(time(nil)) }
    }

    /// The user who called sudo(8), pkexec(1) or doas(1).
    private static var caller: FileCaller? {
        guard geteuid() == 0 else { return nil }
        let user = ["SUDO_UID", "PKEXEC_UID"].lazy.compactMap(HostCalls.variable).first
        if user == nil && HostCalls.variable("DOAS_USER") == nil { return nil }
        return FileCaller(user: user.flatMap { UInt32($0) })
    }

    /// Whether the variable is set and not empty, as no-color.org requires.
    private static func isSet(_ variable: String) -> Bool { HostCalls.variable(variable)?.isEmpty == false }
}
