internal import Addressing
public import Listeners

/// The SSH server processes and their connections.
public struct SSHServers {
    /// The connection of one process.
    enum Served: Hashable {
        /// The process holds this connection.
        case connection(EstablishedConnection)
        /// The process holds no connection of this network namespace.
        case nothing
        /// The descriptors of the process may not be read.
        case unreadable
    }

    /// The processes of OpenSSH, which has several since 9.8, and of Dropbear.
    private static let names: Set<String> = ["sshd", "sshd-session", "sshd-auth", "dropbear"]

    private let proc: String
    private let facts: ProcessFacts
    private let connections: [UInt64: EstablishedConnection]

    /// The servers among the processes in `proc`, and the connections that they may hold.
    init(proc: String, connections: [EstablishedConnection] = []) {
        self.proc = proc
        facts = ProcessFacts(proc: proc)
        let held = connections.filter { $0.inode != 0 }
        self.connections = Dictionary(held.map { ($0.inode, $0) }) { first, _ in first }
    }

    /// Whether a process is an SSH server.
    func contains(_ pid: Int32) -> Bool { Self.names.contains(facts.name(of: pid)) }

    /// The servers with a child process that is not a server: a client is logged in.
    ///
    /// The other servers have a client that is not authenticated, who may be anyone, or only forward ports.
    var inUse: [Int32] {
        let tree = ProcessTree(proc: proc)
        let servers = Set(DescriptorScan(proc: proc).processes.filter(contains))
        let parents = DescriptorScan(proc: proc).processes.filter { !servers.contains($0) }
            .compactMap { tree.node($0)?.parent }
        return servers.intersection(parents).sorted()
    }

    /// The connection of a server: the one with the lowest descriptor, since forwarded connections are opened later.
    func served(by pid: Int32) -> Served {
        var scan = DescriptorScan(proc: proc)
        scan.look(at: pid, for: Set(connections.keys))
        if scan.unreadable.contains(pid) { return .unreadable }
        let first = scan.holdings.compactMap { inode, holdings in
            holdings.first.map { (inode, $0.descriptor) }
        }.min { $0.1 < $1.1 }
        return first.flatMap { connections[$0.0] }.map(Served.connection) ?? .nothing
    }
}

extension SSHServers {
    /// The units of OpenSSH and Dropbear on the distributions; for those with @ systemd listens.
    private static let units: Set<String> = [
        "ssh.service", "sshd.service", "dropbear.service", "ssh@.service", "sshd@.service", "dropbear@.service",
    ]

    /// The TCP ports on which SSH servers listen for other hosts, in ascending order.
    ///
    /// - Parameters:
    ///   - listeners: the listeners of a host, without their owners.
    ///   - search: finds their owners.
    /// - Returns: the ports.
    public static func ports(of listeners: [Listener], search: ([Listener]) -> [Listener]) -> [UInt16] {
        let candidates = listeners.filter { $0.transport == .tcp && !$0.isLoopbackOnly }
        let found = search(candidates).filter { listener in
            if let unit = listener.activated?.name { return units.contains(where: unit.isUnit) }
            guard case .processes(let processes) = listener.owners else { return false }
            return processes.contains { names.contains($0.name) || $0.unit.map(units.contains) == true }
        }
        return Set(found.map(\.port)).sorted()
    }
}
