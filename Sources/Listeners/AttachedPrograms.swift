/// The BPF programs that a cgroup or the network namespace has for the packets or the addresses of sockets.
public struct AttachedPrograms: Hashable, Sendable {
    /// What the programs decide.
    public enum Effect: Hashable, Sendable {
        /// Whether the sockets of a cgroup get and send packets.
        case packets
        /// The addresses that the sockets of a cgroup bind to, connect to and show.
        case addresses
        /// Which socket of the network namespace gets a packet, whatever its port.
        case sockets
    }

    /// The effect.
    public var effect: Effect
    /// The path of the cgroup below the root that this process sees, `/` for the root; `nil` for the network namespace.
    public var cgroup: String?
    /// The systemd unit of the cgroup.
    public var unit: String?
    /// The names of the programs that can be read; at most 15 bytes each.
    public var names: [String]

    /// Programs of these parts.
    public init(_ effect: Effect, cgroup: String? = nil, unit: String? = nil, names: [String] = []) {
        self.effect = effect
        self.cgroup = cgroup
        self.unit = unit
        self.names = names
    }
}

/// The programs that concern the listening sockets of a host.
public struct ProgramList: Hashable, Sendable {
    /// The programs.
    public var programs: [AttachedPrograms]
    /// The reason why they could not be read; `nil` if they were.
    public var doubt: String?

    /// A list of these parts.
    public init(_ programs: [AttachedPrograms] = [], doubt: String? = nil) {
        self.programs = programs
        self.doubt = doubt
    }
}
