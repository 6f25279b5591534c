internal import Listeners

/// The processes that serve SSH, and the connections that they hold.
struct SSHServers {
    /// What is known of the connection of one.
    enum Served: Hashable {
        /// It is this one.
        case connection(EstablishedConnection)
        /// It holds none of this network namespace.
        case nothing
        /// Its descriptors may not be read.
        case unreadable
    }

    /// OpenSSH's, which splits them up since 9.8, and Dropbear's.
    private static let names: Set<String> = ["sshd", "sshd-session", "sshd-auth", "dropbear"]

    private let proc: String
    private let facts: ProcessFacts
    private let connections: [UInt64: EstablishedConnection]

    /// Servers among the processes below `proc`, which may hold these connections.
    init(proc: String, connections: [EstablishedConnection] = []) {
        self.proc = proc
        facts = ProcessFacts(proc: proc)
        let held = connections.filter { $0.inode != 0 }
        self.connections = Dictionary(held.map { ($0.inode, $0) }) { first, _ in first }
    }

    /// Whether a process is one.
    func contains(_ pid: Int32) -> Bool { Self.names.contains(facts.name(of: pid)) }

    /// Those that have started something for whoever is connected.
    ///
    /// Others have not let the client in yet, and those are anybody's; or forward ports, and nobody types there.
    var inUse: [Int32] {
        let tree = ProcessTree(proc: proc)
        let servers = Set(DescriptorScan(proc: proc).processes.filter(contains))
        let parents = DescriptorScan(proc: proc).processes.filter { !servers.contains($0) }
            .compactMap { tree.node($0)?.parent }
        return servers.intersection(parents).sorted()
    }

    /// The connection that a process serves: the one that it held first, for what it forwards comes later.
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
