/// Who holds a socket.
public enum Owners: Hashable, Sendable {
    /// Nobody has looked.
    case notAsked
    /// These processes, by pid; more than one where a socket was inherited or passed on.
    case processes([SocketProcess])
    /// The kernel itself, as with NFS and WireGuard.
    case kernel
    /// It could not be found out, and why.
    case unknown(String)
}

/// A process that holds a socket.
public struct SocketProcess: Hashable, Sendable {
    /// The process id; it says nothing about who the process is.
    public var pid: Int32
    /// The executable's last path component; the name it gave itself where the executable could not be read.
    public var name: String
    /// The path of the executable as `/proc/PID/exe` has it, without ` (deleted)`; `nil` if it could not be read.
    public var executable: String?
    /// Whether the executable was deleted or replaced since it was started.
    public var isDeleted: Bool
    /// The systemd unit of its cgroup, such as `ssh.service`; `nil` if it has none.
    public var unit: String?
    /// The container of its cgroup; `nil` if it has none.
    public var container: String?
    /// The name of the user that it runs as, or the number where there is no name; `nil` if it could not be read.
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
