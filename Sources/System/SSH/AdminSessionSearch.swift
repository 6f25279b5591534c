public import Addressing
internal import Glibc
public import Listeners

/// Finds the SSH connections of the person who runs this process.
///
/// 1. The connection in SSH_CONNECTION, if it exists: the variable may be left over from another session.
/// 2. The connection of an SSH server among the ancestors of the process: sudo(8) and su(1) drop the variable.
/// 3. In a terminal multiplexer, and on a pseudoterminal without an SSH server among the ancestors (run0(1), or a
///    multiplexer behind sudo): the attached client is unknown, so the connections of all SSH servers with child
///    processes for their clients.
/// 4. If no connection was found: the one in SSH_CONNECTION, for a new connection, if its server address is local.
///
/// A process started at the console or by a timer has no connection; for one that no person watches, `everyone` finds the
/// connections of all who are logged in.
public struct AdminSessionSearch {
    private let environment: (_ variable: String) -> String?
    private let pid: Int32
    private let proc: String
    private let listConnections: () throws(KernelError) -> [EstablishedConnection]
    private let route: (IPAddress) -> ReturnRoute?
    private let tree: ProcessTree
    private var found: [EstablishedConnection] = []
    private var doubt: String?

    /// The variables that tmux(1) and screen(1) set.
    private static let multiplexers = ["TMUX", "STY"]

    /// The connections of the person who runs this process, from its environment and its ancestors.
    ///
    /// - Parameters:
    ///   - environment: the value of a variable.
    ///   - connections: lists the TCP connections of the host.
    ///   - route: the route to an address.
    /// - Returns: the connections, and the reason why there may be more.
    public static func admins(
        environment: @escaping (_ variable: String) -> String?,
        connections: @escaping () throws(KernelError) -> [EstablishedConnection],
        route: @escaping (IPAddress) -> ReturnRoute?
    ) -> AdminSessions {
        var search = AdminSessionSearch(environment, getpid(), proc: "/proc", connections, route)
        return search.run()
    }

    /// The connections of every client that is logged in over SSH, and the reason why there may be more.
    ///
    /// - Parameters:
    ///   - connections: lists the TCP connections of the host.
    ///   - route: the route to an address.
    /// - Returns: the connections, and the reason why there may be more.
    public static func everyone(
        connections: @escaping () throws(KernelError) -> [EstablishedConnection],
        route: @escaping (IPAddress) -> ReturnRoute?
    ) -> AdminSessions {
        var search = AdminSessionSearch({ _ in nil }, getpid(), proc: "/proc", connections, route)
        return search.runForEveryone()
    }

    init(
        _ environment: @escaping (_ variable: String) -> String?, _ pid: Int32, proc: String,
        _ connections: @escaping () throws(KernelError) -> [EstablishedConnection],
        _ route: @escaping (IPAddress) -> ReturnRoute?
    ) {
        self.environment = environment
        self.pid = pid
        self.proc = proc
        listConnections = connections
        self.route = route
        tree = ProcessTree(proc: proc)
    }

    /// Runs the search.
    mutating func run() -> AdminSessions {
        let told = environment("SSH_CONNECTION").flatMap(SSHConnection.init)
        let ancestors = tree.ancestors(of: pid).filter(SSHServers(proc: proc).contains)
        let isDetached = isMultiplexed || ancestors.isEmpty && tree.node(pid)?.isOnPseudoterminal == true
        // A process started by a timer has none, however many connections the host has.
        guard told != nil || !ancestors.isEmpty || isDetached else { return AdminSessions() }
        let connections = connections()
        if let told { found += connections.filter { $0.local == told.server && $0.remote == told.client } }
        let servers = SSHServers(proc: proc, connections: connections)
        for ancestor in ancestors { add(servers.served(by: ancestor), of: ancestor) }
        if isDetached { addEveryone(servers) }
        var sessions = found.map { session($0) }
        if sessions.isEmpty, let told, route(told.server.address)?.isLocal == true { sessions = [session(told)] }
        // If the connection is known, no doubt is left, except in a multiplexer.
        return AdminSessions(sessions: sessions, doubt: found.isEmpty || isDetached ? doubt : nil)
    }

    /// Runs the search for every client.
    mutating func runForEveryone() -> AdminSessions {
        addEveryone(SSHServers(proc: proc, connections: connections()))
        return AdminSessions(sessions: found.map { session($0) }, doubt: doubt)
    }

    private mutating func addEveryone(_ servers: SSHServers) {
        for server in servers.inUse { add(servers.served(by: server), of: server) }
    }

    private mutating func connections() -> [EstablishedConnection] {
        do throws(KernelError) { return try listConnections() } catch {
            doubt = "\(error)"
            return []
        }
    }

    private var isMultiplexed: Bool { Self.multiplexers.contains { environment($0)?.isEmpty == false } }

    private mutating func add(_ served: SSHServers.Served, of server: Int32) {
        switch served {
        case .connection(let connection): if !found.contains(connection) { found.append(connection) }
        case .nothing: break
        case .unreadable: doubt = "no privilege to read the descriptors of SSH server process \(server)"
        }
    }

    private func session(_ connection: EstablishedConnection) -> AdminSession {
        var session = AdminSession(client: connection.remote.address, server: connection.local)
        place(&session, connection.interface)
        return session
    }

    private func session(_ told: SSHConnection) -> AdminSession {
        var session = AdminSession(client: told.client.address, server: told.server, isEstablished: false)
        place(&session, told.interface)
        return session
    }

    /// Sets the interface on which the session's packets arrive.
    private func place(_ session: inout AdminSession, _ known: String?) {
        session.interface = known
        if let known {
            session.interfaceIndex = HostCalls.interfaceIndex(of: known)
        } else if let route = route(session.client) {
            session.interface = route.interface
            session.interfaceIndex = route.interfaceIndex
        }
    }
}
