public import Auditing
internal import Kernel
public import Listeners
internal import Rulesets
public import System

/// The listeners that fewer or more clients reach after a change of the table.
public struct ListenerChanges {
    /// A listener whose clients change.
    public struct Row: Sendable {
        /// The port, with the address of the listener.
        public let port: AuditedPort
        /// The processes that listen; empty if they are not known.
        public let processes: [SocketProcess]
        /// The clients before and after the change.
        public let before, after: ClientLoss.Clients
    }

    /// The listeners that fewer clients reach; those first that no client reaches afterwards.
    public let closings: [Row]
    /// The listeners that more clients reach; those first that no client reaches today.
    public let openings: [Row]
    /// The TCP ports of SSH servers that no client can reach any more.
    public let closedSSH: [UInt16]
    /// Why the listeners are not known; `nil` if they are.
    public let doubt: String?

    /// Compares the access to every listener.
    public init(of access: AccessReport, sockets: () throws(KernelError) -> HostSockets) {
        let forth = ReachabilityLoss(from: access.before, to: access.after)
        let back = ReachabilityLoss(from: access.after, to: access.before)
        do throws(KernelError) {
            let sockets = try sockets()
            let listeners = sockets.listeners.map { $0.naming(sockets.containers) }
            closings = forth.clients(of: listeners, raw: sockets.raw, sockets.ephemeral).map {
                Row(port: $0.port, processes: $0.processes, before: $0.before, after: $0.after)
            }
            openings = back.clients(of: listeners, raw: sockets.raw, sockets.ephemeral).map {
                Row(port: $0.port, processes: $0.processes, before: $0.after, after: $0.before)
            }
            closedSSH = closings.filter(\.after.isEmpty).map(\.port).ofSSH(among: listeners)
            doubt = nil
        } catch { (closings, openings, closedSSH, doubt) = ([], [], [], "cannot read the listening sockets: \(error)") }
    }
}
