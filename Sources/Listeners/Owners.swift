/// The owners of a socket.
public enum Owners: Hashable, Sendable {
    /// The owners were not requested, or only that there are some.
    case notAsked
    /// These processes, sorted by pid; more than one if the socket was inherited or passed on.
    case processes([SocketProcess])
    /// The kernel, as for NFS and WireGuard.
    case kernel
    /// Unknown, with the reason.
    case unknown(String)
}

/// A process that holds a socket.
public struct SocketProcess: Hashable, Sendable {
    /// The process id.
    public var pid: Int32
    /// The last component of the executable's path; the process's own name, `comm`, if the path could not be read.
    public var name: String
    /// The path of the executable from `/proc/PID/exe`, without ` (deleted)`; `nil` if it could not be read.
    public var executable: String?
    /// Whether the executable was deleted or replaced since the process started.
    public var isDeleted: Bool
    /// Whether its executable is not the file that the host has at this path: the process sees other files, as in a
    /// container.
    public var isElsewhere = false
    /// The systemd unit of its cgroup, such as `ssh.service`; `nil` for none.
    public var unit: String?
    /// The unit of a user's own systemd, below the user's `unit`, such as `podman.service`; `nil` for none.
    public var userUnit: String?
    /// The container of its cgroup; `nil` for none.
    public var container: Container?
    /// The script or class that an interpreter runs, as its command line has it; `nil` for other programs.
    public var script: String?
    /// The name of its effective user, or the number if there is no name; `nil` if it could not be read.
    public var user: String?

    /// A process of these parts.
    public init(
        pid: Int32, name: String, executable: String? = nil, isDeleted: Bool = false, unit: String? = nil,
        userUnit: String? = nil, container: Container? = nil, user: String? = nil, script: String? = nil
    ) {
        self.pid = pid
        self.name = name
        self.executable = executable
        self.isDeleted = isDeleted
        self.unit = unit
        self.userUnit = userUnit
        self.container = container
        self.user = user
        self.script = script
    }
}

extension [SocketProcess] {
    /// Each process once, sorted by pid: one process often holds several sockets, such as those of IPv4 and IPv6.
    public var distinct: [SocketProcess] {
        Dictionary(map { ($0.pid, $0) }) { first, _ in first }.values.sorted { $0.pid < $1.pid }
    }
}

/// The unit that systemd starts for a connection to a socket that it holds.
public struct ActivatedUnit: Hashable, Sendable {
    /// The name of the unit; a template for a unit that is started for each connection.
    public var name: String
    /// The path of the executable that it will run; `nil` if it is not known.
    public var executable: String?
    /// The user that it will run as; `nil` if it is not known.
    public var user: String?

    /// A unit of these parts.
    public init(name: String, executable: String? = nil, user: String? = nil) {
        self.name = name
        self.executable = executable
        self.user = user
    }
}
