internal import Glibc
public import Listeners

/// Finds out over which connections the person works who runs this process.
///
/// 1. The one that SSH_CONNECTION names, if it is there: what is left of another session may not be.
/// 2. That of the SSH server which an ancestor of the process is: sudo(8) and su(1) drop the variable.
/// 3. In a terminal multiplexer, and on a pseudoterminal that no SSH server is the ancestor of (run0(1), and a
///    multiplexer again, behind sudo): nothing tells who is attached, and so those of all SSH servers that have started
///    something for their clients.
/// 4. Where all that finds nothing: the one that SSH_CONNECTION names, for a new connection, if it came to this host.
///
/// Somebody at the console, and what a timer starts, has none.
public struct OperatorSearch {
    private let environment: (_ variable: String) -> String?
    private let pid: Int32
    private let connections: [EstablishedConnection]
    private let route: (Listener.Address) -> Route?
    private let tree: ProcessTree
    private let servers: SSHServers
    private var found: [EstablishedConnection] = []
    private var doubt: String?

    /// The variables by which tmux(1) and screen(1) make themselves known.
    private static let multiplexers = ["TMUX", "STY"]

    /// Who runs this process, by its environment and its ancestors, in the network namespace of the calling thread.
    public static func operators(environment: @escaping (_ variable: String) -> String?) -> Operators {
        let pid = getpid()
        do throws(KernelError) {
            let connections = try SocketTable.connections()
            var search = OperatorSearch(environment, pid, proc: "/proc", connections, Route.lookUp)
            return search.run()
        } catch {
            var search = OperatorSearch(environment, pid, proc: "/proc", [], Route.lookUp)
            var operators = search.run()
            operators.doubt = "\(error)"
            return operators
        }
    }

    init(
        _ environment: @escaping (_ variable: String) -> String?, _ pid: Int32, proc: String,
        _ connections: [EstablishedConnection], _ route: @escaping (Listener.Address) -> Route?
    ) {
        self.environment = environment
        self.pid = pid
        self.connections = connections
        self.route = route
        tree = ProcessTree(proc: proc)
        servers = SSHServers(proc: proc, connections: connections)
    }

    /// Looks everywhere.
    mutating func run() -> Operators {
        let told = environment("SSH_CONNECTION").flatMap(SSHConnection.init)
        let current = connections.first { $0.local == told?.server && $0.remote == told?.client }
        if let current { found.append(current) }
        let ancestors = tree.ancestors(of: pid).filter(servers.contains)
        for ancestor in ancestors { add(ancestor) }
        if !found.isEmpty { doubt = nil }
        if isMultiplexed || ancestors.isEmpty && tree.node(pid)?.isOnPseudoterminal == true {
            for server in servers.inUse { add(server) }
        }
        var sessions = found.map { session($0) }
        if sessions.isEmpty, let told, route(told.server.address)?.isLocal == true { sessions = [session(told)] }
        return Operators(sessions: sessions, doubt: doubt)
    }

    private var isMultiplexed: Bool { Self.multiplexers.contains { environment($0)?.isEmpty == false } }

    private mutating func add(_ server: Int32) {
        switch servers.served(by: server) {
        case .connection(let connection): if !found.contains(connection) { found.append(connection) }
        case .nothing: break
        case .unreadable: doubt = "no privilege to read the descriptors of process \(server), which serves SSH"
        }
    }

    private func session(_ connection: EstablishedConnection) -> OperatorSession {
        var session = OperatorSession(client: connection.remote.address, server: connection.local)
        place(&session, connection.interface)
        return session
    }

    private func session(_ told: SSHConnection) -> OperatorSession {
        var session = OperatorSession(client: told.client.address, server: told.server, isEstablished: false)
        place(&session, told.interface)
        return session
    }

    /// Says on which interface its packets arrive.
    private func place(_ session: inout OperatorSession, _ known: String?) {
        session.interface = known
        if let known {
            session.interfaceIndex = unsafe if_nametoindex(known)
        } else if let index = route(session.client)?.interfaceIndex {
            var names = InterfaceNames()
            (session.interface, session.interfaceIndex) = (names[index], index)
        }
    }
}
