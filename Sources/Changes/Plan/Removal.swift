public import Auditing
internal import Compiler
public import Kernel
public import Listeners
internal import Rulesets
public import System

/// What becomes open when portreeve's table is removed.
public struct Removal {
    /// The sources that gain access to this host, by the tables that stay.
    public let access: AccessReport
    /// The listeners that more clients reach; `before` and `after` are those of the way back.
    private let losses: [ClientLoss]
    /// The number of tables that stay.
    public let others: Int
    /// Why the listeners are not known; `nil` if they are.
    public let doubt: String?

    /// A listener that more clients reach.
    public struct Opening: Sendable {
        /// The port, with the address of the listener.
        public let port: AuditedPort
        /// The processes that listen; empty if they are not known.
        public let processes: [SocketProcess]
        /// The clients before and after the removal.
        public let before, after: ClientLoss.Clients
    }

    /// Computes the consequences of a change that removes the table.
    ///
    /// - Throws: any error in reading the tables of other programs.
    public init(
        of change: RulesetChange, in store: any RulesetStore, now: Int64,
        sockets: () throws(KernelError) -> HostSockets
    ) throws(KernelError) {
        access = try AccessReport(of: change, in: store, now: now)
        others = try store.tableNames().count { $0 != Names.table }
        let back = ReachabilityLoss(from: access.after, to: access.before)
        do throws(KernelError) {
            let sockets = try sockets()
            let listeners = sockets.listeners.map { $0.naming(sockets.containers) }
            losses = back.clients(of: listeners, raw: sockets.raw, sockets.ephemeral)
            doubt = nil
        } catch { (losses, doubt) = ([], "cannot read the listening sockets: \(error)") }
    }

    /// The listeners that more clients reach; those first that no client reaches today.
    public var openings: [Opening] {
        losses.map { Opening(port: $0.port, processes: $0.processes, before: $0.after, after: $0.before) }
    }
}
