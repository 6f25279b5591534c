public import Addressing
public import Auditing
public import Changes
public import Kernel
public import Listeners
public import Policies
public import System

/// The world outside of the process that a command uses; tests replace it.
public struct Host {
    /// Opens the ruleset of a network namespace, or of the current one.
    public var openStore: (_ namespace: String?) throws(KernelError) -> any RulesetStore
    /// Reads the sockets of the network namespace whose ruleset was opened last.
    public var socketReading: (_ request: OwnerRequest) throws(KernelError) -> HostSockets
    /// Enters a network namespace for the reads that follow.
    public var enter: (_ namespace: String) throws(KernelError) -> Void
    /// The networks of the host's addresses, each with its interface.
    public var networks: () -> [(interface: String, prefix: String)]
    /// The admin sessions in the network namespace whose ruleset was opened last.
    public var admins: () -> AdminSessions
    /// The sessions of every client that is logged in over SSH in the network namespace whose ruleset was opened last.
    public var everyAdmin: () -> AdminSessions = { AdminSessions() }
    /// The user who called this process with the rights of root, as by sudo.
    public var caller: FileCaller?
    /// The names of the host, its own one first; `nil` if they cannot be read.
    public var names: () -> [String]? = { nil }
    /// The interfaces of the current network namespace; none if they cannot be read.
    public var interfaces: () -> [HostInterface] = { [] }
    /// The servers that this host asks for names.
    public var resolvers: () -> [IPAddress] = { [] }
    /// The servers that this host's configuration names.
    public var outboundNeeds: () -> OutboundNeeds = { OutboundNeeds() }
    /// The BPF programs that decide about listening sockets, where the ruleset was opened last.
    public var programs: () -> ProgramList = { ProgramList() }
    /// Asks the resolver of the system for the addresses of DNS names, in the network namespace whose ruleset was opened last.
    public var lookUp: (_ names: [String], _ namespace: String?) -> [NameAnswer] = { names, _ in
        names.map { NameAnswer($0, .ipv4, .failure("names are not looked up here")) }
    }
    /// What the user named beside the command, for the commands that messages propose.
    var invocation = Invocation()
    /// The user's SSH connection, if the environment tells of one.
    public var sshConnection: SSHConnection?
    /// The sessions of the network namespace whose ruleset was opened last.
    public var sessions: any SessionStore
    /// Firewalls besides nf_tables, and services that flush its rules, where the ruleset was opened last.
    public var competingFirewalls: () -> [Finding] = { [] }
    /// The services that flush portreeve's table, where the ruleset was opened last.
    public var flushes: () -> [Finding] = { [] }
    /// Whether systemd loads the saved ruleset at boot; `nil` if that is not known.
    public var isLoadedAtBoot: () -> Bool? = { nil }
    /// The files that commands read and write.
    public var files: HostFiles
    /// The host functions that changes of the ruleset need.
    public var changes: ChangeHost
    /// Writes results.
    public var standardOutput: (String) -> Void
    /// Writes what is shown before a change, which is not made if that fails.
    public var proposals: ((String) -> Void)?
    /// Writes what was changed: a failure says that the change was made.
    public var outcomes: ((String) -> Void)?
    /// Whether results go neither to a terminal nor to a pipe, so that no one reads them before answering a question.
    public var hidesOutput = false
    /// Writes messages.
    public var standardError: (String) -> Void
    /// Tells what a command that takes long does, in a line of the terminal that is erased before other text.
    public var progress: (_ text: String) -> Void = { _ in }
    /// Opens the user's editor with a file, and returns when it has ended.
    public var edit: (_ path: String) throws(KernelError) -> Void = { _ in }
    /// Paints frames on the terminal until its user leaves.
    public var repaint: (_ frame: (TerminalSize) throws -> [String]) throws -> Void = { _ in }
    /// Takes the keys of the terminal, for a command that prints until its user presses `q`; `nil` without a terminal.
    public var takeKeys: () -> TerminalKeys? = { nil }
    /// Opens the log of packets in the network namespace whose ruleset was opened last.
    public var packetLog: (_ destination: LogDestination, _ start: LogStart) throws(KernelError) -> any PacketLog = {
        _, _ throws(KernelError) in
        throw KernelError(.missing, "reading the log of packets", answer: "there is none")
    }
    /// Whether the kernel's log has the packets of the network namespace whose ruleset was opened last.
    public var isKernelLogReadable: () -> Bool = { true }
    /// Subscribes to the kernel's notices of commits to the ruleset that was opened last.
    public var rulesetNotices: () throws(KernelError) -> any ChangeNotices = { () throws(KernelError) in
        throw KernelError(.missing, "subscribing to the notices of nf_tables", answer: "there are none")
    }
    /// Looks at the listeners quickly, where the ruleset was opened last.
    public var glance: () throws(KernelError) -> ListenerGlance = { () throws(KernelError) in
        ListenerGlance([], clients: nil)
    }
    /// Has the signals that ask the command to end wait for the next `wait`.
    public var holdSignals: () -> Void = {}
    /// Waits until a descriptor can be read, at most this many milliseconds, or a signal asks the command to end.
    public var wait: (_ descriptors: [Int32], _ milliseconds: Int32) -> Wakening = { _, _ in .stop }
    /// The time now, in seconds since 1970-01-01T00:00:00Z, for a command that goes on.
    public var clock: () -> Int64 = { 0 }
    /// Asks a question and reads one line; `nil` without a terminal.
    public var ask: (_ question: String) -> String?
    /// The columns of the terminal that results go to; `nil` for a pipe or a file.
    public var outputColumns: Int?
    /// Whether messages go to a terminal.
    public var isErrorTerminal: Bool
    /// Whether results and messages go to systemd's journal, each line with its priority.
    public var isOutputJournal = false
    /// Whether messages go to it.
    public var isErrorJournal = false
    /// Whether the environment asks for no colour (no-color.org).
    public var forbidsColor: Bool
    /// Whether the process runs as root, so that no other user may be able to write the policy.
    public var isRoot: Bool
    /// Seconds since 1970-01-01T00:00:00Z.
    public var now: Int64

    /// Creates a host.
    public init(
        openStore: @escaping (_ namespace: String?) throws(KernelError) -> any RulesetStore,
        socketReading: @escaping (_ request: OwnerRequest) throws(KernelError) -> HostSockets, files: HostFiles,
        changes: ChangeHost,
        sessions: any SessionStore,
        enter: @escaping (_ namespace: String) throws(KernelError) -> Void = { _ in },
        networks: @escaping () -> [(interface: String, prefix: String)] = { [] },
        admins: @escaping () -> AdminSessions = { AdminSessions() }, sshConnection: SSHConnection? = nil,
        standardOutput: @escaping (String) -> Void,
        standardError: @escaping (String) -> Void,
        ask: @escaping (_ question: String) -> String?, outputColumns: Int? = nil,
        isErrorTerminal: Bool = false, forbidsColor: Bool = false, isRoot: Bool = false, now: Int64 = 0
    ) {
        self.openStore = openStore
        self.socketReading = socketReading
        self.files = files
        self.changes = changes
        self.sessions = sessions
        self.enter = enter
        self.networks = networks
        self.admins = admins
        self.sshConnection = sshConnection
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.ask = ask
        self.outputColumns = outputColumns
        self.isErrorTerminal = isErrorTerminal
        self.forbidsColor = forbidsColor
        self.isRoot = isRoot
        self.now = now
    }

    /// Reads the sockets, with all their owners, of the network namespace whose ruleset was opened last.
    func readSockets() throws(KernelError) -> HostSockets { try socketReading(.every) }
}
