/// The owners of a socket.
public enum Owners: Hashable, Sendable {
    /// The owners were not requested.
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
    /// The systemd unit of its cgroup, such as `ssh.service`; `nil` for none.
    public var unit: String?
    /// The container of its cgroup; `nil` for none.
    public var container: String?
    /// The name of its effective user, or the number if there is no name; `nil` if it could not be read.
    public var user: String?

    /// A process of these parts.
    public init(
        pid: Int32, name: String, executable: String? = nil, isDeleted: Bool = false, unit: String? = nil,
        container: String? = nil, user: String? = nil
    ) {
        self.pid = pid
        self.name = name
        self.executable = executable
        self.isDeleted = isDeleted
        self.unit = unit
        self.container = container
        self.user = user
    }
}
