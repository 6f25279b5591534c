public import Addressing
public import Auditing
public import Listeners
public import Rulesets

/// The kernel as commands need it: tables read whole and changed in one transaction.
public protocol RulesetStore {
    /// The number of the ruleset's generation, which every commit raises.
    mutating func generation() throws(StoreError) -> UInt32
    /// The table as it is, with the generation that it is of.
    mutating func snapshot(of table: TableName) throws(StoreError) -> StoredTable
    /// The tables of every family, whoever made them.
    mutating func tableNames() throws(StoreError) -> [TableName]
    /// The same, faster where a big set of the table holds what it holds in one of `candidates`.
    ///
    /// `committed` is the generation that a commit by this process made the first of them in, if it did.
    mutating func snapshot(
        of table: TableName, expecting candidates: [Table], committed: UInt32?
    ) throws(StoreError) -> StoredTable
    /// The addresses of the host whose ruleset it is; `nil` where they are not known.
    mutating func addresses() -> AddressSet?
    /// Keeps what was read in this directory, and believes it while nobody has committed anything since.
    mutating func remember(in directory: String)
    /// Makes the transaction, all or nothing, if the generation is still the snapshot's; returns the new generation.
    mutating func commit(_ transaction: Transaction, onto snapshot: StoredTable) throws(StoreError) -> UInt32
    /// Has the transaction checked, and makes nothing.
    mutating func validate(_ transaction: Transaction, onto snapshot: StoredTable) throws(StoreError)
}

extension RulesetStore {
    /// None are known.
    public mutating func addresses() -> AddressSet? { nil }

    /// Remembers nothing.
    public mutating func remember(in _: String) {}

    /// The table as it is, whatever was expected.
    public mutating func snapshot(
        of table: TableName, expecting _: [Table], committed _: UInt32?
    ) throws(StoreError) -> StoredTable {
        try snapshot(of: table)
    }

    /// The table as it is, faster where a big set of it holds what it holds in one of `candidates`.
    mutating func snapshot(of table: TableName, expecting candidates: [Table]) throws(StoreError) -> StoredTable {
        try snapshot(of: table, expecting: candidates, committed: nil)
    }
}

/// A table at one generation.
public struct StoredTable {
    /// The generation.
    public var generation: UInt32
    /// The table; `nil` where there is none.
    public var table: Table?
    /// What the first counter of each rule has counted, by the name of the chain; `nil` for rules without one.
    public var packets: [String: [UInt64?]]
    /// What the store needs to know again at the commit.
    public var token: Any?

    /// A table at a generation.
    public init(generation: UInt32, table: Table?, packets: [String: [UInt64?]] = [:], token: Any? = nil) {
        self.generation = generation
        self.table = table
        self.packets = packets
        self.token = token
    }
}

/// Why the store could not do what it was asked.
public struct StoreError: Error, CustomStringConvertible {
    /// Whether somebody else committed since the snapshot, and nothing was written.
    public var isStale: Bool
    /// Whether the process lacks the privilege to ask.
    public var isDenied: Bool
    /// A sentence without a full stop.
    public var message: String

    /// The same.
    public var description: String { message }

    /// An error with this sentence.
    public init(isStale: Bool = false, isDenied: Bool = false, _ message: String) {
        self.isStale = isStale
        self.isDenied = isDenied
        self.message = message
    }
}

/// The sockets of a host.
public struct HostSockets: Sendable {
    /// Those that others can reach, with their owners.
    public var listeners: [Listener]
    /// The ports that the kernel gives to clients.
    public var ephemeral: EphemeralPorts
    /// Whether `iptables-legacy` has a table that can redirect ports.
    public var hasLegacyTable: Bool

    /// Sockets of these parts.
    public init(listeners: [Listener], ephemeral: EphemeralPorts, hasLegacyTable: Bool = false) {
        self.listeners = listeners
        self.ephemeral = ephemeral
        self.hasLegacyTable = hasLegacyTable
    }
}

/// Everything outside of the process that a command touches; tests put their own in its place.
public struct Host {
    /// Opens the ruleset of a network namespace, or of this one.
    public var openStore: (_ namespace: String?) throws(StoreError) -> any RulesetStore
    /// Reads the sockets of the network namespace whose ruleset was opened last.
    public var readSockets: () throws(StoreError) -> HostSockets
    /// Goes to a network namespace for what is read later.
    public var enter: (_ namespace: String) throws(StoreError) -> Void
    /// The networks that the host has an address in, each with its interface.
    public var networks: () -> [(interface: String, prefix: String)]
    /// Who works on the host over the network, in the network namespace whose ruleset was opened last.
    public var admins: () -> AdminSessions
    /// The address from which the user is connected by SSH.
    public var sshClient: String?
    /// The sessions of the network namespace whose ruleset was opened last.
    public var sessions: any SessionStore = NoSessions()
    /// What decides beside nf_tables, or takes its rules away, where the ruleset was opened last.
    public var rivals: () -> [Finding] = { [] }
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
        openStore: @escaping (_ namespace: String?) throws(StoreError) -> any RulesetStore,
        readSockets: @escaping () throws(StoreError) -> HostSockets, files: HostFiles, changes: ChangeHost,
        enter: @escaping (_ namespace: String) throws(StoreError) -> Void = { _ in },
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
