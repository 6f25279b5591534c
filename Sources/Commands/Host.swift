public import Auditing
public import Changes
public import Kernel
public import Listeners
public import System

/// Everything outside of the process that a command touches; tests put their own in its place.
public struct Host {
    /// Opens the ruleset of a network namespace, or of this one.
    public var openStore: (_ namespace: String?) throws(KernelError) -> any RulesetStore
    /// Reads the sockets of the network namespace whose ruleset was opened last.
    public var readSockets: () throws(KernelError) -> HostSockets
    /// Goes to a network namespace for what is read later.
    public var enter: (_ namespace: String) throws(KernelError) -> Void
    /// The networks that the host has an address in, each with its interface.
    public var networks: () -> [(interface: String, prefix: String)]
    /// Who works on the host over the network, in the network namespace whose ruleset was opened last.
    public var admins: () -> AdminSessions
    /// The address from which the user is connected by SSH.
    public var sshClient: String?
    /// The sessions of the network namespace whose ruleset was opened last.
    public var sessions: any SessionStore
    /// What decides beside nf_tables, or takes its rules away, where the ruleset was opened last.
    public var competingFirewalls: () -> [Finding] = { [] }
    /// The files that commands leave behind.
    public var files: HostFiles
    /// What changes of the ruleset need beside it.
    public var changes: ChangeHost
    /// Writes results.
    public var standardOutput: (String) -> Void
    /// Writes messages.
    public var standardError: (String) -> Void
    /// Reads one line of an answer; `nil` where nobody can answer.
    public var ask: (_ question: String) -> String?
    /// Whether results go to a terminal.
    public var isOutputTerminal: Bool
    /// Whether messages go to a terminal.
    public var isErrorTerminal: Bool
    /// Whether the environment asks for no colour (no-color.org).
    public var forbidsColor: Bool
    /// Whether the process runs as root, so that a policy must not be anybody's to write.
    public var isRoot: Bool
    /// Seconds since 1970-01-01T00:00:00Z.
    public var now: Int64

    /// A host of these parts.
    public init(
        openStore: @escaping (_ namespace: String?) throws(KernelError) -> any RulesetStore,
        readSockets: @escaping () throws(KernelError) -> HostSockets, files: HostFiles, changes: ChangeHost,
        sessions: any SessionStore,
        enter: @escaping (_ namespace: String) throws(KernelError) -> Void = { _ in },
        networks: @escaping () -> [(interface: String, prefix: String)] = { [] },
        admins: @escaping () -> AdminSessions = { AdminSessions() }, sshClient: String? = nil,
        standardOutput: @escaping (String) -> Void,
        standardError: @escaping (String) -> Void,
        ask: @escaping (_ question: String) -> String?, isOutputTerminal: Bool = false,
        isErrorTerminal: Bool = false, forbidsColor: Bool = false, isRoot: Bool = false, now: Int64 = 0
    ) {
        self.openStore = openStore
        self.readSockets = readSockets
        self.files = files
        self.changes = changes
        self.sessions = sessions
        self.enter = enter
        self.networks = networks
        self.admins = admins
        self.sshClient = sshClient
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.ask = ask
        self.isOutputTerminal = isOutputTerminal
        self.isErrorTerminal = isErrorTerminal
        self.forbidsColor = forbidsColor
        self.isRoot = isRoot
        self.now = now
    }
}
