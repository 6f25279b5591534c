public import Addressing

/// The connection of an administrator to this host.
public struct AdminSession: Hashable, Sendable {
    /// The address of the client.
    public var client: IPAddress
    /// The endpoint on this host.
    public var server: Endpoint
    /// The input interface; `nil` if unknown.
    public var interface: String?
    /// The index of that interface; 0 if unknown.
    public var interfaceIndex: UInt32
    /// Whether the connection exists; otherwise it has ended, and the administrator may open it again.
    public var isEstablished: Bool

    /// A session of these parts.
    public init(
        client: IPAddress, server: Endpoint, interface: String? = nil, interfaceIndex: UInt32 = 0,
        isEstablished: Bool = true
    ) {
        self.client = client
        self.server = server
        self.interface = interface
        self.interfaceIndex = interfaceIndex
        self.isEstablished = isEstablished
    }
}

/// The known sessions of administrators on this host over the network.
public struct AdminSessions: Hashable, Sendable {
    /// The sessions; none for an administrator at the console and for a process started by a timer.
    public var sessions: [AdminSession]
    /// The reason why there may be more; `nil` if there are no more.
    public var doubt: String?

    /// The sessions, and the reason why there may be more.
    public init(sessions: [AdminSession] = [], doubt: String? = nil) {
        self.sessions = sessions
        self.doubt = doubt
    }
}
